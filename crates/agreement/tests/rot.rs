//! A record rots in the middle of a node's log: what stands behind it must not be read as if it
//! were whole.
//!
//! ```text
//!   A leads b; B accepts x; A decides x, and only A knows.
//!   D leads b' with B's promise.  Its disk: promise b' | adopts x | accepts y, in b', after x
//!                                                          rots
//!   D comes back, rejoins, leads again. Who reads on finds no x for y to follow, but a log
//!   accepted in b': newer than what A and B tell, and empty. It would lead without x.
//! ```
#![allow(clippy::unwrap_used, reason = "a test may")]

mod stage;

use avouch_agreement::Mutant;
use avouch_agreement::explore::configs;
use avouch_promise::{LogIndex, NodeId};
use stage::Stage;

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);
const D: NodeId = NodeId(3);

/// D leads again, after it has come back without what it adopted.
fn an_adopted_entry_rots(mutant: Option<Mutant>) -> Stage {
    let mut stage = Stage::new(configs(3, mutant));
    stage.campaign(A);
    for _ in 0..2 {
        stage.carry(A, B);
        stage.carry(B, A);
    }
    assert_eq!((stage.decided(A), stage.decided(B)), (LogIndex(1), LogIndex(0)), "x, known to A");
    stage.under_way.clear();

    stage.campaign(D);
    stage.carry(D, B);
    stage.carry(B, D);
    assert_eq!((stage.end(D).index, stage.length(D)), (LogIndex(2), 3), "x and y");
    stage.under_way.clear();
    stage.rot(D, 1);
    assert_eq!(stage.end(D).index, LogIndex(0), "neither x nor y");
    stage.converse(D, &[A, B]);
    assert!(stage.rejoined, "both others answered D");

    stage.campaign(D);
    stage.deliver(&[B, D]);
    assert!(stage.leads(D));
    stage
}

#[test]
fn what_stands_behind_a_rotten_record_is_not_read() {
    let stage = an_adopted_entry_rots(None);
    assert_eq!(stage.decided(D), LogIndex(2), "x, and what D appended");
    assert!(!stage.contradiction);
}

#[test]
fn reading_on_behind_a_rotten_record_loses_an_acknowledged_write() {
    assert!(an_adopted_entry_rots(Some(Mutant::FoldAcrossGap)).contradiction);
}
