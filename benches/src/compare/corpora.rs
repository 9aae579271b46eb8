//! Corpora on disk, made once and kept outside the tree.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::corpus::{Corpus, Kind, Totals, Until};

/// Changes when the generator does, so that old files are not taken for new ones.
const EDITION: u32 = 2;
const SEED: u64 = 1;

/// A corpus in a file.
#[derive(Clone, Debug)]
pub(super) struct CorpusFile {
    pub(super) path: PathBuf,
    pub(super) totals: Totals,
}

/// Where corpora are kept unless told otherwise.
pub fn default_cache() -> PathBuf {
    let home_cache = || env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home_cache).unwrap_or_else(env::temp_dir);
    base.join("vigie-bench")
}

/// Makes the corpora of `kinds` in `cache`, `bytes` each, unless they are there.
pub(super) fn prepare(cache: &Path, kinds: &[Kind], bytes: u64) -> io::Result<BTreeMap<&'static str, CorpusFile>> {
    fs::create_dir_all(cache)?;
    let mut files = BTreeMap::new();
    for kind in kinds {
        files.insert(kind.name(), one(cache, *kind, bytes)?);
    }
    Ok(files)
}

fn one(cache: &Path, kind: Kind, bytes: u64) -> io::Result<CorpusFile> {
    let path = cache.join(format!("{}-{bytes}-{SEED}-v{EDITION}.log", kind.name()));
    let mut corpus = Corpus::new(kind, SEED, 0);
    let until = Until::Bytes(bytes);
    if path.exists() {
        // Generating again costs less than trusting a note beside the file.
        let totals = corpus.write_to(&mut io::sink(), until)?;
        if fs::metadata(&path)?.len() == totals.bytes {
            return Ok(CorpusFile { path, totals });
        }
        corpus = Corpus::new(kind, SEED, 0);
    }
    let unfinished = path.with_extension("part");
    let totals = corpus.write_to(&mut File::create(&unfinished)?, until)?;
    fs::rename(&unfinished, &path)?;
    Ok(CorpusFile { path, totals })
}

/// Reads `path` once, so that it lies in the page cache.
pub(super) fn warm(path: &Path) -> io::Result<()> {
    let mut file = File::open(path)?;
    let mut block = vec![0; 1 << 20];
    while file.read(&mut block)? > 0 {}
    Ok(())
}
