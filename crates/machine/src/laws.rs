//! The laws of a protocol, as checks that anyone who runs one can put it under.
//!
//! A host that trusts a protocol to be a pure function of state, event and environment can
//! replay it, explore it and compare its runs. This file is where that trust is earned: the
//! simulator runs [`Lawful`] around every step (a pass over the effects, no allocation), the
//! explorer and tests run [`step_lawfully`], which takes each step three times.
//!
//! - L1 deterministic: the same state, event and environment give the same state and effects.
//! - L2 observation is inert: a step whose `Observe` effects are dropped on arrival leaves the
//!   same state and the same other effects.
//! - L3 sequence numbers: records are numbered on from [`Recovered::next_seq`] without gaps.
//! - L4 `after` names a record that has been handed out, in this step or earlier.
//! - L5 a node does not send to itself.
//! - L6 a checkpoint, a release and a load speak only of records that exist.
//! - L7 recovery: from any prefix of the records, `recover` gives the same state each time and
//!   `Started` neither panics nor breaks a law. (That `recover` has no effects is its type.)

use crate::effect::{Effect, Effects, What};
use crate::env::Env;
use crate::event::{Event, Seq};
use crate::protocol::{Protocol, Recovered};
use avouch_promise::{Incarnation, Interval, Nanos, NodeId, Signature, Wall};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Which law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// L1.
    Deterministic,
    /// L2.
    ObservationIsInert,
    /// L3.
    SequenceWithoutGaps,
    /// L4.
    AfterIsKnown,
    /// L5.
    NoSendToSelf,
    /// L6.
    RecordsExist,
    /// L7.
    RecoversAnywhere,
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deterministic => "L1 deterministic",
            Self::ObservationIsInert => "L2 observation is inert",
            Self::SequenceWithoutGaps => "L3 sequence numbers without gaps",
            Self::AfterIsKnown => "L4 `after` names a known record",
            Self::NoSendToSelf => "L5 no send to self",
            Self::RecordsExist => "L6 records spoken of exist",
            Self::RecoversAnywhere => "L7 recovers from any prefix",
        })
    }
}

/// A law that a protocol broke, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which law.
    pub law: Law,
    /// What was seen.
    pub detail: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "law {} broken: {}", self.law, self.detail)
    }
}
impl std::error::Error for Breach {}

fn breach(law: Law, detail: impl Into<String>) -> Breach {
    Breach { law, detail: detail.into() }
}

/// Checks L3 to L6 on the effects of one step of node `me`. `next` is the number that the next
/// record must carry; it moves on with every record.
pub fn check_effects<P: Protocol>(
    me: NodeId,
    next: &mut Seq,
    effects: &[Effect<P>],
) -> Result<(), Breach> {
    let first = *next;
    for effect in effects {
        if let Effect::Persist { seq, .. } = effect {
            if seq != next {
                let detail = format!("{me} persisted {} where {} is next", seq.0, next.0);
                return Err(breach(Law::SequenceWithoutGaps, detail));
            }
            *next = next.next();
        }
    }
    // A message may wait for a record that the same step hands out later in its list: what
    // counts is the end of the step.
    let known = |seq: Seq| seq.0 >= 1 && seq < *next;
    for effect in effects {
        match effect {
            Effect::Send { after: Some(seq), .. } | Effect::Output { after: Some(seq), .. }
                if !known(*seq) =>
            {
                let detail = format!("{me} waits for record {}, next is {}", seq.0, next.0);
                return Err(breach(Law::AfterIsKnown, detail));
            }
            Effect::Send { to, message, .. } if *to == me => {
                return Err(breach(Law::NoSendToSelf, format!("{me} sends itself {message:?}")));
            }
            Effect::Checkpoint { seq, .. } | Effect::Release { before: seq } if seq > next => {
                let detail = format!("{me} at {effect:?}, next record is {}", next.0);
                return Err(breach(Law::RecordsExist, detail));
            }
            Effect::Load { what: What::Records { from, to }, .. }
                if from > to || !known(*from) || !known(*to) =>
            {
                let detail = format!("{me} at {effect:?}, next record was {}", first.0);
                return Err(breach(Law::RecordsExist, detail));
            }
            _ => {}
        }
    }
    Ok(())
}

/// One node under L3 to L6 for its whole life on one disk: cheap enough for every step of a
/// simulation. Make a new one at every recovery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lawful {
    me: NodeId,
    next: Seq,
}

impl Lawful {
    /// Watches node `me`, whose first record after this recovery is `next_seq`
    /// ([`Recovered::next_seq`]).
    pub fn new(me: NodeId, next_seq: Seq) -> Self {
        Self { me, next: next_seq }
    }
    /// The number that the next record must carry.
    pub fn next_seq(&self) -> Seq {
        self.next
    }
    /// Takes one step and checks the effects that it added to the sink.
    pub fn step<P: Protocol>(
        &mut self,
        config: &P::Config,
        state: &mut P::State,
        event: Event<P>,
        env: &mut dyn Env,
        effects: &mut Effects<P>,
    ) -> Result<(), Breach> {
        let before = effects.as_slice().len();
        P::step(config, state, event, env, effects);
        check_effects(self.me, &mut self.next, &effects.as_slice()[before..])
    }
}

/// Takes one step under L1 to L6: once for real, once from a copy of everything, once from a copy
/// with observations dropped. `effects` receives the real step's.
pub fn step_lawfully<P>(
    me: NodeId,
    next: &mut Seq,
    config: &P::Config,
    state: &mut P::State,
    event: &Event<P>,
    env: &mut dyn Env,
    effects: &mut Effects<P>,
) -> Result<(), Breach>
where
    P: Protocol<State: Clone + Eq>,
{
    let (mut again, mut silent) = (state.clone(), state.clone());
    let before = effects.as_slice().len();
    let mut recording = Recording { env, answers: Vec::new() };
    P::step(config, state, event.clone(), &mut recording, effects);
    let answers = recording.answers;
    let real = &effects.as_slice()[before..];

    let rerun = |copy: &mut P::State, env: &mut dyn Env, mut sink: Effects<P>, law| {
        let mut replaying = Replaying { env, answers: &answers, at: 0, strayed: false };
        P::step(config, copy, event.clone(), &mut replaying, &mut sink);
        if replaying.strayed || replaying.at != answers.len() {
            return Err(breach(
                law,
                format!("{me} asked the environment differently on {event:?}"),
            ));
        }
        Ok(sink)
    };
    let second = rerun(&mut again, env, Effects::new(), Law::Deterministic)?;
    if again != *state {
        let detail = format!("{me} on {event:?} went to {state:?}, then to {again:?}");
        return Err(breach(Law::Deterministic, detail));
    }
    if second.as_slice() != real {
        let detail = format!("{me} on {event:?} asked {real:?}, then {:?}", second.as_slice());
        return Err(breach(Law::Deterministic, detail));
    }
    let third = rerun(&mut silent, env, Effects::muted(), Law::ObservationIsInert)?;
    let heard = real.iter().filter(|effect| !matches!(effect, Effect::Observe(_)));
    if silent != *state || !third.as_slice().iter().eq(heard) {
        let detail = format!("{me} on {event:?} acted differently with nobody watching");
        return Err(breach(Law::ObservationIsInert, detail));
    }
    check_effects(me, next, real)
}

/// Checks L7: recovers from `disk` cut after each of its records in turn, twice, and starts.
/// Without a checkpoint the first cut is the empty disk; a checkpoint is never cut away.
pub fn recovers_anywhere<P>(
    me: NodeId,
    config: &P::Config,
    disk: &Recovered<P>,
    incarnation: Incarnation,
    env: &mut dyn Env,
) -> Result<(), Breach>
where
    P: Protocol<State: Clone + Eq>,
{
    let covered = disk.checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);
    for kept in 0..=disk.records.len() {
        let records = disk.records[..kept].to_vec();
        let next_seq = records.last().map_or(covered, |(seq, _)| seq.next().max(covered));
        let cut = Recovered { records, next_seq, ..disk.clone() };
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let mut state = P::recover(config, cut.clone());
            if state != P::recover(config, cut.clone()) {
                return Err(breach(Law::RecoversAnywhere, "two recoveries of one disk differ"));
            }
            let started = Event::<P>::Started { incarnation };
            let mut next = next_seq;
            let mut effects = Effects::new();
            step_lawfully(me, &mut next, config, &mut state, &started, env, &mut effects)
        }));
        match attempt {
            Ok(Ok(())) => {}
            Ok(Err(found)) => {
                let detail = format!("{me} with {kept} records kept: {found}");
                return Err(breach(Law::RecoversAnywhere, detail));
            }
            Err(panic) => {
                let said = panic_text(panic.as_ref());
                let detail = format!("{me} with {kept} records kept panicked: {said}");
                return Err(breach(Law::RecoversAnywhere, detail));
            }
        }
    }
    Ok(())
}

/// What a caught panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

enum Answer {
    Chose(u32, u32),
    Signed(Signature),
}

/// Notes what the environment answered where it may answer differently next time.
struct Recording<'a> {
    env: &'a mut dyn Env,
    answers: Vec<Answer>,
}

impl Env for Recording<'_> {
    fn monotonic(&self) -> Nanos {
        self.env.monotonic()
    }
    fn wall(&self) -> Interval {
        self.env.wall()
    }
    fn clock(&self) -> Wall {
        self.env.clock()
    }
    fn choose(&mut self, count: u32) -> u32 {
        let chosen = self.env.choose(count);
        self.answers.push(Answer::Chose(count, chosen));
        chosen
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        let signature = self.env.sign(message);
        self.answers.push(Answer::Signed(signature));
        signature
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.env.verify(signer, message, signature)
    }
}

/// Gives the noted answers again, and notes when the questions differ.
struct Replaying<'a> {
    env: &'a mut dyn Env,
    answers: &'a [Answer],
    at: usize,
    strayed: bool,
}

impl Env for Replaying<'_> {
    fn monotonic(&self) -> Nanos {
        self.env.monotonic()
    }
    fn wall(&self) -> Interval {
        self.env.wall()
    }
    fn clock(&self) -> Wall {
        self.env.clock()
    }
    fn choose(&mut self, count: u32) -> u32 {
        self.at += 1;
        match self.answers.get(self.at - 1) {
            Some(Answer::Chose(asked, chosen)) if *asked == count => *chosen,
            _ => {
                self.strayed = true;
                0
            }
        }
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        self.at += 1;
        if let Some(Answer::Signed(signature)) = self.answers.get(self.at - 1) {
            *signature
        } else {
            self.strayed = true;
            self.env.sign(message)
        }
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.env.verify(signer, message, signature)
    }
}

#[cfg(test)]
mod tests;
