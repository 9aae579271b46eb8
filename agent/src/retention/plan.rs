//! What a run would do, from what is there. Pure.

use super::classes::Classes;
use super::survey::{Index, Judgement, Survey, is_over};

/// What is done to an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It goes as a whole.
    DeleteIndex,
    /// Its stream begins another one first; then it goes as a whole, or its due documents do.
    RollOver,
    /// Its due documents are deleted, and their bytes erased.
    DeleteDocuments,
    /// Bytes of documents deleted before are erased.
    Erase,
    /// It is held.
    Held,
    /// Nothing is due.
    Keep,
}

impl Step {
    /// Its name in plans and certificates.
    pub fn word(self) -> &'static str {
        match self {
            Self::DeleteIndex => "delete index",
            Self::RollOver => "roll over",
            Self::DeleteDocuments => "delete documents",
            Self::Erase => "erase bytes",
            Self::Held => "held",
            Self::Keep => "keep",
        }
    }
}

/// The step for `index`.
pub fn step(index: &Index, classes: &Classes, judgement: Judgement) -> Step {
    if index.due == 0 {
        return if index.deleted > 0 && index.held_by.is_empty() { Step::Erase } else { Step::Keep };
    }
    if !index.held_by.is_empty() {
        return Step::Held;
    }
    if index.is_written {
        return Step::RollOver;
    }
    // Only where nothing that must live can still come in between counting and deleting.
    let is_closed_to_others = match classes.get(&index.class) {
        Some(class) => index.stream.is_some() || is_over(&index.name, class.bucket, judgement.as_of),
        None => false,
    };
    if index.due == index.docs && is_closed_to_others { Step::DeleteIndex } else { Step::DeleteDocuments }
}

/// Documents that would be deleted, of all.
pub fn share(survey: &Survey) -> (u64, u64) {
    let due = survey.indexes.iter().filter(|index| index.held_by.is_empty()).map(|index| index.due).sum();
    (due, survey.indexes.iter().map(|index| index.docs).sum())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::calendar::{Age, Width, parse_moment};
    use super::super::classes::{Class, Layout};
    use super::*;
    use crate::config::OptionType;

    fn index(name: &str, docs: u64, due: u64) -> Index {
        Index {
            name: name.into(),
            uuid: String::new(),
            class: "r1".into(),
            stream: name.starts_with(".ds").then(|| "vigie-r1-web".into()),
            is_written: name.ends_with("9"),
            docs,
            deleted: 0,
            bytes: 1,
            due,
            span: None,
            next: None,
            held_by: Vec::new(),
            managed: None,
        }
    }

    #[test]
    fn whole_indexes_go_only_where_nothing_else_can_come_in() {
        let class = Class {
            name: "r1".into(),
            max_age: Age::parse("30d").expect("an age"),
            min_age: None,
            layout: Layout::Bucket,
            bucket: Width::Month,
            basis: String::new(),
            subject_fields: Vec::new(),
            revision: 1,
        };
        let classes = Arc::new(Classes(vec![class]));
        let judgement = Judgement { as_of: parse_moment("2026-11-28").expect("a moment"), extend: false };
        let held = Index { held_by: vec!["a".into()], ..index("vigie-r1-web-exp-2026.10", 5, 5) };
        let erased = Index { deleted: 3, ..index("vigie-r1-web-exp-2027.10", 5, 0) };
        for (index, expected) in [
            (index("vigie-r1-web-exp-2026.10", 5, 5), Step::DeleteIndex),
            (index("vigie-r1-web-exp-2026.11", 5, 5), Step::DeleteDocuments),
            (index("vigie-r1-web-exp-2026.10", 5, 4), Step::DeleteDocuments),
            (index("vigie-r1-web", 5, 5), Step::DeleteDocuments),
            (index(".ds-vigie-r1-web-000001", 5, 5), Step::DeleteIndex),
            (index(".ds-vigie-r1-web-000001", 5, 1), Step::DeleteDocuments),
            (index(".ds-vigie-r1-web-000009", 5, 1), Step::RollOver),
            (index(".ds-vigie-r1-web-000009", 5, 0), Step::Keep),
            (held, Step::Held),
            (erased, Step::Erase),
        ] {
            assert_eq!(step(&index, &classes, judgement), expected, "{}", index.name);
        }
    }
}
