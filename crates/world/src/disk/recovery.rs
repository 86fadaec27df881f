//! What a start finds on disk, and what it may conclude from it.
//!
//! A torn tail and a rotted acknowledged record must not look alike: the one may be cut, the
//! other must not. A reader sees frames, not the truth:
//!
//! | what it sees | what it concludes |
//! |---|---|
//! | a frame that ends in the preallocated fill, the last one | torn: never durable, cut it |
//! | a bad frame, anything else | corrupt or never written: a gap; the log is doubtful |
//! | a bad frame below the durable checkpoint | a gap, but covered: not doubtful |
//! | a whole frame of another record: it bears its own number | as a bad frame |
//! | a checkpoint with a bad block | not used; the log is doubtful |
//! | records are missing behind the checkpoint | a gap; the log is doubtful |
//!
//! A gap is how a protocol learns which records are gone: sequence numbers have no gaps of their
//! own, so records that are missing between two, or before `next_seq`, are the unreadable ones.
//! Everything that a start finds whole is durable from then on.

use super::{Damage, Disk};
use crate::mutants::Mutants;
use crate::simulated::Simulated;
use avouch_machine::{Recovered, Seq};
use avouch_promise::{Incarnation, Random};

/// What a start found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    pub(crate) doubtful: bool,
    /// Records read from another place.
    pub(crate) misread: u64,
    /// Records that could not be read and were skipped.
    pub(crate) unread: u64,
}

impl<P: Simulated> Disk<P> {
    /// Reads everything for a start and repairs the tail; counts the start durably.
    pub(crate) fn recover(
        &mut self,
        mutants: &Mutants,
        random: &mut Random,
    ) -> (Recovered<P>, Incarnation, Findings) {
        self.cut_torn_tail(mutants);
        if mutants.cut_at_first_bad
            && let Some(bad) = self.records.iter().position(|s| s.damage == Damage::Bad)
        {
            self.records.truncate(bad);
        }
        let readable = self.checkpoint.as_ref().filter(|c| c.rotted_blocks.is_empty());
        let checkpoint = readable.map(|c| (c.seq, c.image.clone()));
        let covered = checkpoint.as_ref().map_or(Seq(0), |(seq, _)| *seq);
        if covered > self.written().next() {
            // The checkpoint outlived records that it covers; numbers go on behind it.
            self.records.clear();
            self.first = covered;
        }
        self.durable = self.written();
        self.manners.found(self.durable);
        self.hold_invariants();

        let mut records = Vec::with_capacity(self.records.len());
        let unsound = self.checkpoint.is_some() && checkpoint.is_none();
        let mut findings = Findings {
            doubtful: (unsound || self.has_gap(covered)) && !mutants.trust_what_is_left,
            ..Findings::default()
        };
        for (seq, stored) in (self.first.0..).map(Seq).zip(&self.records) {
            if mutants.swallow_failed_read && self.read_fails(random) {
                findings.unread += 1;
                continue;
            }
            let elsewhere = self.reads_elsewhere(random);
            findings.misread += u64::from(elsewhere);
            let found = if elsewhere { self.anywhere(random) } else { Some(stored) };
            let Some(found) = found else { continue };
            let belongs = !elsewhere && found.damage != Damage::Misplaced;
            let whole = matches!(found.damage, Damage::Whole | Damage::Misplaced);
            if whole && (belongs || mutants.trust_place) {
                records.push((seq, found.record.clone()));
            } else {
                findings.doubtful |= seq >= covered;
            }
        }
        let next_seq = self.written().next();
        self.incarnation += 1;
        let doubtful = findings.doubtful;
        let recovered = Recovered { checkpoint, records, next_seq, doubtful };
        (recovered, Incarnation(self.incarnation), findings)
    }

    fn cut_torn_tail(&mut self, mutants: &Mutants) {
        let Some(last) = self.records.back_mut() else { return };
        if last.damage != Damage::Torn {
            return;
        }
        if mutants.torn_is_rotted {
            last.damage = Damage::Bad;
        } else {
            self.records.pop_back();
        }
    }
}
