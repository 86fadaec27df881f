//! Checkpoints that are being read: readable by their number after a newer one took their place.
//!
//! - I1 At most [`LENT_MAX`] are kept; one too many takes the place of the one read longest ago.
//! - I2 One that was not read for [`LENT_FOR`] is let go.
//!
//! The store's host does the same (`host/pins.rs`).

use super::Checkpoint;
use crate::simulated::Simulated;
use avouch_machine::Seq;
use avouch_promise::Nanos;

/// How many checkpoints that are being read are kept.
pub const LENT_MAX: usize = 4;
/// How long one is kept that nobody reads.
pub const LENT_FOR: Nanos = Nanos::from_secs(30);

/// What is kept, and when it was read last.
#[derive(Clone, Debug)]
pub(super) struct Lent<P: Simulated>(Vec<(Checkpoint<P>, Nanos)>);

impl<P: Simulated> Default for Lent<P> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<P: Simulated> Lent<P> {
    /// The checkpoint to read: the named one, or the newest; kept from now on.
    pub(super) fn choose(
        &mut self,
        newest: Option<&Checkpoint<P>>,
        named: Option<Seq>,
        now: Nanos,
    ) -> Option<&Checkpoint<P>> {
        self.0.retain(|(_, read)| now.minus(*read) < LENT_FOR);
        let seq = named.or(newest.map(|newest| newest.seq))?;
        // What rots later is the file, which the newest one stands for.
        let current = newest.filter(|newest| newest.seq == seq).cloned();
        let kept = self.0.iter().position(|(kept, _)| kept.seq == seq).map(|at| self.0.remove(at));
        let chosen = current.or(kept.map(|(kept, _)| kept))?;
        if self.0.len() >= LENT_MAX {
            self.0.remove(0);
        }
        self.0.push((chosen, now));
        self.0.last().map(|(chosen, _)| chosen)
    }

    /// A crash keeps none.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
