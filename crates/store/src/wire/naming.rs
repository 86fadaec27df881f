//! Names for the writes of clients that give none.
//!
//! A node may hand a write on more than once while leaders change; its name lets the log tell a
//! repetition from a new write. etcd's clients have no such names, so the node that a client
//! asked draws one and plays the client's part: it counts, and it says what is settled.
//!
//! Invariant I1: no name is drawn twice, for the client part is the node and its incarnation.

use super::ask::Identity;
use super::metadata::Name;
use super::mutant::{Mutant, planted};
use avouch_promise::{Encode, RequestId, digest_of};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Debug, Default)]
struct Counted {
    last: u64,
    waiting: BTreeSet<u64>,
}

/// Draws names.
#[derive(Debug)]
pub struct Naming {
    client: u64,
    counted: Mutex<Counted>,
}

/// A name that is in use until this is dropped.
#[derive(Debug)]
pub struct Drawn {
    /// The name.
    pub name: Name,
    naming: Arc<Naming>,
}

impl Naming {
    /// The names of one node's present life.
    pub fn new(identity: &Identity) -> Self {
        let node = identity.node.to_bytes();
        let incarnation = identity.incarnation.to_bytes();
        let digest = digest_of("avouch client", &[&identity.cluster.0, &node, &incarnation]);
        let client = digest.0.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
        Self { client, counted: Mutex::default() }
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next name.
    pub fn draw(self: &Arc<Self>) -> Drawn {
        let mut counted = self.counted();
        counted.last += 1;
        let sequence = counted.last;
        counted.waiting.insert(sequence);
        let settled = counted.waiting.first().copied().unwrap_or(sequence);
        let settled = if planted(Mutant::SettledTooEarly) { sequence } else { settled };
        let id = RequestId { client: self.client, sequence };
        Drawn { name: Name { id, settled }, naming: self.clone() }
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.naming.counted().waiting.remove(&self.name.id.sequence);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::mutant::killed;
    use avouch_promise::{ClusterId, Incarnation, NodeId};

    #[test]
    fn a_sequence_is_settled_when_neither_it_nor_an_earlier_one_is_waited_for() {
        let identity = |incarnation| Identity {
            cluster: ClusterId([1; 16]),
            node: NodeId(1),
            incarnation: Incarnation(incarnation),
        };
        let naming = Arc::new(Naming::new(&identity(1)));
        let (first, second) = (naming.draw(), naming.draw());
        assert_eq!((first.name.id.sequence, first.name.settled), (1, 1));
        assert_eq!((second.name.id.sequence, second.name.settled), (2, 1));
        drop(second);
        assert_eq!(naming.draw().name.settled, 1, "1 is still waited for");
        drop(first);
        assert_eq!(naming.draw().name.settled, 4);
        assert_ne!(naming.client, Naming::new(&identity(2)).client, "I1");
    }

    #[test]
    fn the_checks_above_notice_their_planted_bugs() {
        assert!(
            killed(
                Mutant::SettledTooEarly,
                a_sequence_is_settled_when_neither_it_nor_an_earlier_one_is_waited_for
            ),
            "SettledTooEarly"
        );
    }
}
