//! A record rots in the middle of a node's log: what stands behind it must not be read as if it
//! were whole.
//!
//! ```text
//!   A leads b; B accepts x; A decides x, and only A knows.
//!   D leads b' with B's promise.  Its disk: promise b' | adopts x | accepts y, in b', after x
//!                                                          rots
//!   D comes back, rejoins, leads again. Who reads on finds no x for y to follow, but a log
//!   accepted in b': newer than what A and B tell, and empty. It would lead without x.
//!
//!   A disk may read wrongly once, and rightly the next time:
//!   D's disk: x | y | z, "x and y are decided" |            D cannot read y, and doubts
//!             | x again, fetched from B |                   D reads all of it
//!   The last record says that x ends the log, as D knew it then. It must not take y back.
//! ```
#![allow(clippy::unwrap_used, reason = "a test may")]

mod stage;

use avouch_agreement::Mutant;
use avouch_agreement::explore::configs;
use avouch_agreement::log::Timer;
use avouch_machine::Event;
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

/// D has started without a record of its disk, fetched again what stood in it in part, and started
/// once more with all of it.
fn an_unreadable_record_is_back(mutant: Option<Mutant>) -> Stage {
    let mut configs = configs(3, mutant);
    for config in &mut configs {
        config.bounds.batch_bytes = 1; // one entry in a message
    }
    let mut stage = Stage::new(configs);
    stage.campaign(A);
    stage.deliver(&[A, B, D]);
    for request in [b"y", b"z"] {
        stage.propose(A, request);
        stage.deliver(&[A, B, D]);
    }
    assert_eq!((stage.end(D).index, stage.decided(D)), (LogIndex(3), LogIndex(3)));
    let length = stage.length(D);
    stage.misread(D, length - 3);
    assert_eq!(stage.end(D).index, LogIndex(0), "x, y and z are gone for now");
    for (from, to) in [(D, A), (D, B), (A, D), (B, D), (D, B), (B, D)] {
        stage.carry(from, to);
    }
    assert_eq!(stage.end(D).index, LogIndex(1), "x was fetched");
    assert!(!stage.rejoined);
    stage.restart(D);
    stage
}

#[test]
fn a_record_that_can_be_read_again_takes_nothing_back() {
    let mut stage = an_unreadable_record_is_back(None);
    assert_eq!(stage.end(D).index, LogIndex(2), "y is known to be decided, and stays");
    stage.under_way.clear();
    stage.step(D, Event::Timer(Timer::Resend));
    stage.deliver(&[A, B, D]);
    assert!(!stage.contradiction);
    assert!(stage.rejoined, "{:?} {:?}", stage.decided(D), stage.end(D));
    stage.propose(A, b"w");
    stage.deliver(&[A, B, D]);
    assert_eq!((stage.decided(D), stage.end(D)), (LogIndex(4), stage.end(A)));
}

#[test]
#[should_panic(expected = "beyond the log's end")]
fn taking_back_what_is_decided_breaks_an_invariant() {
    an_unreadable_record_is_back(Some(Mutant::FoldBelowDecided));
}
