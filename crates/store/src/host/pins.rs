//! Checkpoints that peers are reading: kept readable after newer ones took their place.
//!
//! A file that is open can be read after its name is gone, so all it takes is to keep it open.
//!
//! - I1 At most [`PINS_MAX`] are kept; one too many takes the place of the one read longest ago.
//! - I2 One that was not read for [`PINNED_FOR`] is let go, and its bytes are free again.

use crate::disk::Checkpoint;
use avouch_machine::Seq;
use avouch_promise::Nanos;
use std::sync::Arc;

/// How many checkpoints that are being read are kept: as many as may lag in a group of nine.
pub(super) const PINS_MAX: usize = 4;
/// How long one is kept that nobody reads.
pub(super) const PINNED_FOR: Nanos = Nanos::from_secs(30);

/// What is kept, and when it was read last; the one read longest ago first.
#[derive(Debug, Default)]
pub(super) struct Pins(Vec<(Arc<Checkpoint>, Nanos)>);

impl Pins {
    /// The checkpoint to read, the named one or the newest, kept from now on; none when it is gone.
    pub(super) fn choose(
        &mut self,
        newest: Option<Arc<Checkpoint>>,
        named: Option<Seq>,
        now: Nanos,
    ) -> Option<Arc<Checkpoint>> {
        self.let_go(now);
        let seq = named.or(newest.as_ref().map(|newest| newest.seq()))?;
        let current = newest.filter(|newest| newest.seq() == seq);
        let at = self.0.iter().position(|(kept, _)| kept.seq() == seq);
        let kept = at.map(|at| self.0.remove(at).0);
        let chosen = current.or(kept)?;
        if self.0.len() >= PINS_MAX {
            self.0.remove(0);
        }
        self.0.push((Arc::clone(&chosen), now));
        Some(chosen)
    }

    /// Lets go what nobody has read for long.
    pub(super) fn let_go(&mut self, now: Nanos) {
        self.0.retain(|(_, read)| now.minus(*read) < PINNED_FOR);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::disk::{Checkpoints, MemoryFolder};
    use avouch_promise::ClusterId;
    use bytes::Bytes;

    #[test]
    fn what_is_read_stays_readable_a_bounded_number_for_a_bounded_time() {
        let cluster = ClusterId([7; 16]);
        let folder = Arc::new(MemoryFolder::new(1));
        let (checkpoints, _) = Checkpoints::open(folder, cluster).unwrap();
        let write = |seq: u64| {
            let body = [Bytes::from(vec![seq as u8; 100_000])];
            checkpoints.write(Seq(seq), b"meta", body).unwrap();
        };
        let mut pins = Pins::default();
        let mut read = |named: Option<u64>, now| {
            let chosen = pins.choose(checkpoints.newest(), named.map(Seq), now)?;
            let bytes = chosen.read_content(99_000, 10).unwrap();
            assert_eq!(bytes[0], chosen.seq().0 as u8, "its own bytes");
            Some(chosen.seq().0)
        };
        let second = Nanos::from_secs;
        assert_eq!(read(None, second(0)), None, "there is none");
        write(1);
        assert_eq!(read(Some(2), second(0)), None, "no such one");
        write(2);
        assert_eq!(read(Some(1), second(0)), None, "nobody had read it");
        assert_eq!(read(None, second(0)), Some(2));
        write(3);
        assert_eq!((read(Some(2), second(20)), read(None, second(20))), (Some(2), Some(3)));
        assert_eq!(read(Some(2), second(49)), Some(2), "as long as it is read");
        assert_eq!(read(Some(2), second(79)), None, "and then no more");
        for seq in 4..=9 {
            write(seq);
            assert_eq!(read(None, second(80)), Some(seq));
            assert_eq!(read(None, second(80)), Some(seq), "twice is once");
        }
        let kept: Vec<u64> = (1..=9).filter(|seq| read(Some(*seq), second(80)).is_some()).collect();
        assert_eq!(kept, [6, 7, 8, 9]);
    }
}
