//! Messages seen on their way, in a stretch of time that somebody wants to look at: what a
//! space-time diagram is drawn from. Watching changes nothing that happens.

use avouch_promise::{Nanos, NodeId};

/// One message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// From.
    pub from: NodeId,
    /// To.
    pub to: NodeId,
    /// When it left.
    pub sent: Nanos,
    /// When it arrives; none: a link lost or stopped it.
    pub arrives: Option<Nanos>,
    /// What it is, in the protocol's word.
    pub word: &'static str,
}

/// What is watched, and what was seen.
#[derive(Clone, Debug, Default)]
pub struct Passages {
    window: Option<(Nanos, Nanos)>,
    most: usize,
    seen: Vec<Passage>,
}

impl Passages {
    pub(crate) fn watch(&mut self, from: Nanos, until: Nanos, most: usize) {
        (self.window, self.most) = (Some((from, until)), most);
    }

    #[inline]
    pub(crate) fn wants(&self, now: Nanos) -> bool {
        self.window.is_some_and(|(from, until)| from <= now && now <= until)
            && self.seen.len() < self.most
    }

    pub(crate) fn saw(&mut self, passage: Passage) {
        self.seen.push(passage);
    }

    /// The messages seen, in the order in which they left.
    pub fn seen(&self) -> &[Passage] {
        &self.seen
    }
}
