//! What a configuration says of an input `tail` before it is built: which files it follows, and where its positions are.

use std::path::{Path, PathBuf};

use super::build::positions_file;
use crate::config::types::CommaList;
use crate::config::{Document, OptionType, Section, SectionKind};

/// An input that follows files.
pub struct Follower {
    /// Its alias, or its number among its kind.
    pub name: String,
    /// The patterns of `Path`.
    pub patterns: Vec<String>,
    /// Those of `Exclude_Path`.
    pub(super) excluded: Vec<String>,
    /// The database of its positions.
    pub database: PathBuf,
    /// Whether that has the name of the input.
    pub(super) is_unnamed: bool,
}

/// The inputs of `document` that follow files, with their databases in the directory of the state where they name none. One whose
/// paths are wrong is left out: that is reported when it is built.
pub fn followers(document: &Document, state_directory: &Path) -> Vec<Follower> {
    let inputs = document.instances(SectionKind::Input);
    let ours = inputs.filter(|(section, _)| section.name().eq_ignore_ascii_case("tail"));
    ours.filter_map(|(section, instance)| follower(section, section.called(&instance), state_directory)).collect()
}

fn follower(section: &Section, name: &str, state_directory: &Path) -> Option<Follower> {
    let list = |key| section.get(key).map(|value| CommaList::parse(&value.text).map(|list| list.0));
    let excluded = list("exclude_path").transpose().ok()?.unwrap_or_default();
    let patterns = list("path")?.ok()?;
    let named = section.get("db").map(|database| PathBuf::from(&database.text));
    let is_unnamed = named.is_none();
    let database = named.unwrap_or_else(|| state_directory.join(positions_file(name)));
    Some(Follower { name: name.to_owned(), patterns, excluded, database, is_unnamed })
}
