//! Five voters, one of which loses the tail of its disk: what it said before must not be counted
//! beside the word of those that told it what it lost. With three voters every other one has to
//! answer, the leader too, and the fault cannot show: so these stories are told step by step.
//!
//! ```text
//!   acknowledgement: D accepts y for L. D loses y, rejoins through A, B, F. F accepts y for L.
//!                    L must not count D: else y is decided by L and F alone, and lost with them.
//!   question:        D asks for promises of b' with a log that it then loses with its claim. It
//!                    rejoins, and asks for b' again with another log. Answers to the first question
//!                    say nothing of that one.
//!   promise:         D promises b' to F. D forgets it, rejoins through A, B, L. L has y decided by
//!                    A, D, L in a lower ballot. B promises b'. F must not count D: it would lead
//!                    without y.
//!   own loss:        D rejoins, and its disk loses that without a trace. It asks for promises, and the
//!                    answers name it as one that came back. What it holds is worth nothing then.
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
const F: NodeId = NodeId(4);
const L: NodeId = NodeId(5);

/// L leads; D accepts y and forgets it; F accepts y after it answered D.
fn an_old_acknowledgement(mutant: Option<Mutant>) -> Stage {
    let mut stage = Stage::new(configs(5, mutant));
    stage.campaign(L);
    stage.deliver(&[A, B, D, F, L]);
    stage.under_way.clear();
    let (before, kept) = (stage.decided(L), stage.length(D));
    assert!(before > LogIndex(0), "an entry of L's ballot is decided");

    stage.propose(L, &[7]);
    stage.carry(L, D);
    stage.carry(D, L);
    assert_eq!(stage.end(D), stage.end(L), "D accepted y");
    stage.lose_tail(D, kept);
    assert_ne!(stage.end(D), stage.end(L), "D lost y");
    stage.converse(D, &[A, B, F]);
    assert!(stage.rejoined, "three others answered D");

    stage.carry(L, F);
    stage.carry(F, L);
    assert_eq!(stage.end(F), stage.end(L), "F accepted y");
    stage
}

#[test]
fn an_acknowledgement_of_a_lost_log_does_not_count() {
    let mut stage = an_old_acknowledgement(None);
    assert!(stage.decided(L) < stage.end(L).index, "y is on two disks of five");
    stage.under_way.clear();
    stage.campaign(A);
    stage.deliver(&[A, B, D]);
    stage.under_way.clear();
    assert!(stage.decided(A) >= stage.end(L).index, "the others go on");
    stage.campaign(L);
    stage.deliver(&[A, B, D, F, L]);
    assert!(!stage.contradiction);

    // D has rejoined, and what it accepts now counts.
    let mut stage = an_old_acknowledgement(None);
    for _ in 0..3 {
        stage.step(L, Event::Timer(Timer::Resend));
        stage.deliver(&[D, F, L]);
    }
    assert_eq!(stage.decided(L), stage.end(L).index);
}

#[test]
fn counting_an_old_acknowledgement_loses_an_acknowledged_write() {
    let mut stage = an_old_acknowledgement(Some(Mutant::CountOldWords));
    assert_eq!(stage.decided(L), stage.end(L).index, "two disks of five decided y");
    stage.under_way.clear();
    stage.campaign(A);
    stage.deliver(&[A, B, D]);
    assert!(stage.contradiction, "the others decided without it");
}

/// A leads a low ballot. D promises F's higher one, forgets that, and comes back; then A has y
/// decided with D; then B promises F's ballot.
fn an_old_promise(mutant: Option<Mutant>) -> Stage {
    let mut stage = Stage::new(configs(5, mutant));
    stage.campaign(A);
    stage.deliver(&[A, B, D, F, L]);
    stage.under_way.clear();
    let kept = stage.length(D);

    stage.campaign(F);
    stage.carry(F, D);
    stage.lose_tail(D, kept);
    stage.converse(D, &[A, B, L]);
    assert!(stage.rejoined, "three others answered D");

    stage.step(A, Event::Timer(Timer::Resend));
    for (from, to) in [(A, D), (A, L), (D, A), (L, A)] {
        stage.carry(from, to);
    }
    stage.propose(A, &[7]);
    for (from, to) in [(A, D), (A, L), (D, A), (L, A)] {
        stage.carry(from, to);
    }
    assert_eq!(stage.decided(A), stage.end(A).index, "A, D and L decided y");

    stage.carry(F, B);
    stage.carry(D, F);
    stage.carry(B, F);
    stage
}

#[test]
fn a_promise_that_was_lost_does_not_count() {
    let mut stage = an_old_promise(None);
    assert!(!stage.leads(F), "F has its own word and B's");
    stage.step(F, Event::Timer(Timer::Resend));
    stage.deliver(&[B, D, F]);
    assert!(stage.leads(F), "D's new word counts");
    stage.step(F, Event::Timer(Timer::Resend));
    stage.deliver(&[A, B, D, F, L]);
    assert!(!stage.contradiction);
}

#[test]
fn counting_a_lost_promise_forgets_an_acknowledged_write() {
    let mut stage = an_old_promise(Some(Mutant::CountOldWords));
    assert!(stage.leads(F), "F counted what D has forgotten");
    stage.deliver(&[B, F, L]);
    stage.step(F, Event::Timer(Timer::Resend));
    stage.deliver(&[B, F, L]);
    assert!(stage.contradiction, "F has another entry decided where y was");
}

/// F and D have three entries of a first ballot, A has one of a second that D accepts too. D claims
/// a third ballot, and loses that and A's entry. A's entry is decided without it. Then D claims the
/// third ballot again, and the questions that it asked the first time arrive.
fn an_old_question(mutant: Option<Mutant>) -> Stage {
    let mut stage = Stage::new(configs(5, mutant));
    stage.campaign(F);
    for other in [A, B, D] {
        stage.carry(F, other);
    }
    for other in [B, D] {
        stage.carry(other, F);
    }
    stage.carry(F, D);
    stage.carry(D, F);
    for name in [1, 2] {
        stage.propose(F, &[name]);
        stage.carry(F, D);
    }
    assert_eq!((stage.end(D), stage.end(D).index), (stage.end(F), LogIndex(3)));
    stage.under_way.clear();

    stage.campaign(A);
    for other in [B, L] {
        stage.carry(A, other);
    }
    for other in [B, L] {
        stage.carry(other, A);
    }
    assert!(stage.leads(A), "A, B and L");
    stage.carry(A, D);
    let kept = stage.length(D);
    stage.carry(D, A);
    stage.carry(A, D);
    assert_eq!(stage.end(D), stage.end(A), "D is brought to A's log");

    stage.campaign(D);
    let asked = stage.hold(D);
    stage.lose_tail(D, kept);
    stage.converse(D, &[B, F, L]);
    assert!(stage.rejoined, "three others answered D");
    for other in [B, L] {
        stage.carry(A, other);
    }
    for other in [B, L] {
        stage.carry(other, A);
    }
    assert_eq!(stage.decided(A), stage.end(A).index, "A, B and L decided A's entry");

    stage.under_way.clear();
    stage.campaign(D);
    stage.under_way = asked;
    for other in [B, L] {
        stage.carry(D, other);
    }
    for other in [B, L] {
        stage.carry(other, D);
    }
    stage
}

#[test]
fn a_question_of_a_lost_log_has_no_answer() {
    let mut stage = an_old_question(None);
    assert!(!stage.leads(D), "nobody has answered what D asks now");
    stage.under_way.clear();
    for _ in 0..3 {
        stage.step(D, Event::Timer(Timer::Resend));
        stage.deliver(&[B, D, L]);
    }
    assert!(stage.leads(D) && !stage.contradiction);
    assert!(stage.decided(D) > LogIndex(0), "what A had decided is in D's log");
}

#[test]
fn hearing_an_old_question_overwrites_an_acknowledged_write() {
    let mut stage = an_old_question(Some(Mutant::HearOldQuestions));
    assert!(stage.leads(D), "D took answers to another question for its own");
    stage.deliver(&[B, D, L]);
    assert!(stage.contradiction, "D has another entry decided where A's was");
}

/// D has rejoined and its disk has lost that without a trace. It asks A for a promise.
fn an_own_loss(mutant: Option<Mutant>) -> Stage {
    let mut stage = Stage::new(configs(3, mutant));
    stage.campaign(A);
    stage.deliver(&[A, B, D]);
    stage.under_way.clear();
    let kept = stage.length(D);
    stage.lose_tail(D, kept - 1);
    stage.converse(D, &[A, B]);
    assert!(stage.rejoined && !stage.doubts(D));
    stage.rejoined = false;
    stage.forget_tail(D, kept - 1);
    assert!(!stage.doubts(D), "nothing shows it");
    stage.under_way.clear();
    for _ in 0..4 {
        stage.campaign(D);
        stage.deliver(&[A, D]);
        stage.step(D, Event::Timer(Timer::Resend));
        stage.deliver(&[A, D]);
    }
    stage
}

#[test]
fn who_hears_that_it_came_back_and_does_not_know_it_doubts() {
    let mut stage = an_own_loss(None);
    assert!(stage.doubts(D) && !stage.leads(D), "A tells D what its disk is worth");
    stage.converse(D, &[A, B]);
    assert!(stage.rejoined && !stage.doubts(D), "two others told D what it may have lost");
    stage.under_way.clear();
    stage.campaign(D);
    stage.deliver(&[A, D]);
    assert!(stage.leads(D) && !stage.contradiction);
}

#[test]
fn who_overhears_that_goes_on_with_what_its_disk_has_left() {
    let stage = an_own_loss(Some(Mutant::OverhearOwnLoss));
    assert!(stage.leads(D) && !stage.doubts(D), "it leads with whatever its disk has left");
}
