//! The one step: dispatch, timers, and what every step ends with.

use super::command::{Command, Observation, Output, Proposal};
use super::config::Config;
use super::image::{Image, Snapshot};
use super::message::Message;
use super::record::{Folded, Record};
use super::state::{Lender, Role, State};
use super::tail::Place;
use crate::election::Verdict;
use crate::mutant::Mutant;
use avouch_machine::{Effect, Effects, Env, Event, Protocol, Recovered, Seq};
use avouch_promise::{
    Ack, Ballot, Digest, Incarnation, LogIndex, Nanos, NodeId, Signed, WallTime, invariant,
};
use std::marker::PhantomData;

/// The log as a protocol; `I` is the machine's state in checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Log<I>(PhantomData<I>);

/// The log's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The end of an election period.
    Election,
    /// Look for what was not answered.
    Resend,
    /// Requests of one moment are together. Due at once: a host takes in all that has come before
    /// it looks at its timers.
    Gather,
}

impl<I: Snapshot> Protocol for Log<I> {
    type Config = Config;
    type State = State<I>;
    type Message = Message;
    type Command = Command<I>;
    type Record = Record;
    type Image = Image<I>;
    type Output = Output<I>;
    type Observation = Observation;
    type Timer = Timer;

    fn recover(config: &Config, recovered: Recovered<Self>) -> State<I> {
        let image = recovered.checkpoint.as_ref().map(|(_, image)| image);
        let mut folded = Folded::from_image(image, &config.founding);
        let covered = recovered.checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);
        folded.fold_all(covered, &recovered.records, config.mutant);
        folded.doubtful |= recovered.doubtful;
        if config.has(Mutant::VoteInDoubt) {
            folded.doubtful = false;
        }
        State::new(config.me, folded, recovered.next_seq)
    }

    fn step(
        config: &Config,
        state: &mut State<I>,
        event: Event<Self>,
        env: &mut dyn Env,
        effects: &mut Effects<Self>,
    ) {
        let mut turn = Turn { config, state, env, effects };
        turn.take(event);
        turn.finish();
    }
}

/// One step under way.
pub(super) struct Turn<'a, I: Snapshot> {
    pub(super) config: &'a Config,
    pub(super) state: &'a mut State<I>,
    pub(super) env: &'a mut dyn Env,
    pub(super) effects: &'a mut Effects<Log<I>>,
}

impl<I: Snapshot> Turn<'_, I> {
    fn take(&mut self, event: Event<Log<I>>) {
        match event {
            Event::Started { incarnation } => self.started(incarnation),
            Event::Message { from, message } => self.message(from, message),
            Event::Command { id: _, command } => self.command(command),
            Event::Timer(Timer::Election) => self.election_timer(),
            Event::Timer(Timer::Resend) => self.resend_timer(),
            Event::Timer(Timer::Gather) => self.gathered(),
            Event::Persisted(seq) => self.persisted(seq),
            Event::Loaded { id, loaded } => self.loaded(id, loaded),
            Event::Checkpointed(seq) => self.checkpointed(seq),
        }
    }

    fn started(&mut self, incarnation: Incarnation) {
        self.state.incarnation = incarnation;
        let me = self.config.me;
        let period = if self.config.heartbeats { incarnation.0 << 32 } else { 0 };
        self.state.election = crate::election::Election::new(me, self.state.promised, period);
        let now = self.env.monotonic();
        self.effects.set_timer(Timer::Election, now);
        self.effects.set_timer(Timer::Resend, now.plus(self.config.timing.resend));
        if self.state.doubt.is_some() {
            self.effects.observe(Observation::Doubtful);
            // So that whoever hears of this node's log hears from which start on it counts.
            self.state.known.raise(me, incarnation);
            self.restate();
            self.ask_to_rejoin();
        }
    }

    fn message(&mut self, from: NodeId, message: Message) {
        if !self.state.membership.contains(from) {
            return;
        }
        if self.state.doubt.is_some() && !message.heard_in_doubt() {
            return;
        }
        self.state.departed.remove(&from);
        match message {
            Message::Heartbeat { period, status } => {
                self.state.election.heard(from, status);
                let (status, decided) = (self.state.election.status(), self.state.decided);
                self.effects.send(from, Message::HeartbeatReply { period, status, decided });
            }
            Message::HeartbeatReply { period, status, decided } => {
                let now = self.env.monotonic();
                self.state.election.replied(from, period, status, now);
                self.ask_neighbour(from, decided);
            }
            Message::Prepare { ballot, speaker, accepted, end, decided } => {
                self.asked(from, ballot, &speaker, (accepted, end), decided);
            }
            Message::Promise { ballot, asked, vote } => self.answered(from, ballot, asked, *vote),
            Message::Append { ballot, previous, entries, decided, attest, sync } => {
                self.append(from, ballot, previous, &entries, decided, attest, sync);
            }
            Message::Accepted { ballot, speaker, index, chain, ack } => {
                if self.counts(from, &speaker) {
                    self.accepted(from, ballot, index, chain, ack);
                }
            }
            Message::Decide { ballot, decided, certificate } => {
                self.decide(ballot, decided, certificate);
            }
            Message::WantCertificate { ballot } => self.want_certificate(from, ballot),
            Message::Refused { promised } => self.refused(promised),
            Message::Behind { ballot, decided } => self.behind(from, ballot, decided),
            Message::Fetch { after } => self.serve(from, after),
            Message::Fetched { entries, decided } => self.fetched(from, &entries, decided),
            Message::FetchChunk { checkpoint, offset } => {
                self.lend_chunk(from, checkpoint, offset);
            }
            Message::Chunk { checkpoint, offset, bytes, total } => {
                self.chunk(Lender { node: from, checkpoint, total }, offset, bytes);
            }
            Message::Forward { requests, attest } => {
                let propose = |payload| Proposal { payload, attest };
                self.enqueue(requests.into_iter().map(propose));
            }
            Message::ReadAsk { round, root, attest } if round.node == from => {
                self.read_asked(round, root, attest);
            }
            Message::ReadAsk { .. }
            | Message::Seen { .. }
            | Message::Probe { .. }
            | Message::Probed { .. } => {}
            Message::Confirm { ballot, round, root, attest } => {
                self.confirm(from, ballot, round, root, attest);
            }
            Message::Confirmed { ballot, speaker, round, accepted, ack } => {
                if self.counts(from, &speaker) {
                    self.confirmed(from, ballot, round, accepted, ack);
                }
            }
            Message::ReadGrant { round, index, acks } => self.granted(round, index, acks),
            Message::Rejoin { incarnation, decided } => self.rejoin(from, incarnation, decided),
            Message::Rejoined { incarnation, vote } => self.rejoined(from, incarnation, *vote),
            Message::Farewell { given_up } => self.farewell(from, given_up),
        }
    }

    fn command(&mut self, command: Command<I>) {
        match command {
            Command::Propose(proposals) => self.propose(proposals),
            Command::Forget(digest) => {
                self.state.mine.remove(&digest);
            }
            Command::Read { ticket, digest, attest } => self.read(ticket, digest, attest),
            Command::ForgetRead(ticket) => self.forget_read(ticket),
            Command::Compact { index, state } => self.compact(index, state),
            Command::Depart => self.depart(),
        }
    }

    fn election_timer(&mut self) {
        let (now, usual) = (self.env.monotonic(), self.config.timing.election);
        if self.state.doubt.is_some() || !self.config.heartbeats {
            self.effects.set_timer(Timer::Election, now.plus(usual));
            if self.state.doubt.is_none() {
                let ballot = self.state.election.usurp();
                self.campaign(ballot);
            }
            return;
        }
        self.state.stalled_at = Some(self.state.decided);
        let quorum = self.state.membership.quorum();
        let (verdict, period) = self.state.election.turn(quorum, usual, now);
        let next = now.plus(self.stretched(usual));
        self.effects.set_timer(Timer::Election, next);
        let status = self.state.election.status();
        self.broadcast(&Message::Heartbeat { period, status });
        if let Verdict::Elected(ballot) = verdict {
            if ballot.leader == self.config.me {
                self.campaign(ballot);
            } else if !matches!(self.state.role, Role::Follower) {
                self.step_down(ballot);
            }
        }
        self.attest_idle();
    }

    /// A time that fits the round trips that the election has met.
    fn stretched(&self, usual: Nanos) -> Nanos {
        if self.config.has(Mutant::FixedPeriod) {
            return usual;
        }
        self.state.election.stretched(usual)
    }

    fn resend_timer(&mut self) {
        let next = self.env.monotonic().plus(self.stretched(self.config.timing.resend));
        self.effects.set_timer(Timer::Resend, next);
        self.resend_transfer();
        self.look_at_lending();
        if self.state.doubt.is_some() {
            return self.ask_to_rejoin();
        }
        self.resend_as_leader();
        self.resend_own();
        self.resend_reads();
        self.ask_for_certificate();
    }

    /// What every step ends with: proposals go out, decided entries come out.
    fn finish(&mut self) {
        self.flush_proposals();
        self.flush_reads();
        self.advance();
        self.flush_proposals(); // what was decided has made room
        self.emit();
    }

    /// Puts out what is decided, and frees memory that only laggards could want.
    fn emit(&mut self) {
        let state = &mut *self.state;
        if state.decided > state.emitted {
            let Some(mut entries) = state.tail.after_index(state.emitted, usize::MAX) else {
                return;
            };
            entries.truncate((state.decided.0 - state.emitted.0) as usize);
            invariant!(I2, !entries.is_empty(), "decided entries are in memory until put out");
            state.emitted = LogIndex(state.emitted.0 + entries.len() as u64);
            for payload in entries.iter().flat_map(|entry| entry.requests()) {
                state.mine.remove(&payload.digest());
                if let Role::Leading(leading) = &mut state.role {
                    leading.queued.remove(&payload.digest());
                }
            }
            self.effects.output(Output::Decided(entries));
        }
        let keep = self.config.bounds.memory;
        self.state.tail.evict(self.state.emitted, keep);
    }

    /// Appends a record to the log on disk.
    pub(super) fn persist(&mut self, record: Record) -> Seq {
        let seq = self.state.disk.next;
        self.state.disk.next = seq.next();
        self.effects.persist(seq, record);
        seq
    }

    /// Notes that after the last record the log on disk is as it is in memory.
    pub(super) fn mark(&mut self, seq: Seq) {
        let (ballot, end) = (self.state.accepted, self.state.tail.end());
        self.state.disk.marks.push_back((seq, ballot, end));
    }

    fn persisted(&mut self, seq: Seq) {
        let disk = &mut self.state.disk;
        disk.durable = disk.durable.max(seq);
        while let Some((at, ballot, place)) = disk.marks.front().copied() {
            if at > seq {
                break;
            }
            disk.durable_log = (ballot, place);
            disk.marks.pop_front();
        }
        self.report();
        self.finish_compaction();
    }

    /// Raises the promise, durably; true when it rose.
    pub(super) fn raise_promise(&mut self, ballot: Ballot) {
        invariant!(I1, ballot >= self.state.promised, "promise falls to {ballot}");
        if ballot > self.state.promised {
            self.state.promised = ballot;
            self.state.following = super::state::Following::default();
            self.state.election.promised(ballot);
            let seq = self.persist(Record::Promise(ballot));
            self.state.disk.promise = seq;
        }
    }

    /// Sends to every other voter.
    pub(super) fn broadcast(&mut self, message: &Message) {
        let others: Vec<_> = self.state.membership.others(self.config.me).collect();
        for to in others {
            self.effects.send(to, message.clone());
        }
    }

    /// Sends once everything persisted so far is durable.
    pub(super) fn send_durably(&mut self, to: NodeId, message: Message) {
        let last = Seq(self.state.disk.next.0 - 1);
        let after = (last > self.state.disk.durable).then_some(last);
        self.effects.push(Effect::Send { to, message, after });
    }

    /// The durable log of this node, when it was accepted in the ballot that is promised (I3).
    pub(super) fn durable_in_promised(&self) -> Option<Place> {
        let (ballot, place) = self.state.disk.durable_log;
        let current =
            ballot.round > 0 && ballot == self.state.promised && self.state.accepted == ballot;
        current.then_some(place)
    }

    /// This node's signed acknowledgement of its durable log.
    pub(super) fn acknowledge(&mut self, place: Place, root: Digest) -> Signed {
        let ack = Ack {
            scope: self.config.scope,
            epoch: self.state.membership.epoch,
            ballot: self.state.promised,
            voter: self.config.me,
            incarnation: self.state.incarnation,
            accepted: place.index,
            chain: place.chain,
            root,
            until: WallTime(0),
        };
        Signed::one(self.config.me, &ack, |message| self.env.sign(message))
    }

    /// Follows a higher ballot.
    pub(super) fn step_down(&mut self, ballot: Ballot) {
        if !matches!(self.state.role, Role::Follower) {
            self.state.role = Role::Follower;
            self.effects.observe(Observation::Following(ballot));
        }
    }

    fn refused(&mut self, promised: Ballot) {
        self.state.election.promised(promised);
        let lower = match &self.state.role {
            Role::Preparing(preparing) => preparing.ballot < promised,
            Role::Leading(leading) => leading.ballot < promised,
            Role::Follower => false,
        };
        if lower {
            self.step_down(promised);
        }
    }
}

impl Message {
    /// Whether a node that doubts its disk may take this in: nothing that asks for its vote.
    fn heard_in_doubt(&self) -> bool {
        matches!(
            self,
            Self::Rejoined { .. }
                | Self::Rejoin { .. }
                | Self::Fetched { .. }
                | Self::Chunk { .. }
                | Self::Farewell { .. }
        )
    }
}
