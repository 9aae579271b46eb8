//! Reads the options and builds the input.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::warn;

use super::arrivals::Arrivals;
use super::cut::{Cutting, OnLongLine};
use super::descriptors::{self, Descriptors};
use super::encoding::Encoding;
use super::options::TailOptions;
use super::paths::Paths;
use super::quiet::QuietWatcher;
use super::read::{LARGEST_BLOCK, Reading};
use super::rest_file::Rests;
use super::rows::Rows;
use super::tags::{self, Tags};
use super::watch::DirectoryWatcher;
use super::writers::Writers;
use super::{Settings, Tail};
use super::{file, joining};
use crate::config::{Diagnostics, Options, Section};
use crate::inputs::lines;
use crate::plugin::{Input, InputSetup, Purpose, StageFactory, Stream, wall_clock};
use crate::state::{Database, Positions};

/// Builds the input. `None` when something was wrong; it has been reported.
pub(super) fn build(section: &Section, setup: &InputSetup<'_>, findings: &mut Diagnostics) -> Option<Box<dyn Input>> {
    let options = TailOptions::read(section, findings);
    let options = options?;
    // The parsers are looked up even where a path is wrong: all problems are reported at once.
    let line_options = joining::read(&options, section, setup.context, findings);
    let are_sound = are_sound(&options, setup, section, findings);
    let line_options = line_options.filter(|_| are_sound)?;
    let paths = read_paths(&options);
    let joins = line_options.joins();
    let stage = lines::factory(line_options, Arc::clone(&setup.context.agent), Arc::clone(setup.metrics));
    let positions = open_positions(&options, setup, section, findings)?;
    Some(Box::new(Tail::new(&options, paths, (stage, joins), positions, setup)))
}

fn read_paths(options: &TailOptions) -> Paths {
    let excluded = options.exclude_path.as_ref().map(|list| list.0.as_slice()).unwrap_or_default();
    Paths::new(&options.path.0, excluded)
}

fn open_positions(
    options: &TailOptions,
    setup: &InputSetup<'_>,
    section: &Section,
    findings: &mut Diagnostics,
) -> Option<Positions> {
    let (name, purpose) = (&setup.context.name, setup.context.purpose);
    let in_state = || Some(setup.context.state_directory.as_ref()?.join(positions_file(name)));
    let Some(path) = options.db.clone().or_else(in_state) else {
        if !purpose.is_check() {
            warn!(component = %name, "positions are kept in memory only: set `DB`, or `storage.path` in [SERVICE]");
        }
        return Some(Positions::in_memory());
    };
    let database = Database {
        path,
        synchronous: options.db_sync.0,
        journal: options.db_journal_mode.0,
        exclusive: options.db_locking,
        is_own: options.db.is_none(),
    };
    let opened = match purpose {
        Purpose::Run => Positions::open(&database),
        Purpose::Check => database.probe().and_then(|()| database.probe_lock()).map(|()| Positions::in_memory()),
        Purpose::Read => Ok(Positions::in_memory()),
        Purpose::CheckBeside => database.probe().map(|()| Positions::in_memory()),
    };
    match opened {
        Ok(positions) => {
            setup.stop.stands_at(std::fs::canonicalize(&database.path).unwrap_or(database.path));
            Some(positions)
        }
        Err(error) => {
            let place = section.get("db").map_or(section.place, |db| db.place);
            findings.error(place, "V402", error.to_string());
            None
        }
    }
}

/// The file of the positions of the instance `name` in the state directory, where it has no `DB`.
pub(super) fn positions_file(name: &str) -> String {
    let name = file::plain_name(name);
    let prefix = if name.starts_with("tail.") { "" } else { "tail." };
    format!("{prefix}{name}.db")
}

impl Tail {
    /// The input. `stage` makes the stages of its files, which join lines where that is said.
    pub(super) fn new(
        options: &TailOptions,
        paths: Paths,
        (stage, joins): (StageFactory, bool),
        positions: Positions,
        setup: &InputSetup<'_>,
    ) -> Self {
        let now = Instant::now();
        let paths = Arc::new(paths);
        let arrivals = Arc::new(Arrivals::new(Arc::clone(&paths), descriptors::share(16, setup.alike)));
        Self {
            settings: settings(options, joins, setup),
            paths,
            reading: reading(options, setup),
            stage,
            positions,
            rests: rests(options, setup),
            metrics: Arc::clone(setup.metrics),
            signal: setup.stop.signal().clone(),
            clock: wall_clock,
            open_copy: file::open,
            outlet: None,
            watcher: DirectoryWatcher::new(setup.stop.signal().clone(), options.inotify_watcher, Arc::clone(&arrivals)),
            arrivals,
            arrived: Vec::new(),
            quiet: QuietWatcher::new(setup.stop.signal().clone(), options.inotify_watcher),
            descriptors: Descriptors::new(setup.alike),
            writers: Writers::new(setup.stop.signal().clone()),
            rows: Rows::default(),
            inherited: Default::default(),
            files: BTreeMap::new(),
            by_id: HashMap::new(),
            ready: Vec::new(),
            stalled: None,
            searches: Default::default(),
            looks: BTreeSet::new(),
            fresh: BTreeSet::new(),
            busy: BTreeSet::new(),
            leaving: BTreeSet::new(),
            changed: HashMap::new(),
            moved: BTreeSet::new(),
            undecided: Default::default(),
            joins: Default::default(),
            prefixes: HashMap::new(),
            is_unsynced: false,
            begin_again: None,
            now,
            saved: now,
            scanned: now,
            scanned_at: 0,
            scan_gap: Duration::ZERO,
            scans: 0,
            gone_looked: now,
            gone: Default::default(),
            unfound: Default::default(),
            unseen: Default::default(),
            scan_again: None,
            left: HashSet::new(),
            copies: super::missed::Copies::new(),
            heads: RefCell::default(),
            gzips: RefCell::default(),
            // Streams of one input go to neighbouring workers; inputs begin at different ones.
            stream_base: Stream::new_ids(),
            last_number: 0,
            complained: HashSet::new(),
            complain_again: now,
        }
    }
}

fn settings(options: &TailOptions, joins: bool, setup: &InputSetup<'_>) -> Settings {
    Settings {
        name: Arc::clone(&setup.context.name),
        tags: Tags::new(setup.tag, options.tag_regex.as_ref()),
        read_from_head: options.read_from_head,
        read_new_from_head: options.read_newly_discovered_files_from_head || options.read_from_head,
        exit_on_eof: options.exit_on_eof,
        refresh: refresh(options),
        rotate_wait: options.rotate_wait,
        ignore_older: options.ignore_older,
        lets_older_go: options.ignore_active_older_files,
        mem_buf_limit: setup.mem_buf_limit.filter(|limit| *limit > 0).map(|limit| limit as u64),
        joins,
    }
}

fn rests(options: &TailOptions, setup: &InputSetup<'_>) -> Option<Rests> {
    let context = setup.context;
    let directory = context.state_directory.as_deref()?;
    Some(Rests::new(directory, &context.name, options.db.as_deref()))
}

fn reading(options: &TailOptions, setup: &InputSetup<'_>) -> Arc<Reading> {
    let on_long_line = match (options.skip_long_lines, options.truncate_long_lines) {
        // Both together: what keeps more is done.
        (_, true) => OnLongLine::Truncate,
        (true, false) => OnLongLine::Skip,
        (false, false) => OnLongLine::Cut,
    };
    // Of the buffer, Fluent Bit leaves a byte free when it truncates.
    let free = usize::from(on_long_line == OnLongLine::Truncate);
    let cutting = Cutting {
        max_line: options.buffer_max_size.0.clamp(16, 64 << 20) - free,
        on_long_line,
        skip_empty: options.skip_empty_lines,
    };
    let unicode = options.unicode_encoding.map(Encoding::Unicode);
    let encoding = unicode.or(options.generic_encoding.map(Encoding::Legacy));
    // What is not UTF-8 has its text beside it, which may be three times as long.
    let largest = if encoding.is_some() { LARGEST_BLOCK / 4 - 4096 } else { LARGEST_BLOCK };
    let block = options.buffer_chunk_size.0.clamp(4096, largest);
    Reading::new((&options.key, block), (cutting, encoding), setup.metrics, setup.stop)
}

/// How often all paths are looked at whatever happens.
fn refresh(options: &TailOptions) -> Duration {
    let refresh = options.refresh_interval;
    let refresh = if options.inotify_watcher { refresh } else { refresh.min(options.watcher_interval) };
    refresh.max(Duration::from_secs(1))
}

/// Whether `Tag` and the encodings can stand as they are; what cannot is reported.
fn are_sound(options: &TailOptions, setup: &InputSetup<'_>, section: &Section, findings: &mut Diagnostics) -> bool {
    let place_of = |key| section.get(key).map_or(section.place, |value| value.place);
    let is_tag_sound = options.tag_regex.is_none() || tags::is_sound(setup.tag);
    if !is_tag_sound {
        let message = "`Tag` has a `<` that no `>` ends";
        findings
            .error(place_of("tag"), "V404", message)
            .help("write `<name>`, with the name of a group of `Tag_Regex`");
    }
    if let Some(regex) = options.tag_regex.as_ref().filter(|_| is_tag_sound) {
        for message in tags::left_out(setup.tag, regex) {
            findings
                .warning(place_of("tag_regex"), "V404", message)
                .help("write the name of a group as `<name>` in `Tag`");
        }
    }
    let are_both = options.unicode_encoding.is_some() && options.generic_encoding.is_some();
    if are_both {
        let message = "`Unicode.Encoding` and `Generic.Encoding` cannot stand together";
        findings.error(place_of("generic.encoding"), "V405", message).help("use an input for each");
    }
    is_tag_sound && !are_both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_positions_is_named_after_the_instance() {
        for (name, expected) in
            [("tail.0", "tail.0.db"), ("app", "tail.app.db"), ("a/../b", "tail.a_.._b.db"), ("", "tail..db")]
        {
            assert_eq!(positions_file(name), expected);
        }
    }
}
