//! Effects, done: what each thing that a step asks for means for disk, links, timers and driver.
//!
//! ```text
//!   Send, Output  --after?--> held until the record is durable --> link, driver
//!   Persist       --> written --> group sync --> durable --> release held --> Persisted
//!   Checkpoint    --> durable as a whole --> truncate --> Checkpointed
//!   Load, timers  --> queue
//! ```

use crate::counters::Count;
use crate::disk::Crash;
use crate::host::{Held, Kind, Pending};
use crate::link::{Arrivals, index, node};
use crate::passage::Passage;
use crate::simulated::Simulated;
use crate::world::{Notice, World};
use avouch_machine::{Effect, Seq};
use avouch_promise::{Nanos, NodeId};

impl<P: Simulated> World<P> {
    /// Starts a group sync if there is something to sync and none is under way.
    pub(crate) fn sync(&mut self, at: usize) {
        let host = &mut self.nodes[at];
        if host.running.is_none() {
            return;
        }
        let (queue, random) = (host.saturation.as_deref_mut(), &mut host.disk_random);
        let begun = host.disk.begin_sync(self.now_ns, &self.options.disk, queue, random);
        if let Some(done) = begun {
            let (life, through) = (host.life, host.disk.written());
            let pending = Pending::Synced { node: at, life, plan: done.number };
            self.queue.push(done.at_ns, pending);
            if self.options.mutants.persisted_too_early {
                let pending = Pending::Persisted { node: at, life, through };
                self.queue.push(self.now_ns, pending);
            }
        }
    }

    pub(crate) fn release_held(&mut self, at: usize, through: Seq) {
        let Some(running) = &mut self.nodes[at].running else { return };
        if running.held.is_empty() {
            return;
        }
        let later = running.held.split_off(&(through.next(), 0));
        let freed = std::mem::replace(&mut running.held, later);
        for held in freed.into_values() {
            match held {
                Held::Send { to, message } => self.transmit(at, to, message),
                Held::Output(value) => self.put_out(at, value),
            }
        }
    }

    pub(crate) fn apply(&mut self, at: usize, effect: Effect<P>) {
        match effect {
            Effect::Send { to, message, after } => self.send(at, to, message, after),
            Effect::Persist { seq, record } => self.persist(at, seq, record),
            Effect::Checkpoint { seq, image } => self.checkpoint(at, seq, image),
            Effect::Release { before } => {
                self.mark(Kind::Release, at, before.0);
                let mutants = self.options.mutants;
                self.nodes[at].disk.release(before, &mutants);
            }
            Effect::Load { id, what } => {
                self.mark(Kind::Load, at, id.0);
                let host = &mut self.nodes[at];
                let (queue, random) = (host.saturation.as_deref_mut(), &mut host.disk_random);
                let model = &self.options.disk;
                let done = host.disk.begin_load(self.now_ns, (id, what), model, queue, random);
                let pending = Pending::ReadBack { node: at, life: host.life, plan: done.number };
                self.queue.push(done.at_ns, pending);
            }
            Effect::SetTimer { key, at: reading } => self.set_timer(at, key, reading),
            Effect::CancelTimer(key) => {
                self.mark(Kind::CancelTimer, at, 0);
                if let Some(running) = &mut self.nodes[at].running {
                    running.timers.cancel(key);
                }
            }
            Effect::Output { value, after } => self.output(at, value, after),
            Effect::Observe(observation) => {
                if !self.options.drop_observations {
                    self.notices.push(Notice::Observation(node(at), observation));
                }
            }
        }
    }

    /// The record for which something with this `after` must wait, if it must.
    fn must_wait(&self, at: usize, after: Option<Seq>) -> Option<Seq> {
        let durable = self.nodes[at].disk.durable();
        after.filter(|seq| *seq > durable && !self.options.mutants.ignore_after)
    }

    fn hold(&mut self, at: usize, seq: Seq, held: Held<P>) {
        self.tickets += 1;
        let ticket = self.tickets;
        if let Some(running) = &mut self.nodes[at].running {
            running.held.insert((seq, ticket), held);
        }
    }

    fn send(&mut self, at: usize, to: NodeId, message: P::Message, after: Option<Seq>) {
        self.mark(Kind::Send, at, u64::from(to.0) | (after.map_or(0, |seq| seq.0) << 32));
        self.mark_contents(&message);
        match self.must_wait(at, after) {
            Some(seq) => self.hold(at, seq, Held::Send { to, message }),
            None => self.transmit(at, to, message),
        }
    }

    fn transmit(&mut self, at: usize, to: NodeId, message: P::Message) {
        let message = self.as_said(at, message);
        let target = index(to).filter(|target| *target < self.nodes.len());
        let (Some(target), Some(link)) = (target, self.links.link_mut(node(at), to)) else {
            self.counters.add(Count::Undelivered);
            return;
        };
        if let Some(carries) = link.carries {
            let bytes = P::message_bytes(&message);
            if bytes > carries {
                let from = node(at);
                let what = "longer than the link carries";
                return self.fail(format!("{bytes} bytes from {from} to {to}: {what} ({carries})"));
            }
        }
        if self.flows.is_some() {
            return self.share_wires(at, target, message);
        }
        let arrivals = link.send(
            self.now_ns,
            || P::message_bytes(&message),
            &mut self.link_random,
            &mut self.counters,
        );
        self.bring(at, target, message, arrivals);
    }

    /// Queues a message for when it arrives.
    pub(crate) fn bring(
        &mut self,
        at: usize,
        target: usize,
        message: P::Message,
        arrivals: Arrivals,
    ) {
        let arrivals = match &mut self.dial {
            Some(dial) if !self.links.is_cut(node(at), node(target)) => {
                let (kept, moved) = dial.arrivals(self.now_ns, arrivals);
                self.counters.note("moved_by_synchrony", u64::from(moved));
                kept
            }
            _ => arrivals,
        };
        let sent = Nanos(self.now_ns);
        if self.passages.wants(sent) {
            let (from, to, word) = (node(at), node(target), P::message_word(&message));
            let arrives = arrivals.iter().flatten().min().copied().map(Nanos);
            self.passages.saw(Passage { from, to, sent, arrives, word });
        }
        let message = if self.options.encode {
            match P::through_wire(message) {
                Ok(message) => message,
                Err(error) => {
                    self.fail(format!("encoding of a message from {}: {error}", node(at)));
                    return;
                }
            }
        } else {
            message
        };
        if let [_, Some(again_ns)] = arrivals {
            let message = message.clone();
            self.queue.push(again_ns, Pending::Deliver { from: at, to: target, message });
        }
        if let [Some(arrival_ns), _] = arrivals
            && let Some(message) = self.as_heard(at, target, message)
        {
            self.queue.push(arrival_ns, Pending::Deliver { from: at, to: target, message });
        }
    }

    fn output(&mut self, at: usize, value: P::Output, after: Option<Seq>) {
        match self.must_wait(at, after) {
            Some(seq) => self.hold(at, seq, Held::Output(value)),
            None => self.put_out(at, value),
        }
    }

    fn put_out(&mut self, at: usize, value: P::Output) {
        self.counters.add(Count::Outputs);
        self.mark(Kind::Output, at, 0);
        self.mark_contents(&value);
        self.notices.push(Notice::Output(node(at), value));
    }

    fn persist(&mut self, at: usize, seq: Seq, record: P::Record) {
        self.mark(Kind::Persist, at, seq.0);
        self.mark_contents(&record);
        let record = if self.options.encode {
            match P::through_disk(record) {
                Ok(record) => record,
                Err(error) => {
                    self.fail(format!("encoding of a record of {}: {error}", node(at)));
                    return;
                }
            }
        } else {
            record
        };
        if self.nodes[at].disk.is_full() {
            self.counters.add(Count::FailedWrites);
            if self.options.mutants.swallow_failed_write {
                self.nodes[at].disk.append_failed(record);
            } else {
                self.stop(at, Crash::Plain);
            }
            return;
        }
        self.nodes[at].disk.append(record);
    }

    fn checkpoint(&mut self, at: usize, seq: Seq, image: P::Image) {
        self.mark(Kind::Checkpoint, at, seq.0);
        let host = &mut self.nodes[at];
        if host.disk.is_full() {
            self.counters.add(Count::FailedWrites);
            self.stop(at, Crash::Plain);
            return;
        }
        let (queue, random) = (host.saturation.as_deref_mut(), &mut host.disk_random);
        let model = &self.options.disk;
        let done = host.disk.begin_checkpoint(self.now_ns, (seq, image), model, queue, random);
        let pending = Pending::CheckpointWritten { node: at, life: host.life, plan: done.number };
        self.queue.push(done.at_ns, pending);
    }

    fn set_timer(&mut self, at: usize, key: P::Timer, reading: Nanos) {
        self.mark(Kind::SetTimer, at, reading.0);
        self.mark_contents(&key);
        self.arm(at, key, reading);
    }

    /// Sets a timer and queues it if it needs an entry; one at the end of time never fires.
    fn arm(&mut self, at: usize, key: P::Timer, reading: Nanos) {
        let host = &mut self.nodes[at];
        let Some(running) = &mut host.running else { return };
        let due_ns = host.clock.when(reading, self.now_ns);
        let ticket = running.timers.set(key, reading, due_ns, &mut self.tickets);
        if let Some(ticket) = ticket
            && due_ns < u64::MAX
        {
            self.queue.push(due_ns, Pending::Timer { node: at, key, ticket });
        }
    }

    /// Queues a node's timers anew after its clock's rate has changed.
    pub(crate) fn rearm(&mut self, at: usize) {
        let Some(running) = &mut self.nodes[at].running else { return };
        for (key, reading) in running.timers.take_all() {
            self.arm(at, key, reading);
        }
    }
}
