//! The step thread: one loop that takes in, steps, syncs and lets go.
//!
//! ```text
//!   wait for an input or a timer
//!     -> step every input that is there, and every timer that is due   (appends gather in memory)
//!     -> one sync -> step Persisted -> let go what waited for it       (until nothing new is there)
//! ```
//!
//! While a batch is synced the next one gathers in the queue: the more clients there are, the more
//! of them share a sync.

use super::config::HostConfig;
use super::environment::SystemEnv;
use super::gauges::Shared;
use super::intake::{Input, Intake, Outlet, Reply};
use super::lookout::Post;
use super::mutant::HostMutant;
use super::pins::Pins;
use super::recorder::Recorder;
use super::recover::{Start, nothing};
use super::timers::Timers;
use super::workers::Worker;
use crate::clock::Keeper;
use crate::disk::{Checkpoints, Data, Scrubber, Wal};
use crate::node::{self, Command, MachineImage, Node, Output, State};
use crate::wire::peer::Mesh;
use avouch_agreement::log::{Image, Message};
use avouch_machine::{CommandId, Effects, Env as _, Event, Protocol, Seq};
use avouch_promise::{Blame, Class, Encode, Error, Incarnation, Nanos, NodeId, invariant};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The most inputs that share one sync: bounds how long the first of them waits for it.
const BATCH: usize = 1_024;
/// The longest time without looking at the queue; nothing depends on it.
const IDLE: Duration = Duration::from_secs(1);
/// How often an idle node reads back some of its data to see whether it is still what was written,
/// and how many bytes of it.
const SCRUB_PERIOD: Nanos = Nanos::from_secs(1);
const SCRUB_BYTES: u64 = 16 << 10;

/// How long a node that stops waits for its farewell, and what it said before, to be on its way.
/// Who does not take it by then waits for an election.
const FAREWELL: Duration = Duration::from_millis(500);

/// What waits for a record to be durable.
pub(super) enum Held {
    /// A message to a peer.
    Send(NodeId, Message),
    /// An answer to a client.
    Output(Output),
    /// A checkpoint that stands for every record before this one.
    Checkpoint(Seq, Image<MachineImage>),
}

/// Everything that the step thread owns.
pub(super) struct Stepper {
    pub(super) config: node::Config,
    pub(super) state: State,
    pub(super) wal: Wal,
    pub(super) checkpoints: Checkpoints,
    pub(super) pins: Pins,
    pub(super) env: SystemEnv,
    pub(super) mesh: Arc<Mesh>,
    pub(super) timers: Timers,
    /// By the record that they wait for.
    pub(super) held: BTreeMap<Seq, Vec<Held>>,
    /// Events that follow from effects and take their turn after them.
    pub(super) follow: VecDeque<Event<Node>>,
    pub(super) waiting: BTreeMap<CommandId, Reply>,
    pub(super) writer: Worker,
    pub(super) reader: Worker,
    pub(super) shared: Arc<Shared>,
    pub(super) segment_bytes: u64,
    pub(super) post: Post,
    effects: Effects<Node>,
    outlet: Outlet,
    incarnation: Incarnation,
    next_command: u64,
    /// Up to where the node was told that its records are durable.
    persisted: Seq,
    /// The log says at every start that its tail is torn, until the node has written so itself.
    settle: bool,
    damaged_to: Option<Seq>,
    scrubber: Scrubber,
    scrub_at: Nanos,
    mutant: HostMutant,
    recorder: Option<Recorder>,
    /// What the clock's bound rested on when it was last told.
    clock_class: Option<Class>,
}

/// Whether the loop goes on.
enum Flow {
    On,
    Stop,
    /// Stop without another sync, as a killed process does.
    Crash,
}

impl Stepper {
    /// A node that has recovered from `data` and has not started yet.
    ///
    /// # Errors
    /// `Corrupt` when the node is in doubt and has no peer to ask.
    pub(super) fn new(
        config: HostConfig,
        data: Data,
        (start, clock): (Start, Arc<Keeper>),
        mesh: Arc<Mesh>,
        (intake, outlet): (Intake, Outlet),
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let Data { mut wal, checkpoints, log, .. } = data;
        let Start { mut recovered, findings, damaged_to, ends } = start;
        let filled = recovered.next_seq;
        for seq in (ends.0..filled.0).map(Seq) {
            wal.append(seq, &nothing().to_bytes())?;
        }
        let torn_alone = recovered.doubtful
            && damaged_to.is_none()
            && data.gap.is_none()
            && ends == recovered.next_seq;
        let sole = config.node.log.founding.voters.as_slice() == [config.me];
        if config.accept_torn_tail && torn_alone && sole {
            recovered.doubtful = false;
        }
        if config.mutant == HostMutant::HideDamage {
            let base = recovered.checkpoint.as_ref().map_or(Seq(1), |(seq, _)| *seq);
            let sound = recovered.records.iter().zip(base.0..);
            let sound = sound.take_while(|((seq, _), expected)| seq.0 == *expected).count();
            recovered.records.truncate(sound);
            recovered.doubtful = false;
        }
        let mut state = Node::recover(&config.node, recovered);
        if state.log().in_doubt() && state.log().membership().voters.as_slice() == [config.me] {
            return Err(alone(&config, &findings));
        }
        for finding in findings {
            state.want_checkpoint();
            shared.note(finding);
        }
        let me = config.me;
        let post = Post::new(me, log.incarnation, config.peers.keys(), &config.data);
        Ok(Self {
            env: SystemEnv::new(config.signer, config.trust, clock),
            config: config.node,
            state,
            wal,
            checkpoints,
            pins: Pins::default(),
            mesh,
            timers: Timers::default(),
            held: BTreeMap::new(),
            follow: VecDeque::new(),
            waiting: BTreeMap::new(),
            writer: Worker::start(&format!("avouch {me} writer"), intake.clone())?,
            reader: Worker::start(&format!("avouch {me} reader"), intake)?,
            shared,
            segment_bytes: config.segment_bytes,
            post,
            effects: Effects::new(),
            outlet,
            incarnation: log.incarnation,
            next_command: 1,
            persisted: Seq(ends.0 - 1),
            settle: log.doubtful,
            damaged_to,
            scrubber: Scrubber::default(),
            scrub_at: SCRUB_PERIOD,
            mutant: config.mutant,
            recorder: None,
            clock_class: None,
        })
    }

    /// The same node, with its steps written down as the recorder's switch says.
    pub(super) fn recorded_by(self, recorder: Recorder) -> Self {
        Self { recorder: Some(recorder), ..self }
    }

    /// Runs until it is told to stop, or until the disk fails.
    pub(super) fn run(mut self) -> Result<(), Error> {
        self.prepare_spare();
        self.step(Event::Started { incarnation: self.incarnation })?;
        self.sync()?;
        if self.settle {
            // The node's own records say from now on that it is in doubt.
            self.wal.settle()?;
        }
        self.publish();
        loop {
            let flow = self.batch()?;
            if matches!(flow, Flow::Crash) {
                return Ok(());
            }
            self.sync()?;
            self.publish();
            if matches!(flow, Flow::Stop) {
                self.mesh.flush(FAREWELL);
                return Ok(());
            }
            self.scrub()?;
        }
    }

    /// Takes in what is there, at least one input or timer.
    fn batch(&mut self) -> Result<Flow, Error> {
        let now = self.env.now();
        if self.mutant == HostMutant::StaleClock {
            self.env.sample();
        }
        let next = self.timers.next().unwrap_or(Nanos::MAX).min(self.post.lookout.look_at());
        let due = Duration::from_nanos(next.minus(now).0);
        let mut input = self.outlet.wait(due.min(IDLE));
        let mut taken = 0;
        while let Some(one) = input {
            match self.take(one)? {
                Flow::On => {}
                end => return Ok(end),
            }
            taken += 1;
            input = if taken < BATCH { self.outlet.take() } else { None };
        }
        while let Some(timer) = self.timers.due(self.env.now()) {
            self.step(Event::Timer(timer))?;
        }
        self.look();
        Ok(Flow::On)
    }

    fn take(&mut self, input: Input) -> Result<Flow, Error> {
        match input {
            Input::Ask(ask, reply) => {
                let id = CommandId(self.next_command);
                self.next_command += 1;
                self.waiting.insert(id, reply);
                self.step(Event::Command { id, command: Command::Ask(ask) })?;
            }
            Input::Message(from, message, _) => {
                if let Some(reply) = self.post.lookout.came(self.env.now(), from, &message) {
                    self.send(from, &reply);
                }
                if !message.is_of_lookout() {
                    self.step(Event::Message { from, message })?;
                }
            }
            Input::Event(event) => self.step(event)?,
            Input::Checkpoint(written) => self.checkpointed(written?)?,
            Input::Pause(duration) => pause(duration),
            Input::Stop { crash: false } => {
                let id = CommandId(self.next_command);
                self.step(Event::Command { id, command: Command::Depart })?;
                return Ok(Flow::Stop);
            }
            Input::Stop { crash: true } => return Ok(Flow::Crash),
        }
        Ok(Flow::On)
    }

    /// Steps the node, and what follows at once.
    pub(super) fn step(&mut self, event: Event<Node>) -> Result<(), Error> {
        let mut next = Some(event);
        while let Some(event) = next {
            if self.mutant != HostMutant::StaleClock {
                self.env.sample(); // I2: after the event was taken
            }
            let start = self.env.monotonic();
            let open = self.recorder.as_mut().and_then(|recorder| recorder.open(&event, start));
            Node::step(&self.config, &mut self.state, event, &mut self.env, &mut self.effects);
            self.shared.events.add(1);
            let mut effects = std::mem::take(&mut self.effects);
            let count = effects.as_slice().len();
            for effect in effects.drain() {
                self.perform(effect)?;
            }
            self.effects = effects;
            if let (Some(open), Some(recorder)) = (open, &mut self.recorder) {
                recorder.close(&open, self.env.now(), count, &self.shared);
            }
            next = self.follow.pop_front();
        }
        Ok(())
    }

    /// Makes everything appended durable, tells the node, and lets go what waited.
    fn sync(&mut self) -> Result<(), Error> {
        while self.persisted.next() < self.wal.next_seq() {
            let begun = self.env.now();
            let durable = match self.mutant {
                HostMutant::SkipSync => Seq(self.wal.next_seq().0 - 1),
                _ => self.wal.sync()?,
            };
            let now = self.env.now();
            self.post.lookout.synced(now, now.minus(begun));
            self.shared.syncs.add(1);
            self.persisted = durable;
            self.step(Event::Persisted(durable))?;
            self.let_go(durable);
        }
        invariant!(I1, self.held.is_empty(), "something waits for a record that never was");
        Ok(())
    }

    fn let_go(&mut self, durable: Seq) {
        let later = self.held.split_off(&durable.next());
        for held in std::mem::replace(&mut self.held, later).into_values().flatten() {
            match held {
                Held::Send(to, message) => self.send(to, &message),
                Held::Output(output) => self.answer(output),
                Held::Checkpoint(seq, image) => self.write_checkpoint(seq, image),
            }
        }
    }

    /// Whether this record is durable, as far as the node was told.
    pub(super) fn durable(&self, seq: Seq) -> bool {
        seq <= self.persisted
    }

    fn checkpointed(&mut self, seq: Seq) -> Result<(), Error> {
        self.shared.checkpoints.add(1);
        match self.damaged_to {
            Some(damaged) if seq <= damaged => self.state.want_checkpoint(),
            _ => self.damaged_to = None,
        }
        self.step(Event::Checkpointed(seq))
    }

    fn publish(&mut self) {
        let clock = self.env.sourced_clock();
        let class = clock.map(|wall| wall.basis.class());
        if let Some(wall) = clock.filter(|_| class != self.clock_class) {
            self.shared.note(format!("the clock of {} has {wall}", self.config.log.me));
        }
        self.clock_class = class;
        let checkpoint = self.checkpoints.newest().map_or(0, |checkpoint| checkpoint.total());
        self.shared.publish(&self.config, &self.state, (&self.wal, checkpoint), clock);
    }

    /// Reads some of the data back when nobody waits; damage is mended by a new checkpoint.
    fn scrub(&mut self) -> Result<(), Error> {
        let now = self.env.now();
        self.pins.let_go(now);
        if now < self.scrub_at || !self.waiting.is_empty() {
            return Ok(());
        }
        self.scrub_at = now.plus(SCRUB_PERIOD);
        let flips = self.scrubber.step(&mut self.wal, &self.checkpoints, SCRUB_BYTES)?;
        if !flips.is_empty() {
            self.shared.damaged.add(flips.len() as u64);
            for flip in &flips {
                self.shared.note(flip.to_string());
            }
            self.damaged_to = self.wal.corrupt().last().map(|range| *range.end());
            self.state.want_checkpoint();
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "standing still is what was asked for")]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// A sole voter in doubt has nobody to ask.
fn alone(config: &HostConfig, findings: &[String]) -> Error {
    let got = if findings.is_empty() {
        "a log whose end may be missing".into()
    } else {
        findings.join("; ")
    };
    Error::new(Blame::Corrupt, format!("sound data in {}", config.data.display()), got).hint(
        "this node is the only voter, so no peer can give it again: restore the folder from a \
         copy; if only the end is torn, and by a crash in the middle of a write, start it with \
         `accept-torn-tail = true` in its node.toml, which gives up what was not yet acknowledged",
    )
}
