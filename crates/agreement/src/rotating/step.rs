//! One node's steps: see the module above for the rules, which the functions follow by number.

use super::{Config, Message, Mutant, Oracle, Rotating, Timer, Value};
use crate::detector::watch::Watch;
use avouch_machine::{Effect, Effects, Event};
use avouch_promise::{Incarnation, Nanos, NodeId, invariant};
use std::collections::{BTreeMap, BTreeSet};

type Sink = Effects<Rotating>;

/// What a coordinator knows of one of its rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Coordinated {
    estimates: BTreeMap<NodeId, (Value, u64)>,
    proposed: Option<Value>,
    replies: BTreeMap<NodeId, bool>,
}

/// What a node knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// 0: not started, or silent for ever.
    round: u64,
    value: Value,
    stamp: u64,
    /// Rounds that this node coordinates, from its own round on.
    coordinated: BTreeMap<u64, Coordinated>,
    /// The rounds whose proposals it took over, as far as anybody may still ask.
    agreed: BTreeSet<u64>,
    /// As coordinator: whether it has answered its own proposal and waits for others'.
    waits: bool,
    decided: Option<Value>,
    incarnation: Incarnation,
    started: Nanos,
    sequence: u64,
    watch: Option<Watch>,
}

impl State {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            round: 0,
            value: config.proposal,
            stamp: 0,
            coordinated: BTreeMap::new(),
            agreed: BTreeSet::new(),
            waits: false,
            decided: None,
            incarnation: Incarnation::default(),
            started: Nanos::ZERO,
            sequence: 0,
            watch: None,
        }
    }

    /// The round it is in.
    pub fn round(&self) -> u64 {
        self.round
    }

    /// What it decided.
    pub fn decided(&self) -> Option<Value> {
        self.decided
    }

    /// Its view of the others, unless an adversary has it.
    pub fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref()
    }

    pub(super) fn take(
        &mut self,
        config: &Config,
        event: &Event<Rotating>,
        now: Nanos,
        effects: &mut Sink,
    ) {
        match *event {
            Event::Started { incarnation } => self.start(config, incarnation, now, effects),
            // A node that came back keeps silent: it may have said anything.
            _ if self.round == 0 => {}
            Event::Message { from, message } => self.hear(config, from, message, now, effects),
            Event::Timer(Timer::Beat) => self.beat(config, now, effects),
            Event::Timer(Timer::Suspect) if self.watch.is_none() => self.refuse(config, effects),
            Event::Timer(Timer::Resend) => self.say_again(config, now, effects),
            _ => {}
        }
        if self.round > 0 {
            self.look(config, now, effects);
        }
    }

    fn start(&mut self, config: &Config, incarnation: Incarnation, now: Nanos, effects: &mut Sink) {
        if incarnation > Incarnation(1) && !config.is(Mutant::ComeBack) {
            return;
        }
        (self.incarnation, self.started) = (incarnation, now);
        if let Oracle::Detectors(settings) = config.oracle {
            self.watch = Some(Watch::new(settings, config.me, &config.members, now));
            effects.set_timer(Timer::Beat, now.plus(settings.interval));
        }
        if config.resend > Nanos::ZERO {
            effects.set_timer(Timer::Resend, now.plus(config.resend));
        }
        self.enter(config, 1, effects);
    }

    /// Phase 1 of `round`.
    fn enter(&mut self, config: &Config, round: u64, effects: &mut Sink) {
        self.move_to(config, round);
        let coordinator = config.coordinator(round);
        let (value, stamp) = (self.value, self.stamp);
        if coordinator == config.me {
            self.coordinated.entry(round).or_default().estimates.insert(config.me, (value, stamp));
            self.propose(config, effects);
        } else {
            effects.send(coordinator, Message::Estimate { round, value, stamp });
        }
    }

    fn move_to(&mut self, config: &Config, round: u64) {
        invariant!(I1, round > self.round, "from round {} to {round}", self.round);
        self.round = round;
        self.waits = false;
        self.coordinated.retain(|of, _| *of >= round);
        let forgotten = round.saturating_sub(2 * config.members.len() as u64);
        self.agreed.retain(|of| *of >= forgotten);
    }

    fn hear(
        &mut self,
        config: &Config,
        from: NodeId,
        message: Message,
        now: Nanos,
        effects: &mut Sink,
    ) {
        match message {
            Message::Heartbeat { incarnation, sequence } => {
                if let Some(watch) = &mut self.watch {
                    watch.heard(from, incarnation, sequence, now);
                }
            }
            Message::Decision { value } => self.decide(config, value, effects),
            asked => match self.decided {
                Some(value) => effects.send(from, Message::Decision { value }),
                None => self.hear_undecided(config, from, asked, effects),
            },
        }
    }

    fn hear_undecided(
        &mut self,
        config: &Config,
        from: NodeId,
        message: Message,
        effects: &mut Sink,
    ) {
        match message {
            Message::Estimate { round, value, stamp } => {
                if config.coordinator(round) == config.me {
                    self.estimated(config, from, round, (value, stamp), effects);
                }
            }
            Message::Proposal { round, value } => {
                if config.coordinator(round) == from {
                    self.proposed(config, from, round, value, effects);
                }
            }
            Message::Reply { round, yes } => {
                if round == self.round && self.waits {
                    let of = self.coordinated.entry(round).or_default();
                    of.replies.entry(from).or_insert(yes);
                    self.conclude(config, effects);
                }
            }
            Message::Later { round } => {
                if round > self.round && !self.waits {
                    self.enter(config, round, effects);
                }
            }
            Message::Heartbeat { .. } | Message::Decision { .. } => {}
        }
    }

    /// Phase 2: somebody's estimate came.
    fn estimated(
        &mut self,
        config: &Config,
        from: NodeId,
        round: u64,
        estimate: (Value, u64),
        effects: &mut Sink,
    ) {
        if round < self.round {
            effects.send(from, Message::Later { round: self.round });
            return;
        }
        self.coordinated.entry(round).or_default().estimates.insert(from, estimate);
        if round == self.round {
            self.propose(config, effects);
        } else if !self.waits {
            self.enter(config, round, effects);
        }
    }

    /// Phase 2: proposes once a majority's estimates are there.
    fn propose(&mut self, config: &Config, effects: &mut Sink) {
        let round = self.round;
        let needed = config.majority() - usize::from(config.is(Mutant::GatherBelowMajority));
        let of = self.coordinated.entry(round).or_default();
        if of.proposed.is_some() || of.estimates.len() < needed {
            return;
        }
        let youngest = of.estimates.values().max_by_key(|(_, stamp)| *stamp);
        let Some((value, stamp)) = youngest.copied() else { return };
        invariant!(I1, stamp < round, "an estimate of round {round} stamped {stamp}");
        let value = if config.is(Mutant::ProposeOwn) { self.value } else { value };
        of.proposed = Some(value);
        of.replies.insert(config.me, true);
        self.adopt(config, round, value);
        self.waits = true;
        to_others(config, &Message::Proposal { round, value }, effects);
        self.conclude(config, effects);
    }

    fn adopt(&mut self, config: &Config, round: u64, value: Value) {
        let broken = config.is(Mutant::AdoptAfterRefusing);
        invariant!(I1, self.stamp < round || broken, "stamp {} then {round}", self.stamp);
        self.agreed.insert(round);
        if config.is(Mutant::AgreeWithoutAdopting) {
            return;
        }
        self.value = value;
        if !config.is(Mutant::ForgetStamp) {
            self.stamp = round;
        }
    }

    /// Phase 3: a coordinator's proposal came.
    fn proposed(
        &mut self,
        config: &Config,
        from: NodeId,
        round: u64,
        value: Value,
        effects: &mut Sink,
    ) {
        if round > self.round {
            if self.waits {
                return;
            }
            self.move_to(config, round);
        }
        if round < self.round {
            if config.is(Mutant::AdoptAfterRefusing) && self.stamp < round {
                self.adopt(config, round, value);
            }
            let yes = self.agreed.contains(&round);
            effects.send(from, Message::Reply { round, yes });
            return;
        }
        self.adopt(config, round, value);
        effects.send(from, Message::Reply { round, yes: true });
        self.enter(config, round + 1, effects);
    }

    /// Phase 3: the coordinator is suspected.
    fn refuse(&mut self, config: &Config, effects: &mut Sink) {
        let (round, coordinator) = (self.round, config.coordinator(self.round));
        if coordinator != config.me && self.decided.is_none() {
            effects.send(coordinator, Message::Reply { round, yes: false });
            self.enter(config, round + 1, effects);
        }
    }

    /// Phase 4: decides, or gives the round up, once a majority has replied.
    fn conclude(&mut self, config: &Config, effects: &mut Sink) {
        let needed = config.majority() - usize::from(config.is(Mutant::DecideBelowMajority));
        let of = self.coordinated.entry(self.round).or_default();
        let (Some(value), true) = (of.proposed, of.replies.len() >= needed) else { return };
        if config.is(Mutant::CountRefusals) || of.replies.values().all(|yes| *yes) {
            self.decide(config, value, effects);
        } else {
            self.enter(config, self.round + 1, effects);
        }
    }

    fn decide(&mut self, config: &Config, value: Value, effects: &mut Sink) {
        if self.decided.is_none() {
            self.decided = Some(value);
            self.waits = false;
            effects.output(value);
            to_others(config, &Message::Decision { value }, effects);
        }
    }

    /// Says again what is not answered.
    fn say_again(&mut self, config: &Config, now: Nanos, effects: &mut Sink) {
        let (round, value, stamp) = (self.round, self.value, self.stamp);
        if self.decided.is_some() {
            return;
        }
        let coordinator = config.coordinator(round);
        if coordinator == config.me {
            let (again, heard) = self.coordinating();
            for other in config.members.iter().filter(|id| **id != config.me) {
                if !heard.contains(other) {
                    effects.send(*other, again);
                }
            }
        } else {
            effects.send(coordinator, Message::Estimate { round, value, stamp });
        }
        effects.set_timer(Timer::Resend, now.plus(config.resend));
    }

    /// What this node, as coordinator, waits to have answered, and by whom it is.
    fn coordinating(&self) -> (Message, BTreeSet<NodeId>) {
        let round = self.round;
        let of = self.coordinated.get(&round).cloned().unwrap_or_default();
        match of.proposed {
            Some(value) => (Message::Proposal { round, value }, of.replies.into_keys().collect()),
            None => (Message::Later { round }, of.estimates.into_keys().collect()),
        }
    }

    fn beat(&mut self, config: &Config, now: Nanos, effects: &mut Sink) {
        let Oracle::Detectors(settings) = config.oracle else { return };
        self.sequence += 1;
        let (incarnation, sequence) = (self.incarnation, self.sequence);
        to_others(config, &Message::Heartbeat { incarnation, sequence }, effects);
        let next = self.started.plus(settings.interval.times(self.sequence + 1));
        effects.set_timer(Timer::Beat, next.max(now));
    }

    /// Leaves the rounds whose coordinators are suspected, and waits for the next suspicion.
    fn look(&mut self, config: &Config, now: Nanos, effects: &mut Sink) {
        let Some(watch) = &self.watch else {
            let waiting = config.coordinator(self.round) != config.me && self.decided.is_none();
            if waiting {
                effects.set_timer(Timer::Suspect, now);
            } else {
                effects.push(Effect::CancelTimer(Timer::Suspect));
            }
            return;
        };
        let (suspects, deadline) = (watch.suspects(now), watch.deadline(now));
        while self.decided.is_none() && suspects.contains(&config.coordinator(self.round)) {
            self.refuse(config, effects);
        }
        if let Some(deadline) = deadline {
            effects.set_timer(Timer::Suspect, deadline);
        }
    }
}

fn to_others(config: &Config, message: &Message, effects: &mut Sink) {
    for other in config.members.iter().filter(|id| **id != config.me) {
        effects.send(*other, *message);
    }
}
