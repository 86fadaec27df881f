//! Read-index, with the acknowledgements that prove it.
//!
//! The node where a read is asked batches reads into a round and asks the leader; the leader asks
//! the voters to confirm its ballot; with a quorum of confirmations the round may be answered by
//! any node whose state reaches the granted index.
//!
//! Why that is fresh (I5): a write acknowledged before the round was asked was accepted by a
//! quorum, in this ballot or an earlier one. A voter that confirms ballot n has promised nothing
//! higher, so no write was acknowledged in a higher one before it confirmed. Writes of lower
//! ballots are in the leader's log below its own first entry, which is decided. Writes of this
//! ballot were accepted by a voter that confirms, so the furthest accepted entry among the
//! confirmations is at or above them; the decided point when the round arrived is too.

use super::command::{Output, Readable};
use super::image::Snapshot;
use super::message::{Message, ReadRound};
use super::state::{Confirm, ReadWish, Role};
use super::step::Turn;
use crate::mutant::Mutant;
use avouch_promise::{Ack, Ballot, Decode, Digest, Incarnation, LogIndex, NodeId, Signed, merkle};
use std::collections::BTreeMap;

/// Rounds of one node under way at once.
const ROUNDS_MAX: usize = 4;

impl<I: Snapshot> Turn<'_, I> {
    /// A client of this node wants to read.
    pub(super) fn read(&mut self, ticket: u64, digest: Digest, attest: bool) {
        if self.state.reads.waiting.len() >= self.config.bounds.queue {
            return self.effects.output(Output::ReadBusy(ticket));
        }
        let wish = ReadWish { ticket, digest, attest, forgotten: false };
        self.state.reads.waiting.push(wish);
    }

    /// Nobody waits for this read any more.
    pub(super) fn forget_read(&mut self, ticket: u64) {
        self.state.reads.waiting.retain(|wish| wish.ticket != ticket);
        for wish in self.state.reads.rounds.values_mut().flatten() {
            wish.forgotten |= wish.ticket == ticket;
        }
        self.state.reads.rounds.retain(|_, wishes| wishes.iter().any(|wish| !wish.forgotten));
    }

    /// Makes a round of the reads that wait, when there is a leader to ask.
    pub(super) fn flush_reads(&mut self) {
        let reads = &mut self.state.reads;
        if reads.waiting.is_empty() || reads.rounds.len() >= ROUNDS_MAX {
            return;
        }
        let leader = self.state.promised.leader;
        let leads = matches!(self.state.role, Role::Leading(_));
        let follows = leader != self.config.me && self.state.membership.contains(leader);
        if !leads && !follows {
            return;
        }
        let number = reads.next;
        reads.next += 1;
        let wishes = std::mem::take(&mut reads.waiting);
        reads.rounds.insert(number, wishes);
        self.ask_round(number);
    }

    fn round_name(&self, number: u64) -> ReadRound {
        let reused = self.config.has(Mutant::ReuseIncarnation);
        let incarnation = if reused { Incarnation(0) } else { self.state.incarnation };
        ReadRound { node: self.config.me, incarnation, number }
    }

    fn ask_round(&mut self, number: u64) {
        let Some(wishes) = self.state.reads.rounds.get(&number) else { return };
        let digests: Vec<_> = wishes.iter().map(|wish| wish.digest).collect();
        let attest = wishes.iter().any(|wish| wish.attest);
        let (round, root) = (self.round_name(number), merkle::root(&digests));
        let leader = self.state.promised.leader;
        if matches!(self.state.role, Role::Leading(_)) {
            self.read_asked(round, root, attest);
        } else if leader != self.config.me && self.state.membership.contains(leader) {
            self.effects.send(leader, Message::ReadAsk { round, root, attest });
        }
    }

    /// Asks again for every round without an answer.
    pub(super) fn resend_reads(&mut self) {
        let numbers: Vec<_> = self.state.reads.rounds.keys().copied().collect();
        for number in numbers {
            self.ask_round(number);
        }
    }

    /// A node asks this leader from where on it may read.
    pub(super) fn read_asked(&mut self, round: ReadRound, root: Digest, attest: bool) {
        let decided = self.state.decided;
        let Role::Leading(leading) = &mut self.state.role else { return };
        if leading.confirms.len() >= self.config.bounds.queue
            || leading.confirms.contains_key(&round)
        {
            return;
        }
        let own_decided = decided >= leading.first_own;
        let replies = BTreeMap::new();
        leading.confirms.insert(round, Confirm { root, attest, decided, asked: false, replies });
        // Before that nothing proves a read, and a node that is granted one would ask again at
        // once.
        if own_decided && self.config.has(Mutant::ReadWithoutQuorum) {
            let own = self.own_confirmation(root, attest);
            if let Role::Leading(leading) = &mut self.state.role
                && let Some(confirm) = leading.confirms.get_mut(&round)
            {
                confirm.replies.extend(own.map(|own| (self.config.me, own)));
            }
            return self.grant(round);
        }
        self.ask_waiting_confirms();
    }

    /// What this leader itself confirms.
    fn own_confirmation(
        &mut self,
        root: Digest,
        attest: bool,
    ) -> Option<(LogIndex, Option<Box<Signed>>)> {
        let place = self.durable_in_promised()?;
        let ack = attest.then(|| Box::new(self.acknowledge(place, root)));
        Some((place.index, ack))
    }

    /// Asks the voters about rounds that were not asked yet, once an own entry is decided.
    pub(super) fn ask_waiting_confirms(&mut self) {
        let early = self.config.has(Mutant::ReadBeforeOwnEntry);
        let decided = self.state.decided;
        let Role::Leading(leading) = &mut self.state.role else { return };
        if decided < leading.first_own && !early {
            return;
        }
        let ballot = leading.ballot;
        let mut ask = Vec::new();
        for (round, confirm) in leading.confirms.iter_mut().filter(|(_, confirm)| !confirm.asked) {
            confirm.asked = true;
            confirm.decided = decided;
            ask.push((*round, confirm.root, confirm.attest));
        }
        for (round, root, attest) in ask {
            self.broadcast(&Message::Confirm { ballot, round, root, attest });
            if let Some((accepted, ack)) = self.own_confirmation(root, attest) {
                self.confirmed(self.config.me, ballot, round, accepted, ack);
            }
        }
    }

    /// Asks the voters again about rounds without a quorum.
    pub(super) fn resend_confirms(&mut self) {
        let Role::Leading(leading) = &self.state.role else { return };
        let ballot = leading.ballot;
        let open: Vec<_> = leading
            .confirms
            .iter()
            .filter(|(_, confirm)| confirm.asked)
            .map(|(round, confirm)| (*round, confirm.clone()))
            .collect();
        for (round, confirm) in open {
            let (root, attest) = (confirm.root, confirm.attest);
            self.broadcast(&Message::Confirm { ballot, round, root, attest });
            if !confirm.replies.contains_key(&self.config.me)
                && let Some((accepted, ack)) = self.own_confirmation(root, attest)
            {
                self.confirmed(self.config.me, ballot, round, accepted, ack);
            }
        }
    }

    /// A leader asks whether it still leads.
    pub(super) fn confirm(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        round: ReadRound,
        root: Digest,
        attest: bool,
    ) {
        if ballot.leader != from || ballot < self.state.promised {
            let promised = self.state.promised;
            return self.effects.send(from, Message::Refused { promised });
        }
        if ballot != self.state.promised {
            return;
        }
        if let Some((accepted, ack)) = self.own_confirmation(root, attest) {
            let speaker = self.speaker();
            self.effects.send(from, Message::Confirmed { ballot, speaker, round, accepted, ack });
        }
    }

    /// A voter confirms that this leader leads.
    pub(super) fn confirmed(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        round: ReadRound,
        accepted: LogIndex,
        ack: Option<Box<Signed>>,
    ) {
        let quorum = self.state.membership.quorum();
        let end = self.state.tail.end().index;
        let Role::Leading(leading) = &mut self.state.role else { return };
        if leading.ballot != ballot || accepted > end {
            return;
        }
        let Some(confirm) = leading.confirms.get_mut(&round) else { return };
        if confirm.attest && ack.is_none() {
            return;
        }
        confirm.replies.insert(from, (accepted, ack.clone()));
        let enough = confirm.replies.len() >= quorum;
        if let Some(signed) = ack
            && let Ok(ack) = Ack::from_bytes(&signed.bytes)
            && let Some(place) = self.state.tail.at(ack.accepted)
            && place.chain == ack.chain
        {
            self.keep_ack(from, place, *signed);
        }
        if enough {
            self.grant(round);
        }
    }

    /// A quorum confirmed: the round may be answered.
    fn grant(&mut self, round: ReadRound) {
        let Role::Leading(leading) = &mut self.state.role else { return };
        let Some(confirm) = leading.confirms.remove(&round) else { return };
        let furthest = confirm.replies.values().map(|(accepted, _)| *accepted).max();
        let index = if confirm.attest {
            furthest.unwrap_or_default().max(confirm.decided)
        } else {
            confirm.decided
        };
        let acks: Vec<_> =
            confirm.replies.into_values().filter_map(|(_, ack)| ack).map(|ack| *ack).collect();
        if confirm.attest && self.state.certified < index {
            leading.attest = leading.attest.max(index);
            self.ask_for_signed_acks();
        }
        if round.node == self.config.me {
            self.granted(round, index, acks);
        } else {
            self.effects.send(round.node, Message::ReadGrant { round, index, acks });
        }
    }

    /// The leader granted a round of this node.
    pub(super) fn granted(&mut self, round: ReadRound, index: LogIndex, acks: Vec<Signed>) {
        if round != self.round_name(round.number) {
            return;
        }
        let Some(wishes) = self.state.reads.rounds.remove(&round.number) else { return };
        let tickets = wishes.iter().map(|wish| wish.ticket).collect();
        let digests = wishes.iter().map(|wish| wish.digest).collect();
        self.effects.output(Output::Readable(Readable { tickets, digests, index, acks }));
    }
}
