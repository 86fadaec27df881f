//! Decided entries into the machine, and checkpoints from peers.

use super::config::NodeMutant;
use super::image::MachineImage;
use super::state::{Draft, Recent, State, Wants};
use super::step::Turn;
use avouch_agreement::log::{Image, Payload, SharedEntry};
use avouch_machine::CommandId;
use avouch_promise::{LogIndex, LogPoint, NodeId, invariant, merkle};
use avouch_state::{Applied, Machine, Operation, outcome_bytes};

impl Turn<'_> {
    /// Applies decided entries, answers the writes that waited for them, then the reads.
    pub(super) fn apply(&mut self, entries: &[SharedEntry]) {
        for entry in entries {
            let index = entry.index();
            let expected = self.state.applied.next();
            invariant!(
                I1,
                index == expected,
                "entry {index} applied after {}",
                expected.previous()
            );
            let mut answers = Vec::new();
            let skipped = self.config.has(NodeMutant::SkipEntry)
                && self.config.log.me == NodeId(2)
                && index.0.is_multiple_of(40);
            let requests = if skipped { &[] } else { entry.requests() };
            for (position, payload) in requests.iter().enumerate() {
                let point = LogPoint { index, position: position as u32 + 1 };
                let applied = self.apply_one(point, payload);
                self.state.since_checkpoint_bytes += payload.bytes().len() as u64;
                if let Some(ids) = self.state.writes.remove(&payload.digest()) {
                    answers.push((ids, applied));
                }
            }
            self.state.applied = index;
            let digests = entry.requests().iter().map(Payload::digest).collect();
            let moment = self.state.machine.moment();
            self.state.recent.push_back(Recent { header: *entry.header(), digests, moment });
            for (ids, applied) in answers {
                for id in ids {
                    self.answer_write(id, &applied);
                }
            }
            self.answer_granted();
            self.certify_applied();
        }
        while self.state.recent.len() > self.config.history.max(1) {
            self.state.recent.pop_front();
        }
    }

    fn apply_one(&mut self, point: LogPoint, request: &Payload) -> Applied {
        if self.config.has(NodeMutant::ForgetRetries) {
            return forget_and_apply(&mut self.state.machine, point, request.bytes());
        }
        let forgets_past = self.config.has(NodeMutant::ForgetPast);
        let State { machine, recent, certified, .. } = &mut *self.state;
        machine.apply_keeping(point, request.bytes(), request.digest(), |machine| {
            if !forgets_past {
                State::keep_past(recent, certified.as_mut(), machine);
            }
        })
    }

    /// The answer to a write, at the point where it stands (I2).
    fn answer_write(&mut self, id: CommandId, applied: &Applied) {
        let Some(asked) = self.state.asked.get(&id) else { return };
        let (request, guarantee, evidence) = (asked.digest, asked.guarantee, asked.evidence);
        let wants = if evidence { self.write_proof(applied.point) } else { Wants::Nothing };
        let draft = Draft {
            id,
            request,
            outcome: applied.outcome.clone(),
            point: applied.point,
            guarantee,
            hops: self.hops(guarantee),
            commit: self.state.log.decided(),
            wall: self.env.clock(),
            wants,
        };
        self.settle(draft);
    }

    fn write_proof(&mut self, point: LogPoint) -> Wants {
        let position = point.position.saturating_sub(1);
        let Some(recent) = self.state.recent_at(point.index) else { return Wants::Lost };
        let header = recent.header;
        // All of an entry's writes are answered together: one tree serves their paths.
        if self.tree.as_ref().is_none_or(|(index, _)| *index != point.index) {
            self.tree = Some((point.index, merkle::Tree::new(&recent.digests)));
        }
        match self.tree.as_ref().and_then(|(_, tree)| tree.path(position as usize)) {
            Some(path) => Wants::Write { header, position, path },
            None => Wants::Lost,
        }
    }

    /// A peer's checkpoint replaced the log: the machine is the one in it.
    pub(super) fn installed(&mut self, image: &Image<MachineImage>) {
        let index = image.place.index;
        invariant!(I1, index >= self.state.applied, "checkpoint {index} is behind the machine");
        let machine =
            std::mem::replace(&mut self.state.machine, Machine::clone(&image.state.machine));
        self.state.recent.clear();
        let State { recent, certified, .. } = &mut *self.state;
        State::keep_past(recent, certified.as_mut(), &machine);
        if !self.config.has(NodeMutant::ForgetLastEntry) {
            let last = Recent::of_checkpoint(image.state.last, &self.state.machine);
            self.state.recent.push_back(last);
        }
        self.state.applied = index;
        self.state.checkpointed = index;
        self.state.since_checkpoint_bytes = 0;
        self.answer_granted();
        self.certify_applied();
    }

    /// The planted bug: a write answered as if it were decided already.
    pub(super) fn answer_undecided(&mut self, id: CommandId, operation: &Operation) {
        let outcome = self.state.machine.clone().execute(operation);
        let Some(asked) = self.state.asked.get(&id) else { return };
        let (request, guarantee) = (asked.digest, asked.guarantee);
        let point = LogPoint { index: LogIndex(self.state.applied.0 + 1), position: 1 };
        let draft = Draft {
            id,
            request,
            outcome: outcome_bytes(&outcome),
            point,
            guarantee,
            hops: 0,
            commit: self.state.log.decided(),
            wall: self.env.clock(),
            wants: Wants::Nothing,
        };
        self.state.writes.remove(&request);
        self.settle(draft);
    }
}

/// The planted bug: a request applied whether or not it was before.
fn forget_and_apply(machine: &mut Machine, point: LogPoint, request: &[u8]) -> Applied {
    use avouch_promise::{Decode, Request};
    let operation = Request::from_bytes(request).ok().map(|request| request.body);
    let operation = operation.and_then(|body| Operation::from_bytes(&body).ok());
    match operation {
        Some(operation) => {
            let outcome = outcome_bytes(&machine.execute(&operation));
            Applied { outcome, point, duplicate: false }
        }
        None => machine.apply(point, request),
    }
}
