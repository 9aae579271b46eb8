//! Action lines of documents whose id is the position of their record.

use std::sync::Arc;

use super::index::Indexes;
use crate::plugin::{Agent, Stream};

/// The action line up to the record's own part of its id, of the index, stream and tag seen last.
#[derive(Default)]
pub(super) struct PositionIds {
    of: Option<(u64, Arc<Stream>, Arc<str>)>,
    line: Vec<u8>,
}

impl PositionIds {
    /// The line, and whether it is another than at the last call.
    #[inline]
    pub(super) fn line(
        &mut self,
        indexes: &Indexes,
        agent: &Agent,
        stream: &Arc<Stream>,
        tag: &Arc<str>,
    ) -> (&[u8], bool) {
        let version = indexes.version();
        let is_same = |of: &(u64, Arc<Stream>, Arc<str>)| {
            of.0 == version && Arc::ptr_eq(&of.1, stream) && Arc::ptr_eq(&of.2, tag)
        };
        let is_new = !self.of.as_ref().is_some_and(is_same);
        if is_new {
            self.renew(indexes, agent, stream, tag);
        }
        (&self.line, is_new)
    }

    #[cold]
    fn renew(&mut self, indexes: &Indexes, agent: &Agent, stream: &Arc<Stream>, tag: &Arc<str>) {
        self.line.clear();
        self.line.extend_from_slice(indexes.action());
        self.line.extend_from_slice(&agent.id_prefix(stream, tag));
        self.of = Some((indexes.version(), Arc::clone(stream), Arc::clone(tag)));
    }
}
