//! The tag of each file.

use std::path::Path;
use std::sync::Arc;

use vigie_parsers::regex::{Captures, Regex};

use super::options::PathRegex;

/// `Tag` and `Tag_Regex`.
#[derive(Debug)]
pub(super) struct Tags {
    tag: Arc<str>,
    regex: Option<Regex>,
}

impl Tags {
    /// Tags after `tag`, in which `regex` fills in names.
    pub(super) fn new(tag: &str, regex: Option<&PathRegex>) -> Self {
        Self { tag: tag.into(), regex: regex.map(|regex| regex.0.clone()) }
    }

    /// The tag of the file at `path`; `None` where `Tag_Regex` does not match it.
    pub(super) fn of(&self, path: &Path) -> Option<Arc<str>> {
        match &self.regex {
            None => Some(with_path(&self.tag, path)),
            Some(regex) => with_groups(&self.tag, regex, &path.to_string_lossy()).map(Arc::from),
        }
    }
}

/// Whether each `<` in `tag` has its `>`.
pub(super) fn is_sound(tag: &str) -> bool {
    let mut rest = tag;
    while let Some((_, inside)) = rest.split_once('<') {
        match inside.split_once('>') {
            Some((name, after)) if !name.contains('<') => rest = after,
            _ => return false,
        }
    }
    true
}

/// What of `tag` and `regex` does not meet: names without a group, or groups where no name is.
pub(super) fn left_out(tag: &str, regex: &PathRegex) -> Vec<String> {
    let names: Vec<&str> = tag.split('<').skip(1).filter_map(|inside| Some(inside.split_once('>')?.0)).collect();
    if names.is_empty() {
        return vec!["`Tag` has no `<name>`, so all files that `Tag_Regex` matches get the same tag".into()];
    }
    let groups = regex.0.groups();
    let is_group = |name: &&&str| groups.iter().any(|group| group.as_deref() == Some(**name));
    let unknown = names.iter().filter(|name| !is_group(name));
    unknown.map(|name| format!("`Tag_Regex` has no group `{name}`, so `_` stands for it in each tag")).collect()
}

/// `tag` with each `<name>` replaced by what the group of that name took of `path`, `_` for nothing. `None` where `regex` does
/// not match.
fn with_groups(tag: &str, regex: &Regex, path: &str) -> Option<String> {
    let mut captures = Captures::default();
    if !regex.captures(path.as_bytes(), &mut captures).unwrap_or(false) {
        return None;
    }
    let group = |name: &str| {
        let named = regex.groups().iter().enumerate().filter(|(_, group)| group.as_deref() == Some(name));
        let mut taken = named.filter_map(|(at, _)| path.get(captures.get(at + 1)?));
        taken.find(|text| !text.is_empty())
    };
    let mut filled = String::new();
    let mut rest = tag;
    while let Some((before, (name, after))) = rest.split_once('<').and_then(|(b, a)| Some((b, a.split_once('>')?))) {
        filled.push_str(before);
        filled.push_str(group(name).unwrap_or("_"));
        rest = after;
    }
    filled.push_str(rest);
    Some(filled.replace(char::is_control, "_"))
}

/// `tag` with `*` replaced by the path: its leading `/` dropped, separators turned to dots, dots that repeat merged. A tag
/// without `*` is one for all files.
fn with_path(tag: &Arc<str>, path: &Path) -> Arc<str> {
    if !tag.contains('*') {
        return Arc::clone(tag);
    }
    let mut dotted = String::new();
    for character in path.to_string_lossy().trim_start_matches('/').chars() {
        match character {
            '/' | '\\' | ':' | '.' if dotted.ends_with('.') => {}
            '/' | '\\' | ':' => dotted.push('.'),
            '*' => {}
            other => dotted.push(if other.is_control() { '_' } else { other }),
        }
    }
    let expanded = tag.replace('*', &dotted);
    let mut merged = String::with_capacity(expanded.len());
    for character in expanded.chars().filter(|character| *character != '*') {
        if character != '.' || !merged.ends_with('.') {
            merged.push(character);
        }
    }
    merged.trim_end_matches('.').into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::OptionType;

    #[test]
    fn a_star_in_a_tag_becomes_the_path() {
        for (tag, path, expected) in [
            ("x.*", "/data/a/tl.log", "x.data.a.tl.log"),
            ("*", "/var/log//a..log", "var.log.a.log"),
            ("fixed", "/a", "fixed"),
            ("a.*.b", "/c:d", "a.c.d.b"),
            ("k.*", "/x/evil\nname", "k.x.evil_name"),
        ] {
            assert_eq!(*with_path(&tag.into(), Path::new(path)), *expected);
        }
    }

    #[test]
    fn names_in_a_tag_become_what_their_groups_took() {
        let regex = r"(?<pod>[a-z0-9-]+)_(?<ns>[^_]+)_(?<name>.+?)(-(?<id>[a-f0-9]{4}))?\.log$";
        let regex = PathRegex::parse(regex).expect("it is valid");
        for (tag, path, expected) in [
            ("kube.<ns>.<pod>.<name>", "/var/log/web-1_shop_cart-00ff.log", Some("kube.shop.web-1.cart")),
            ("kube.<ns>.<id>", "/var/log/web-1_shop_cart.log", Some("kube.shop._")),
            ("<nope>.*", "/var/log/web-1_shop_cart.log", Some("_.*")),
            ("plain", "/var/log/web-1_shop_cart.log", Some("plain")),
            ("<ns>", "/a_x\ny_b.log", Some("x_y")),
            ("kube.<ns>", "/var/log/other.log", None),
        ] {
            assert_eq!(Tags::new(tag, Some(&regex)).of(Path::new(path)).as_deref(), expected, "{tag} {path}");
        }
    }

    #[test]
    fn a_name_in_a_tag_has_both_its_brackets() {
        for (tag, expected) in [("a.<b>.c", true), ("a.<b", false), ("<a<b>", false), ("<a>.<", false), ("a>", true)] {
            assert_eq!(is_sound(tag), expected, "{tag}");
        }
    }
}
