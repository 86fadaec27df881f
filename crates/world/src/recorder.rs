//! What went into a trace hash, one header after the other: when two runs of one seed differ, the
//! first header that differs names the event.
//!
//! ```text
//!   run, run again --> equal hashes: done
//!                  \-> unequal: run both once more with Options::record --> first_difference
//! ```
//!
//! A header says when, at which node, what and which number; and the hash so far, so that contents
//! that differ under equal headers are found at the header that they stand behind.

use avouch_promise::{Nanos, NodeId};
use std::fmt;

/// One thing that went into the trace hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Header {
    /// Which event of the run, counted from 1; what its step did carries the same.
    pub event: u64,
    /// Virtual time.
    pub at: Nanos,
    /// The node; none when it is the world itself.
    pub node: Option<NodeId>,
    /// What happened.
    pub what: &'static str,
    /// Its number: a sender, a sequence number, a reading, ..., as the kind has it.
    pub number: u64,
    /// The hash after it, its contents included.
    pub hash: u64,
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, at, node, what, number, hash } = self;
        let (seconds, nanos) = (at.0 / 1_000_000_000, at.0 % 1_000_000_000);
        write!(f, "event {event} at {seconds}.{nanos:09} s ")?;
        match node {
            Some(node) => write!(f, "{node}")?,
            None => write!(f, "world")?,
        }
        write!(f, " {what} {number} hash {hash:016x}")
    }
}

/// Where two runs of one seed part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The position of the header, counted from 0.
    pub place: usize,
    /// The first run's header there; none where it had ended.
    pub first: Option<Header>,
    /// The second run's.
    pub second: Option<Header>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |header: Option<Header>| {
            header.map_or_else(|| "the end of the run".to_owned(), |header| header.to_string())
        };
        write!(f, "{}; the other run: {}", text(self.first), text(self.second))
    }
}

/// The first header in which two runs differ; none when they are equal.
pub fn first_difference(first: &[Header], second: &[Header]) -> Option<Difference> {
    let equal = first.iter().zip(second).take_while(|(one, other)| one == other).count();
    let (one, other) = (first.get(equal).copied(), second.get(equal).copied());
    (one.is_some() || other.is_some()).then_some(Difference {
        place: equal,
        first: one,
        second: other,
    })
}

/// The headers of a run so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Vec<Header>);

impl Recorder {
    /// Adds a header; `hash` is the one before it. Within one event that is the last header's,
    /// after its contents; between events, [`Recorder::settle`] was told it before the next time.
    pub(crate) fn add(&mut self, header: Header, hash: u64) {
        if self.0.last().is_some_and(|last| last.event == header.event) {
            self.settle(hash);
        }
        self.0.push(header);
    }

    /// The hash after the last header's contents.
    pub(crate) fn settle(&mut self, hash: u64) {
        if let Some(last) = self.0.last_mut() {
            last.hash = hash;
        }
    }

    pub(crate) fn headers(&self) -> &[Header] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(event: u64, number: u64) -> Header {
        let at = Nanos(1_500_000_000);
        Header { event, at, node: Some(NodeId(2)), what: "Send", number, hash: 7 }
    }

    #[test]
    fn the_first_difference_is_a_header_or_an_end() {
        let run = [header(1, 1), header(2, 1), header(3, 1)];
        assert_eq!(first_difference(&run, &run), None);
        let other = [header(1, 1), header(2, 9), header(3, 1)];
        let found = first_difference(&run, &other).expect("they differ");
        assert_eq!((found.place, found.second), (1, Some(header(2, 9))));
        let text = found.to_string();
        assert!(text.starts_with("event 2 at 1.500000000 s n2 Send 1 hash"), "{text}");
        let shorter = first_difference(&run, &run[..2]).expect("one is shorter");
        assert_eq!((shorter.place, shorter.second), (2, None));
        assert!(shorter.to_string().ends_with("the other run: the end of the run"));
    }
}
