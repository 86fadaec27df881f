//! Our log alone, without the machine that a store puts on top: log beside log.

use super::super::farewell_of;
use super::{Decided, Setup, Subject};
use avouch_agreement::Membership;
use avouch_agreement::explore::{Explored, Reached, image_bytes};
use avouch_agreement::log::{
    Command, Config, Image, Message, Observation, Output, Payload, Proposal, Record, State, Timer,
};
use avouch_machine::{Effect, Effects, Env, Event, Loaded, Protocol, Recovered};
use avouch_promise::{NodeId, Scope};
use avouch_world::Simulated;
use bytes::Bytes;
use std::ops::Range;

/// The log as it ships, over a machine that only knows how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bare;

impl Protocol for Bare {
    type Config = Config;
    type State = State<Reached>;
    type Message = Message;
    type Command = Command<Reached>;
    type Record = Record;
    type Image = Image<Reached>;
    type Output = Output<Reached>;
    type Observation = Observation;
    type Timer = Timer;

    fn recover(config: &Config, recovered: Recovered<Self>) -> State<Reached> {
        let Recovered { checkpoint, records, next_seq, doubtful } = recovered;
        Explored::recover(config, Recovered { checkpoint, records, next_seq, doubtful })
    }

    fn step(
        config: &Config,
        state: &mut State<Reached>,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let mut scratch = Effects::new();
        Explored::step(config, state, inward(event), env, &mut scratch);
        for effect in scratch.drain() {
            effects.push(outward(effect));
        }
    }
}

fn inward(event: Event<Bare>) -> Event<Explored> {
    match event {
        Event::Started { incarnation } => Event::Started { incarnation },
        Event::Message { from, message } => Event::Message { from, message },
        Event::Command { id, command } => Event::Command { id, command },
        Event::Timer(timer) => Event::Timer(timer),
        Event::Persisted(seq) => Event::Persisted(seq),
        Event::Checkpointed(seq) => Event::Checkpointed(seq),
        Event::Loaded { id, loaded } => {
            let loaded = match loaded {
                Loaded::Records(records) => Loaded::Records(records),
                Loaded::Chunk(chunk) => Loaded::Chunk(chunk),
                Loaded::Missing => Loaded::Missing,
                Loaded::Corrupt => Loaded::Corrupt,
            };
            Event::Loaded { id, loaded }
        }
    }
}

fn outward(effect: Effect<Explored>) -> Effect<Bare> {
    match effect {
        Effect::Send { to, message, after } => Effect::Send { to, message, after },
        Effect::Persist { seq, record } => Effect::Persist { seq, record },
        Effect::Checkpoint { seq, image } => Effect::Checkpoint { seq, image },
        Effect::Release { before } => Effect::Release { before },
        Effect::Load { id, what } => Effect::Load { id, what },
        Effect::SetTimer { key, at } => Effect::SetTimer { key, at },
        Effect::CancelTimer(key) => Effect::CancelTimer(key),
        Effect::Output { value, after } => Effect::Output { value, after },
        Effect::Observe(observation) => Effect::Observe(observation),
    }
}

impl Simulated for Bare {
    fn image_bytes(image: &Image<Reached>) -> Bytes {
        image_bytes(image)
    }

    fn farewell(stopped: NodeId) -> Option<Message> {
        Some(farewell_of(stopped))
    }
}

impl Subject for Bare {
    fn configs(setup: &Setup) -> Vec<Config> {
        let voters = Membership::founding((1..=setup.nodes).map(NodeId).collect());
        let config = |me| Config::new(NodeId(me), Scope::default(), voters.clone(), setup.timeout);
        (1..=setup.nodes).map(config).collect()
    }

    fn propose(numbers: Range<u64>) -> Command<Reached> {
        let proposal = |number: u64| {
            let bytes = Bytes::copy_from_slice(&number.to_le_bytes());
            Proposal { payload: Payload::new(bytes), attest: false }
        };
        Command::Propose(numbers.map(proposal).collect())
    }

    fn decided(output: &Output<Reached>) -> Vec<Decided> {
        let Output::Decided(entries) = output else { return Vec::new() };
        let mut decided = Vec::new();
        for entry in entries {
            for (at, request) in (0..).zip(entry.requests()) {
                let place = (entry.index().0 << 16) + at;
                if let Ok(bytes) = request.bytes().as_ref().try_into() {
                    decided.push(Decided { place, number: u64::from_le_bytes(bytes) });
                }
            }
        }
        decided
    }

    fn leads(state: &State<Reached>) -> Option<u64> {
        state.leads().map(|ballot| ballot.round)
    }

    fn length(state: &State<Reached>) -> u64 {
        state.end().index.0
    }
}
