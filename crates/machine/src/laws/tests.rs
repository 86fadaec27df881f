//! Each law with a protocol that breaks it and nothing else.

use super::{Breach, Law, Lawful, check_effects, recovers_anywhere, step_lawfully};
use crate::{Effect, Effects, Env, Event, LoadId, Protocol, Recovered, Seq, What};
use avouch_promise::signature::{Symbolic, SymbolicVerifier};
use avouch_promise::{Incarnation, Interval, Nanos, NodeId, Random, Signature, Signer, Verifier};
use std::cell::Cell;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Counter;

/// What the counter does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Nothing,
    HiddenState,
    HiddenEffect,
    AsksDifferently,
    LooksAtItsObservations,
    SpeaksWhenWatched,
    SkipsANumber,
    RepeatsANumber,
    WaitsForTheFuture,
    WaitsForNothing,
    SendsToSelf,
    LoadsWhatIsNot,
    ReleasesTheFuture,
    PanicsOnAShortLog,
    ForgetsDifferently,
}

const ALL: [(Wrong, Law); 14] = [
    (Wrong::HiddenState, Law::Deterministic),
    (Wrong::HiddenEffect, Law::Deterministic),
    (Wrong::AsksDifferently, Law::Deterministic),
    (Wrong::LooksAtItsObservations, Law::ObservationIsInert),
    (Wrong::SpeaksWhenWatched, Law::ObservationIsInert),
    (Wrong::SkipsANumber, Law::SequenceWithoutGaps),
    (Wrong::RepeatsANumber, Law::SequenceWithoutGaps),
    (Wrong::WaitsForTheFuture, Law::AfterIsKnown),
    (Wrong::WaitsForNothing, Law::AfterIsKnown),
    (Wrong::SendsToSelf, Law::NoSendToSelf),
    (Wrong::LoadsWhatIsNot, Law::RecordsExist),
    (Wrong::ReleasesTheFuture, Law::RecordsExist),
    (Wrong::PanicsOnAShortLog, Law::RecoversAnywhere),
    (Wrong::ForgetsDifferently, Law::RecoversAnywhere),
];

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    count: u64,
    next: Seq,
    /// Nothing that leaves the node depends on it.
    tint: u64,
}

thread_local! {
    /// What a pure function must not have.
    static HIDDEN: Cell<u64> = const { Cell::new(0) };
}

fn hidden() -> u64 {
    HIDDEN.with(|hidden| hidden.replace(hidden.get() + 1))
}

impl Protocol for Counter {
    type Config = Wrong;
    type State = State;
    type Message = u64;
    type Command = u64;
    type Record = u64;
    type Image = u64;
    type Output = u64;
    type Observation = u64;
    type Timer = ();

    fn recover(wrong: &Wrong, recovered: Recovered<Self>) -> State {
        let image = recovered.checkpoint.map_or(0, |(_, image)| image);
        let tail: u64 = recovered.records.iter().map(|(_, amount)| amount).sum();
        let strange = if *wrong == Wrong::ForgetsDifferently { hidden() } else { 0 };
        State { count: image + tail + strange, next: recovered.next_seq, tint: 0 }
    }

    fn step(
        wrong: &Wrong,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        match event {
            Event::Started { .. } if *wrong == Wrong::PanicsOnAShortLog => {
                assert!(state.count == 0 || state.next > Seq(2), "half a log");
            }
            Event::Command { command, .. } => add(*wrong, state, command, env, effects),
            _ => {}
        }
    }
}

fn add(
    wrong: Wrong,
    state: &mut State,
    amount: u64,
    env: &mut dyn Env,
    effects: &mut Effects<Counter>,
) {
    state.count += amount + u64::from(env.choose(3));
    effects.observe(state.count);
    let seen = effects.as_slice().iter().any(|effect| matches!(effect, Effect::Observe(_)));
    let written = state.next;
    match wrong {
        Wrong::HiddenState => state.tint += hidden(),
        Wrong::HiddenEffect => effects.send(NodeId(3), hidden()),
        Wrong::AsksDifferently => {
            env.choose(2 + u32::from(hidden() % 2 == 1));
        }
        Wrong::LooksAtItsObservations if seen => state.tint += 1,
        Wrong::SpeaksWhenWatched if seen => effects.send(NodeId(3), amount),
        Wrong::SkipsANumber => state.next = state.next.next(),
        Wrong::SendsToSelf => effects.send(NodeId(1), amount),
        Wrong::ReleasesTheFuture => effects.push(Effect::Release { before: Seq(written.0 + 2) }),
        Wrong::LoadsWhatIsNot => {
            let what = What::Records { from: written, to: written.next() };
            effects.push(Effect::Load { id: LoadId(1), what });
        }
        _ => {}
    }
    effects.persist(state.next, amount);
    state.next = state.next.next();
    let signature = env.sign(b"count");
    assert!(env.verify(NodeId(1), b"count", &signature));
    match wrong {
        Wrong::RepeatsANumber => effects.persist(written, amount),
        Wrong::WaitsForTheFuture => effects.send_after(NodeId(2), state.count, state.next),
        Wrong::WaitsForNothing => effects.send_after(NodeId(2), state.count, Seq(0)),
        _ => effects.send_after(NodeId(2), state.count, written),
    }
}

struct Drawn(Random);

impl Env for Drawn {
    fn monotonic(&self) -> Nanos {
        Nanos(7)
    }
    fn wall(&self) -> Interval {
        Interval::UNKNOWN
    }
    fn choose(&mut self, count: u32) -> u32 {
        self.0.below(u64::from(count)) as u32
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        Symbolic(NodeId(1)).sign(message)
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        SymbolicVerifier.verify(signer, message, signature)
    }
}

/// A life of twenty commands under every law, then every recovery from its records.
fn live(wrong: Wrong) -> Result<(), Breach> {
    let mut env = Drawn(Random::new(Random::seed_from_environment()));
    let mut state = Counter::recover(&wrong, Recovered::fresh());
    let (mut next, mut records) = (Seq(1), Vec::new());
    for (amount, id) in (1..=20).zip(1..) {
        let id = crate::CommandId(id);
        let event = Event::Command { id, command: amount };
        let mut effects = Effects::new();
        // What other protocols left in a shared sink is none of this one's business.
        effects.send(NodeId(1), 99);
        step_lawfully::<Counter>(
            NodeId(1),
            &mut next,
            &wrong,
            &mut state,
            &event,
            &mut env,
            &mut effects,
        )?;
        for effect in effects.drain() {
            if let Effect::Persist { seq, record } = effect {
                records.push((seq, record));
            }
        }
    }
    let disk = Recovered { records, next_seq: next, ..Recovered::fresh() };
    recovers_anywhere::<Counter>(NodeId(1), &wrong, &disk, Incarnation(2), &mut env)
}

#[test]
fn a_lawful_life() {
    live(Wrong::Nothing).expect("nothing wrong");
}

#[test]
fn each_breach_is_named() {
    for (wrong, law) in ALL {
        let breach = live(wrong).expect_err("a broken law");
        assert_eq!(breach.law, law, "{wrong:?}: {breach}");
        assert!(breach.to_string().starts_with("law L"), "{breach}");
    }
}

#[test]
fn the_cheap_wrapper_holds_what_effects_show() {
    let shown = [Law::SequenceWithoutGaps, Law::AfterIsKnown, Law::NoSendToSelf, Law::RecordsExist];
    for (wrong, law) in ALL.into_iter().chain([(Wrong::Nothing, Law::Deterministic)]) {
        let mut env = Drawn(Random::new(1));
        let mut state = Counter::recover(&wrong, Recovered::fresh());
        let mut lawful = Lawful::new(NodeId(1), Seq(1));
        let mut effects = Effects::new();
        let verdict = (1..=3).try_for_each(|amount| {
            let event = Event::Command { id: crate::CommandId(amount), command: amount };
            lawful.step::<Counter>(&wrong, &mut state, event, &mut env, &mut effects)
        });
        let expected = shown.contains(&law).then_some(law);
        assert_eq!(verdict.err().map(|breach| breach.law), expected, "{wrong:?}");
        if wrong == Wrong::Nothing {
            assert_eq!(lawful.next_seq(), Seq(4));
        }
    }
}

#[test]
fn a_message_may_wait_for_a_record_later_in_its_step() {
    let mut effects = Effects::<Counter>::new();
    effects.send_after(NodeId(2), 1, Seq(5));
    effects.persist(Seq(5), 1);
    check_effects(NodeId(1), &mut Seq(5), effects.as_slice()).expect("known by the end");
    let mut early = Effects::<Counter>::new();
    early.push(Effect::Checkpoint { seq: Seq(6), image: 1 });
    let breach = check_effects(NodeId(1), &mut Seq(5), early.as_slice()).expect_err("no 5 yet");
    assert_eq!(breach.law, Law::RecordsExist);
}

#[test]
fn a_checkpoint_is_never_cut_away() {
    let disk = Recovered::<Counter> {
        checkpoint: Some((Seq(4), 40)),
        records: vec![(Seq(4), 1), (Seq(5), 1)],
        next_seq: Seq(6),
        doubtful: false,
    };
    let mut env = Drawn(Random::new(1));
    recovers_anywhere(NodeId(1), &Wrong::Nothing, &disk, Incarnation(2), &mut env)
        .expect("recovers");
    // Every cut starts at 4 at least: a short log of a counter above zero never shows.
    recovers_anywhere(NodeId(1), &Wrong::PanicsOnAShortLog, &disk, Incarnation(2), &mut env)
        .expect("no cut is shorter than its checkpoint");
}
