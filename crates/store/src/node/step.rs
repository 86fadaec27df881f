//! The node's step: requests, the log as a child, deadlines, checkpoints.

use super::beacon;
use super::command::{Ask, Command, Output, Refused, Replied};
use super::config::{Config, NodeMutant};
use super::image::MachineImage;
use super::state::{Asked, Draft, State};
use avouch_agreement::log::{self, Log, Payload, Proposal};
use avouch_machine::{CommandId, Effect, Effects, Env, Event, Loaded, Protocol, Recovered};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{
    Blame, Decode, Envelope, Error, KeyspaceId, LogIndex, Nanos, Request, merkle,
};
use avouch_state::{Machine, Operation};
use std::sync::Arc;

/// The node as a protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node;

/// The node's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// One of its log's.
    Log(log::Timer),
    /// The earliest deadline of a request.
    Deadline,
}

/// What whoever watches may see of a node.
pub type Observation = log::Observation;

impl Protocol for Node {
    type Config = Config;
    type State = State;
    type Message = log::Message;
    type Command = Command;
    type Record = log::Record;
    type Image = log::Image<MachineImage>;
    type Output = Output;
    type Observation = Observation;
    type Timer = Timer;

    fn recover(config: &Config, recovered: Recovered<Self>) -> State {
        let image = recovered.checkpoint.as_ref().map(|(_, image)| image.state.clone());
        let last = image.as_ref().map(|image| image.last);
        let last = last.filter(|_| !config.has(NodeMutant::ForgetLastEntry));
        let machine = match image {
            Some(image) => Machine::clone(&image.machine),
            None => Machine::new(config.limits),
        };
        let recovered = Recovered {
            checkpoint: recovered.checkpoint,
            records: recovered.records,
            next_seq: recovered.next_seq,
            doubtful: recovered.doubtful,
        };
        State::new(Log::recover(&config.log, recovered), machine, last)
    }

    fn step(
        config: &Config,
        state: &mut State,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { config, state, env, effects, drafts: Vec::new(), tree: None };
        match event {
            Event::Command { id, command: Command::Ask(ask) } => turn.ask(id, &ask),
            Event::Command { id, command: Command::Depart } => {
                turn.log(Event::Command { id, command: log::Command::Depart });
            }
            Event::Timer(Timer::Deadline) => turn.expire(),
            Event::Timer(Timer::Log(timer)) => turn.log(Event::Timer(timer)),
            Event::Started { incarnation } => turn.log(Event::Started { incarnation }),
            Event::Message { from, message } => turn.log(Event::Message { from, message }),
            Event::Persisted(seq) => turn.log(Event::Persisted(seq)),
            Event::Checkpointed(seq) => turn.log(Event::Checkpointed(seq)),
            Event::Loaded { id, loaded } => {
                let loaded = match loaded {
                    Loaded::Records(records) => Loaded::Records(records),
                    Loaded::Chunk(chunk) => Loaded::Chunk(chunk),
                    Loaded::Missing => Loaded::Missing,
                    Loaded::Corrupt => Loaded::Corrupt,
                };
                turn.log(Event::Loaded { id, loaded });
            }
        }
        turn.finish();
    }
}

/// One step under way.
pub(super) struct Turn<'a> {
    pub(super) config: &'a Config,
    pub(super) state: &'a mut State,
    pub(super) env: &'a mut dyn Env,
    pub(super) effects: &'a mut Effects<Node>,
    /// Answers that are complete and leave at the end of the step.
    pub(super) drafts: Vec<Draft>,
    /// The tree over the requests of the entry that was asked for last.
    pub(super) tree: Option<(LogIndex, merkle::Tree)>,
}

impl Turn<'_> {
    /// Runs the log's step and takes its effects over.
    pub(super) fn log(&mut self, event: Event<Log<MachineImage>>) {
        let mut scratch = std::mem::take(&mut self.state.scratch.0);
        Log::step(&self.config.log, &mut self.state.log, event, self.env, &mut scratch);
        for effect in scratch.drain() {
            let effect = match effect {
                Effect::Send { to, message, after } => Effect::Send { to, message, after },
                Effect::Persist { seq, record } => Effect::Persist { seq, record },
                Effect::Checkpoint { seq, image } => Effect::Checkpoint { seq, image },
                Effect::Release { before } => Effect::Release { before },
                Effect::Load { id, what } => Effect::Load { id, what },
                Effect::SetTimer { key, at } => Effect::SetTimer { key: Timer::Log(key), at },
                Effect::CancelTimer(key) => Effect::CancelTimer(Timer::Log(key)),
                Effect::Observe(observation) => Effect::Observe(observation),
                Effect::Output { value, after: _ } => {
                    self.log_said(value);
                    continue;
                }
            };
            self.effects.push(effect);
        }
        self.state.scratch.0 = scratch;
    }

    fn log_said(&mut self, output: log::Output<MachineImage>) {
        match output {
            log::Output::Decided(entries) => self.apply(&entries),
            log::Output::Installed(image) => self.installed(&image),
            log::Output::Certified(certificate) => self.certify(certificate),
            log::Output::Readable(readable) => self.readable(readable),
            log::Output::Damaged => self.state.damaged = true,
            log::Output::Busy(digest) => {
                for id in self.state.writes.remove(&digest).unwrap_or_default() {
                    self.refuse(id, Refused::Busy);
                }
            }
            log::Output::ReadBusy(beacon::TICKET) => self.state.lighting = None,
            log::Output::ReadBusy(ticket) => self.refuse(CommandId(ticket), Refused::Busy),
        }
    }

    /// Takes a client's request in.
    fn ask(&mut self, id: CommandId, ask: &Ask) {
        let (operation, guarantee) = match self.examine(ask) {
            Ok(examined) => examined,
            Err(error) => return self.reply(id, Err(Refused::Error(error))),
        };
        let (count, length) = (self.state.asked.len(), ask.request.len());
        if !self.config.log.bounds.admits(count, self.state.asked_bytes, length) {
            return self.reply(id, Err(Refused::Busy));
        }
        let digest = Request::digest(&ask.request);
        let patience = ask.deadline.unwrap_or(self.config.patience);
        let deadline = self.env.monotonic().plus(patience);
        let evidence = ask.evidence;
        let passed_off = evidence && self.config.has(NodeMutant::ProveWriteByRead);
        let is_read = operation.is_read_only() || passed_off;
        let planted = self.config.has(NodeMutant::AnswerUndecided).then(|| operation.clone());
        let read = is_read.then_some(operation);
        self.state.asked.insert(id, Asked { digest, length, read, evidence, guarantee, deadline });
        self.state.asked_bytes += length;
        self.state.deadlines.insert((deadline, id));
        match guarantee {
            Guarantee::Eventual if is_read => self.answer_now(id),
            Guarantee::ConsistentPrefix if is_read => self.answer_prefix(id),
            _ if is_read && self.config.has(NodeMutant::AnswerLocally) => self.answer_now(id),
            Guarantee::StalenessByTime(bound) if is_read => {
                self.answer_stale(id, Nanos(bound.get()));
            }
            _ if is_read => self.ask_log(id),
            _ => {
                self.state.writes.entry(digest).or_default().push(id);
                let payload = Payload::with_digest(ask.request.clone(), digest);
                let command = log::Command::Propose(vec![Proposal { payload, attest: evidence }]);
                self.log(Event::Command { id, command });
                if let Some(operation) = planted {
                    self.answer_undecided(id, &operation);
                }
            }
        }
    }

    /// Asks the log from where on a read may be answered.
    pub(super) fn ask_log(&mut self, id: CommandId) {
        let Some(asked) = self.state.asked.get(&id) else { return };
        let (ticket, digest, attest) = (id.0, asked.digest, asked.evidence);
        let command = log::Command::Read { ticket, digest, attest };
        self.log(Event::Command { id, command });
    }

    /// Whether a request is meant for this group and can be served.
    fn examine(&self, ask: &Ask) -> Result<(Operation, Guarantee), Error> {
        let request = Envelope::open(&ask.request)
            .map_err(|error| Error::decode(Blame::Caller, "a request", &error))?;
        let scope = self.config.log.scope;
        if request.cluster != scope.cluster {
            let got = format!("a request for cluster {}", request.cluster);
            return Err(Error::new(Blame::Caller, format!("cluster {}", scope.cluster), got)
                .hint("this endpoint belongs to another cluster"));
        }
        if request.keyspace != scope.keyspace {
            let got = format!("keyspace {}", request.keyspace);
            return Err(Error::new(Blame::Caller, format!("keyspace {}", KeyspaceId(0)), got)
                .hint("only the default keyspace is served"));
        }
        let operation = Operation::from_bytes(request.body)
            .map_err(|error| Error::decode(Blame::Caller, "an operation", &error))?;
        let intent = operation.intent();
        if request.intent != intent {
            let (expected, got) = (format!("a request to {intent}"), request.intent);
            return Err(Error::new(Blame::Caller, expected, format!("one to {got}"))
                .hint("a request's intent is that of the operation in its body"));
        }
        let guarantee: Guarantee = request.guarantee.parse()?;
        guarantee.require_served()?;
        if !operation.is_read_only() && guarantee != Guarantee::Linearizable {
            let got = format!("a write with `{guarantee}`");
            return Err(Error::new(Blame::Caller, "a write with `linearizable`", got)
                .hint("in a log keyspace every write is linearizable; ask reads for less"));
        }
        Ok((operation, guarantee))
    }

    /// What every step ends with: complete answers leave, the timer stands at the next deadline,
    /// and a checkpoint is taken when it is time.
    fn finish(&mut self) {
        self.answer_clockless();
        self.send_drafts();
        self.checkpoint();
        let next = self.state.deadlines.first().map(|(at, _)| *at);
        if next != self.state.timer {
            self.state.timer = next;
            match next {
                Some(at) => self.effects.set_timer(Timer::Deadline, at),
                None => self.effects.push(Effect::CancelTimer(Timer::Deadline)),
            }
        }
    }

    fn checkpoint(&mut self) {
        let state = &mut *self.state;
        let entries = state.applied.0 - state.checkpointed.0;
        let due = entries >= self.config.checkpoint_entries
            || state.since_checkpoint_bytes >= self.config.checkpoint_bytes
            || (state.damaged && state.applied > LogIndex(0));
        if !due || state.log.compacting() || state.log.in_doubt() {
            return;
        }
        let index = state.applied;
        let Some(last) = state.recent_at(index).map(|recent| recent.header) else { return };
        state.checkpointed = index;
        state.since_checkpoint_bytes = 0;
        state.damaged = false;
        let image = MachineImage { machine: Arc::new(state.machine.clone()), last };
        let command = log::Command::Compact { index, state: image };
        self.log(Event::Command { id: CommandId(0), command });
    }

    /// Refuses what has waited long enough.
    fn expire(&mut self) {
        self.state.timer = None;
        let now = self.env.monotonic();
        while let Some((at, id)) = self.state.deadlines.first().copied() {
            if at > now {
                return;
            }
            self.state.deadlines.pop_first();
            let detail = self.why_late(id);
            self.abandon(id);
            self.refuse(id, Refused::Deadline { detail });
        }
    }

    /// Why requests wait, as far as this node can tell.
    fn what_is_missing(&self) -> String {
        let (log, me) = (&self.state.log, self.config.log.me);
        let (voters, quorum) = (log.membership().voters.len(), log.membership().quorum());
        if log.in_doubt() {
            format!("{me} lost the tail of its log and waits for {quorum} of {voters} voters")
        } else if !log.connected() {
            format!("minority side: {me} hears from fewer than {quorum} of {voters} voters")
        } else if log.promised().round == 0 {
            "no leader is elected yet".to_owned()
        } else {
            format!(
                "no quorum of {quorum} of {voters} voters answered the leader {} in time",
                log.promised().leader
            )
        }
    }

    /// The same of one request: one that a clock would have answered says what the clock lacks.
    fn why_late(&self, id: CommandId) -> String {
        let missing = self.what_is_missing();
        let guarantee = self.state.asked.get(&id).map(|asked| asked.guarantee);
        let Some(asked @ Guarantee::StalenessByTime(_)) = guarantee else { return missing };
        let (me, clock) = (self.config.log.me, self.env.clock());
        if clock.is_bounded() {
            format!("{missing}; and {me} has no state that its clock ({clock}) shows to be {asked}")
        } else {
            format!("{missing}; and {me}'s clock has {clock}, so that no state's age is known")
        }
    }

    /// Forgets a request wherever it waits.
    pub(super) fn abandon(&mut self, id: CommandId) {
        let Some(asked) = self.state.asked.get(&id) else { return };
        let digest = asked.digest;
        if let Some(waiting) = self.state.writes.get_mut(&digest) {
            waiting.retain(|other| *other != id);
            if waiting.is_empty() {
                self.state.writes.remove(&digest);
                self.log(Event::Command { id, command: log::Command::Forget(digest) });
            }
        } else if asked.read.is_some() {
            self.log(Event::Command { id, command: log::Command::ForgetRead(id.0) });
        }
        self.state.granted.retain(|granted| granted.id != id);
        self.state.prefixes.retain(|other| *other != id);
        self.state.uncertified.retain(|draft| draft.id != id);
    }

    pub(super) fn refuse(&mut self, id: CommandId, refused: Refused) {
        self.reply(id, Err(refused));
    }

    /// Replies, and forgets that the request waits.
    pub(super) fn reply(&mut self, id: CommandId, reply: Result<Replied, Refused>) {
        self.state.clockless.remove(&id);
        if let Some(asked) = self.state.asked.remove(&id) {
            self.state.deadlines.remove(&(asked.deadline, id));
            self.state.asked_bytes -= asked.length;
        }
        self.effects.output(Output { id, reply });
    }

    /// Hops between nodes on the causal chain of an answer of this node: request to leader, entry
    /// or question to a voter, acknowledgement, news of the decision. They follow from the role in
    /// which the node answers, whatever it was when it was asked: who became leader meanwhile
    /// proposed the request itself. A message sent again is caused by a timer and adds no hop.
    pub(super) fn hops(&self, guarantee: Guarantee) -> u32 {
        let leads = self.state.log.leads().is_some();
        match guarantee {
            Guarantee::ConsistentPrefix | Guarantee::Eventual => 0,
            _ if self.state.log.membership().voters.len() == 1 => 0,
            _ if leads => 2,
            _ => 4,
        }
    }
}
