//! Tests of evidence: what holds, which bit is bound by what, and that no check is for show.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

mod bits;
mod checks;
mod forks;
mod holds;
mod sizes;

use super::{Evidence, Item};
use crate::codec::{Decode, Encode};
use crate::identity::{Ballot, NodeId};
use crate::quantity::Nanos;
use crate::testing::Forge;

/// The ballot of these tests' leader.
const BALLOT: Ballot = Ballot { round: 4, leader: NodeId(1) };
/// The ballot before it.
const OLDER: Ballot = Ballot { round: 3, leader: NodeId(2) };

/// A log with entries of two ballots.
fn forge() -> Forge {
    let mut forge = Forge::default();
    forge.fill(OLDER, 2);
    forge.fill(BALLOT, 3);
    forge
}

/// One valid item of each kind, and of each shape that a kind can take.
fn samples(forge: &mut Forge) -> Vec<(&'static str, Item)> {
    let put = forge.put("put a");
    let get = forge.get("linearizable", "get a");
    let old = forge.get("consistent-prefix", "get a");
    let any = forge.get("eventual", "get a");
    let weaker = forge.get("bounded-staleness=2s", "get a");
    let ago = Nanos::from_millis(1_500);
    vec![
        ("write", forge.write(BALLOT, &put, 5)),
        ("read-index, busy log", forge.read_index(&get, 3, false)),
        ("read-index, idle log", forge.read_index(&get, 1, true)),
        ("read-index for a weaker guarantee", forge.read_index(&weaker, 2, true)),
        ("consistent-prefix", forge.prefix(&old)),
        ("staleness-by-time, busy log", forge.staleness(&weaker, ago, false)),
        ("staleness-by-time, idle log", forge.staleness(&weaker, ago, true)),
        ("eventual", forge.eventual(&any)),
    ]
}

/// Changes the evidence of an item.
fn change(item: &mut Item, change: impl FnOnce(&mut Evidence)) {
    let mut evidence = Evidence::from_bytes(&item.evidence).unwrap();
    change(&mut evidence);
    item.evidence = evidence.to_bytes();
}
