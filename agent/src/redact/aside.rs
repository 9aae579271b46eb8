//! Parts of a text that something far from them names, as the columns of a statement name what is in its rows: each is looked at as the
//! value of a field that is called so.

use std::ops::Range;
use std::sync::Arc;

use super::context::Context;
use super::engine::Engine;
use super::scanner::{Pass, Scanner};
use super::{Finding, Place};

/// Looks at parts of a text. Most texts have none, so that what this needs is made once it is asked for.
#[derive(Debug)]
pub(super) struct Aside {
    engine: Arc<Engine>,
    scanner: Option<Box<Scanner>>,
    found: Vec<Finding>,
    /// Whether the text is such a part itself, which has none.
    is_part: bool,
}

impl Aside {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        Self { engine, scanner: None, found: Vec::new(), is_part: false }
    }

    /// Who looks at the parts.
    fn scanner(&mut self) -> &mut Scanner {
        let make = || {
            let mut scanner = Scanner::new(Arc::clone(&self.engine));
            scanner.memory.aside.is_part = true;
            Box::new(scanner)
        };
        self.scanner.get_or_insert_with(make)
    }
}

impl Pass<'_> {
    /// Whether a word of `name` speaks for any kind of value.
    pub(super) fn does_speak(&self, name: &[u8]) -> bool {
        !self.memory.aside.is_part && !self.engine.words.read(name, &Context::NONE).is_mute()
    }

    /// Looks at what stands at `span` as at the value of a field called `name`, a word of which speaks for any. Gives whether it has one.
    pub(super) fn look_aside(&mut self, name: &[u8], span: Range<usize>) -> bool {
        if self.memory.aside.is_part || span.is_empty() {
            return false;
        }
        self.steps_of(span.len());
        let (text, start) = (&self.text[span.clone()], span.start as u32);
        let mut found = std::mem::take(&mut self.memory.aside.found);
        found.clear();
        self.memory.aside.scanner().scan(text, Place { key: name, escaped: false }, &mut found);
        #[cfg(any(test, fuzzing))]
        {
            self.steps += self.memory.aside.scanner().steps();
        }
        let moved = found.iter().map(|one| Finding { start: one.start + start, end: one.end + start, ..*one });
        self.found.extend(moved);
        let has_any = !found.is_empty();
        self.memory.aside.found = found;
        has_any
    }
}
