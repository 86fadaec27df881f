//! Reads: granted ones wait for the machine, consistent prefixes for a certificate, eventual ones
//! for nothing.

use super::beacon;
use super::config::NodeMutant;
use super::state::{Draft, Granted, Recent, Wants, by_voter};
use super::step::Turn;
use avouch_agreement::log::Readable;
use avouch_machine::CommandId;
use avouch_promise::evidence::Floor;
use avouch_promise::{Ack, Decode, LogIndex, LogPoint, invariant, merkle};
use avouch_state::outcome_bytes;

/// Which state answers a read.
#[derive(Clone, Copy)]
enum Seen {
    /// The one that there is.
    Now,
    /// The one right behind a recent entry.
    Behind(LogIndex),
}

impl Turn<'_> {
    /// The log granted a round of reads.
    pub(super) fn readable(&mut self, readable: Readable) {
        let Readable { tickets, digests, index, acks } = readable;
        let acks = by_voter(acks);
        let tree = (!acks.is_empty()).then(|| merkle::Tree::new(&digests));
        for (at, ticket) in tickets.into_iter().enumerate() {
            let id = CommandId(ticket);
            let floor = || Floor {
                acks: acks.clone(),
                index: at as u32,
                count: digests.len() as u32,
                path: tree.as_ref().and_then(|tree| tree.path(at)).unwrap_or_default(),
            };
            if ticket == beacon::TICKET {
                self.lit(index, floor());
                continue;
            }
            let Some(asked) = self.state.asked.get(&id) else { continue };
            let floor = asked.evidence.then(floor);
            self.state.granted.push(Granted { id, index, floor });
        }
        self.answer_granted();
    }

    /// Answers granted reads whose index the machine has reached (I3).
    pub(super) fn answer_granted(&mut self) {
        let applied = self.state.applied;
        let early = self.config.has(NodeMutant::AnswerEarly);
        let waiting = std::mem::take(&mut self.state.granted);
        for granted in waiting {
            if granted.index > applied && !early {
                self.state.granted.push(granted);
                continue;
            }
            invariant!(I3, granted.index <= applied || early, "answered before its index");
            match granted.floor {
                None => self.answer_read(granted.id, Seen::Now, applied, Wants::Nothing),
                Some(floor) => self.answer_floor(granted.id, granted.index, floor),
            }
        }
    }

    /// Answers with evidence, from the state right behind the granted entry.
    fn answer_floor(&mut self, id: CommandId, index: LogIndex, floor: Floor) {
        // An entry of the acknowledgements' own ballot proves that what came before them is below
        // it. The granted entry may have given way to a later ballot's before it was decided.
        let granted_in = floor.acks.first().and_then(|ack| Ack::from_bytes(&ack.bytes).ok());
        let proves =
            |recent: &&Recent| granted_in.is_some_and(|ack| ack.ballot == recent.header.ballot);
        let Some(recent) = self.state.recent_at(index).filter(proves) else {
            // Or the state behind that entry is gone. Either way: ask again for a newer one.
            if let Some(asked) = self.state.asked.get(&id) {
                let (ticket, digest) = (id.0, asked.digest);
                let command = avouch_agreement::log::Command::Read { ticket, digest, attest: true };
                self.log(avouch_machine::Event::Command { id, command });
            }
            return;
        };
        let (header, mut seen) = (recent.header, Seen::Behind(index));
        if self.config.has(NodeMutant::AnswerOldState)
            && let Some(oldest) = self.state.recent.front()
        {
            seen = Seen::Behind(oldest.header.index);
        }
        let reaches = |ack: &avouch_promise::Signed| {
            Ack::from_bytes(&ack.bytes).is_ok_and(|ack| ack.accepted >= index)
        };
        let certificate = !floor.acks.iter().all(reaches);
        self.answer_read(id, seen, index, Wants::Read { header, floor, certificate });
    }

    fn answer_read(&mut self, id: CommandId, seen: Seen, index: LogIndex, wants: Wants) {
        let Some(asked) = self.state.asked.get(&id) else { return };
        let Some(operation) = &asked.read else { return };
        let machine = &self.state.machine;
        let behind = match seen {
            Seen::Now => None,
            Seen::Behind(index) => self.state.recent_at(index),
        };
        let outcome = match behind {
            _ if self.config.has(NodeMutant::ProveWriteByRead) => {
                machine.clone().execute(operation)
            }
            Some(recent) => recent.moment.read(machine, operation),
            None => machine.read(operation),
        };
        let outcome = outcome_bytes(&outcome);
        let (request, guarantee) = (asked.digest, asked.guarantee);
        // Before the first entry only the machine knows its point.
        let reached = machine.point();
        let from_checkpoint = if reached.index == index { reached.position } else { 0 };
        let recent = self.state.recent_at(index);
        let position = recent.map_or(from_checkpoint, |recent| recent.header.count);
        let draft = Draft {
            id,
            request,
            outcome,
            point: LogPoint { index, position },
            guarantee,
            hops: self.hops(guarantee),
            commit: self.state.log.decided(),
            wall: self.env.clock(),
            wants,
        };
        self.settle(draft);
    }

    /// Answers from the state as it is.
    pub(super) fn answer_now(&mut self, id: CommandId) {
        let applied = self.state.applied;
        let chain = self.state.recent_at(applied).map(|recent| recent.header.chain());
        let chain = chain.or_else(|| self.state.log.tail().at(applied).map(|place| place.chain));
        let evidence = self.state.asked.get(&id).is_some_and(|asked| asked.evidence);
        let wants = match chain {
            _ if !evidence => Wants::Nothing,
            Some(chain) => Wants::Signature(chain),
            None => Wants::Lost,
        };
        self.answer_read(id, Seen::Now, applied, wants);
    }

    /// Answers a consistent prefix: with evidence from the newest point that can be proved.
    pub(super) fn answer_prefix(&mut self, id: CommandId) {
        let evidence = self.state.asked.get(&id).is_some_and(|asked| asked.evidence);
        if !evidence {
            return self.answer_now(id);
        }
        match &self.state.certified {
            None => self.state.prefixes.push(id),
            Some(certified) => {
                let (header, proof) = (certified.header, certified.proof.clone());
                let Some(asked) = self.state.asked.get(&id) else { return };
                let Some(operation) = &asked.read else { return };
                let outcome = outcome_bytes(&certified.moment.read(&self.state.machine, operation));
                let point = LogPoint { index: header.index, position: header.count };
                let draft = Draft {
                    id,
                    request: asked.digest,
                    outcome,
                    point,
                    guarantee: asked.guarantee,
                    hops: 0,
                    commit: self.state.log.decided(),
                    wall: self.env.clock(),
                    wants: Wants::Prefix { header, proof },
                };
                self.settle(draft);
            }
        }
    }
}
