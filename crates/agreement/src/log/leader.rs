//! The leader's side: promises, proposals, acknowledgements, decisions, certificates.

use super::command::{Observation, Output, Proposal};
use super::entry::{Entries, Entry, Payload, SharedEntry};
use super::image::Snapshot;
use super::message::{Certificate, Message, Vote};
use super::record::Record;
use super::state::{Leading, Preparing, Progress, Role};
use super::step::{Timer, Turn};
use super::tail::Place;
use crate::mutant::Mutant;
use avouch_promise::{Ballot, Digest, EntryHeader, LogIndex, NodeId, Signed, invariant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

impl<I: Snapshot> Turn<'_, I> {
    /// Tries to lead `ballot`.
    pub(super) fn campaign(&mut self, ballot: Ballot) {
        if ballot <= self.state.promised || !self.state.membership.contains(self.config.me) {
            return;
        }
        self.raise_promise(ballot);
        self.effects.observe(Observation::Preparing(ballot));
        self.state.role = Role::Preparing(Preparing { ballot, votes: BTreeMap::new() });
        let vote = self.vote(LogIndex(u64::MAX));
        let others: Vec<_> = self.state.membership.others(self.config.me).collect();
        for to in others {
            self.send_prepare(to, ballot);
        }
        self.promise(self.config.me, ballot, vote);
    }

    fn send_prepare(&mut self, to: NodeId, ballot: Ballot) {
        let (accepted, decided) = (self.state.accepted, self.state.decided);
        let end = self.state.tail.end().index;
        let speaker = self.speaker();
        self.send_durably(to, Message::Prepare { ballot, speaker, accepted, end, decided });
    }

    /// A promise came in, perhaps late.
    pub(super) fn promise(&mut self, from: NodeId, ballot: Ballot, vote: Vote) {
        match &mut self.state.role {
            Role::Preparing(preparing) if preparing.ballot == ballot => {
                preparing.votes.insert(from, vote);
                self.try_to_lead();
            }
            Role::Leading(leading)
                if leading.ballot == ballot
                    && !leading.progress.get(&from).is_some_and(|progress| progress.synced) =>
            {
                self.synchronise(from, vote.decided);
            }
            _ => {}
        }
    }

    /// With a quorum of promises: adopt the newest log among them, then lead.
    pub(super) fn try_to_lead(&mut self) {
        let Role::Preparing(preparing) = &self.state.role else { return };
        if preparing.votes.len() < self.state.membership.quorum() {
            return;
        }
        let by_length = self.config.has(Mutant::AdoptLongest);
        let rank = |vote: &Vote| {
            let index = vote.end.index;
            if by_length { (Ballot::default(), index) } else { (vote.accepted, index) }
        };
        let mine = (self.state.accepted, self.state.tail.end().index);
        let mine = if by_length { (Ballot::default(), mine.1) } else { mine };
        let best = preparing.votes.iter().max_by_key(|(_, vote)| rank(vote));
        let Some((from, vote)) = best.map(|(from, vote)| (*from, vote.clone())) else { return };
        if from != self.config.me && rank(&vote) > mine {
            if vote.decided > self.state.decided {
                // The entries in between are decided: fetch those first, then ask again.
                return self.fetch_from(from);
            }
            if !self.adopt_suffix(&vote) {
                let ballot = self.state.promised;
                return self.send_prepare(from, ballot);
            }
        }
        self.lead();
    }

    /// Replaces what follows the decided point by a vote's suffix; false when they do not meet.
    pub(super) fn adopt_suffix(&mut self, vote: &Vote) -> bool {
        let decided = self.state.decided;
        let skip = vote.suffix.iter().take_while(|entry| entry.index() <= decided).count();
        let suffix = &vote.suffix[skip..];
        let at = suffix.first().map_or(vote.end.index, |first| first.index().previous());
        let Some(previous) = self.state.tail.at(at) else { return false };
        let meets = suffix.first().is_none_or(|first| first.header().previous == previous.chain);
        // Without entries the voter says that this log already runs through the end of its own.
        let last = suffix.last().map_or(previous, super::tail::place);
        let whole = (last.index, last.chain) == (vote.end.index, vote.end.chain)
            || self.config.has(Mutant::HearOldQuestions);
        if !meets || !whole || at < decided {
            return false;
        }
        self.write(vote.accepted, previous, &suffix.into(), decided);
        true
    }

    fn lead(&mut self) {
        let Role::Preparing(preparing) = &self.state.role else { return };
        let ballot = preparing.ballot;
        let votes = preparing.votes.clone();
        self.effects.observe(Observation::Leading(ballot));
        let end = self.state.tail.end();
        let own = Arc::new(Entry::new(end.index.next(), ballot, end.chain, Vec::new()));
        self.state.role = Role::Leading(Box::new(Leading {
            ballot,
            first_own: own.index(),
            progress: BTreeMap::new(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            queued: BTreeSet::new(),
            gathering: false,
            queue_attest: false,
            attest: LogIndex(0),
            acks: BTreeMap::new(),
            confirms: BTreeMap::new(),
            certificate: None,
            announced: LogIndex(0),
        }));
        self.write(ballot, end, &[own].into(), self.state.decided);
        for (node, vote) in votes {
            if node != self.config.me {
                self.synchronise(node, vote.decided);
            }
        }
        let mine = self.state.mine.all();
        self.enqueue(mine.into_iter());
    }

    /// Brings a follower to this leader's log, from the follower's decided point on.
    pub(super) fn synchronise(&mut self, to: NodeId, after: LogIndex) {
        let Role::Leading(leading) = &self.state.role else { return };
        let ballot = leading.ballot;
        let decided = self.state.decided;
        let after = after.min(decided);
        let gap: usize = match self.state.tail.after_index(after, usize::MAX) {
            None => return self.serve(to, after),
            Some(entries) => entries
                .iter()
                .filter(|entry| entry.index() <= decided)
                .map(|entry| entry.size())
                .sum(),
        };
        if gap > self.config.bounds.batch_bytes {
            return self.serve(to, after);
        }
        let attest = self.attest_wanted();
        let (Some(previous), Some(entries)) =
            (self.state.tail.at(after), self.state.tail.after_index(after, usize::MAX))
        else {
            return;
        };
        let entries = entries.into();
        let append = Message::Append { ballot, previous, entries, decided, attest, sync: true };
        self.effects.send(to, append);
    }

    /// New requests from this node's clients.
    pub(super) fn propose(&mut self, proposals: Vec<Proposal>) {
        let mut admitted = Vec::new();
        for proposal in proposals {
            let (digest, length) = (proposal.payload.digest(), proposal.payload.bytes().len());
            let (count, bytes) = self.state.mine.size();
            let known = self.state.mine.contains(&digest);
            if !known && !self.config.bounds.admits(count, bytes, length) {
                self.effects.output(Output::Busy(digest));
                continue;
            }
            self.state.mine.insert(proposal.clone());
            admitted.push(proposal);
        }
        self.forward_or_enqueue(admitted);
    }

    fn forward_or_enqueue(&mut self, proposals: Vec<Proposal>) {
        let leader = self.state.promised.leader;
        if matches!(self.state.role, Role::Leading(_)) {
            self.enqueue(proposals.into_iter());
        } else if leader != self.config.me && self.state.membership.contains(leader) {
            let attest = proposals.iter().any(|proposal| proposal.attest);
            let mut size = 0;
            let mut requests = Vec::new();
            for Proposal { payload, .. } in proposals {
                size += payload.bytes().len();
                requests.push(payload);
                if size > self.config.bounds.batch_bytes {
                    let requests = std::mem::take(&mut requests);
                    self.effects.send(leader, Message::Forward { requests, attest });
                    size = 0;
                }
            }
            if !requests.is_empty() {
                self.effects.send(leader, Message::Forward { requests, attest });
            }
        }
    }

    /// Requests for this leader to propose; others than leaders drop them.
    pub(super) fn enqueue(&mut self, proposals: impl Iterator<Item = Proposal>) {
        let Role::Leading(leading) = &mut self.state.role else { return };
        let was_empty = leading.queue.is_empty();
        for Proposal { payload, attest } in proposals {
            let (count, bytes) = (leading.queue.len(), leading.queue_bytes);
            if !self.config.bounds.admits(count, bytes, payload.bytes().len()) {
                break;
            }
            if leading.queued.insert(payload.digest()) {
                leading.queue_attest |= attest;
                leading.queue_bytes += payload.bytes().len();
                leading.queue.push_back(payload);
            }
        }
        if self.config.gather && was_empty && !leading.queue.is_empty() {
            leading.gathering = true;
            let now = self.env.monotonic();
            self.effects.set_timer(Timer::Gather, now);
        }
    }

    /// What came in at one moment is together now: one entry holds it all, so that one record, one
    /// message and one acknowledgement carry it.
    pub(super) fn gathered(&mut self) {
        if let Role::Leading(leading) = &mut self.state.role {
            leading.gathering = false;
        }
    }

    /// Proposes what waits, as long as not too much is under way.
    pub(super) fn flush_proposals(&mut self) {
        while let Some((requests, attest)) = self.next_batch() {
            let Role::Leading(leading) = &mut self.state.role else { return };
            let (ballot, previous) = (leading.ballot, self.state.tail.end());
            let entry = Entry::new(previous.index.next(), ballot, previous.chain, requests);
            let entries: Entries = [Arc::new(entry)].into();
            if attest {
                leading.attest = previous.index.next();
            }
            leading.announced = leading.announced.max(self.state.decided);
            let to: Vec<_> =
                leading.progress.iter().filter(|(_, p)| p.synced).map(|(n, _)| *n).collect();
            let decided = self.state.decided;
            self.write(ballot, previous, &entries, decided);
            for to in to {
                let entries = entries.clone();
                let append =
                    Message::Append { ballot, previous, entries, decided, attest, sync: false };
                self.effects.send(to, append);
            }
        }
    }

    fn next_batch(&mut self) -> Option<(Vec<Payload>, bool)> {
        let under_way = self.state.tail.end().index.0 - self.state.decided.0;
        let Role::Leading(leading) = &self.state.role else { return None };
        let next = leading.queue.front()?.bytes().len();
        if leading.gathering || under_way >= self.config.bounds.in_flight as u64 {
            return None;
        }
        let room = self.room();
        if next > room {
            return None;
        }
        let Role::Leading(leading) = &mut self.state.role else { return None };
        let (mut size, mut requests) = (0, Vec::new());
        while let Some(next) = leading.queue.front() {
            size += next.bytes().len();
            let full = size > self.config.bounds.batch_bytes.min(room)
                || requests.len() >= self.config.bounds.batch_requests;
            if full && !requests.is_empty() {
                break;
            }
            leading.queue_bytes -= next.bytes().len();
            requests.extend(leading.queue.pop_front());
        }
        let attest = leading.queue_attest;
        leading.queue_attest = attest && !leading.queue.is_empty();
        Some((requests, attest))
    }

    /// How many more bytes may be under way (I6).
    fn room(&self) -> usize {
        if self.config.has(Mutant::FlightUnbounded) {
            return usize::MAX;
        }
        let bytes = self.state.tail.bytes_after(self.state.decided);
        self.config.bounds.in_flight_bytes.saturating_sub(bytes)
    }

    /// Accepts entries into this node's own log, after `previous`. `decided` is how far their
    /// sender had decided: the record says so too, so that no more stays undecided over a restart
    /// than was under way (I6).
    pub(super) fn write(
        &mut self,
        ballot: Ballot,
        previous: Place,
        entries: &Entries,
        decided: LogIndex,
    ) {
        invariant!(I2, previous.index >= self.state.decided, "decided entries overwritten");
        let end = LogIndex(previous.index.0 + entries.len() as u64);
        let decided = self.state.decided.max(decided.min(end));
        let record = Record::Append { ballot, previous, entries: entries.clone(), decided };
        let seq = self.persist(record);
        self.state.accepted = ballot;
        self.state.tail.truncate(previous.index);
        for entry in entries.iter() {
            self.state.tail.push(entry.clone(), seq);
        }
        self.mark(seq);
    }

    /// A follower's acknowledgement.
    pub(super) fn accepted(
        &mut self,
        from: NodeId,
        ballot: Ballot,
        index: LogIndex,
        chain: Digest,
        ack: Option<Box<Signed>>,
    ) {
        let here = self.state.tail.at(index);
        let end = self.state.tail.end().index;
        let Role::Leading(leading) = &mut self.state.role else { return };
        if leading.ballot != ballot || index > end {
            return;
        }
        if here.is_some_and(|here| here.chain != chain) {
            self.effects.observe(Observation::Contradiction(from));
            return;
        }
        let progress = leading.progress.entry(from).or_default();
        progress.synced = true;
        progress.silent = false;
        progress.accepted = progress.accepted.max(index);
        if let (Some(ack), Some(place)) = (ack, here) {
            self.keep_ack(from, place, *ack);
        }
    }

    /// Keeps the furthest signed acknowledgement of each voter.
    pub(super) fn keep_ack(&mut self, from: NodeId, place: Place, ack: Signed) {
        let Role::Leading(leading) = &mut self.state.role else { return };
        if leading.acks.get(&from).is_none_or(|(held, _)| held.index < place.index) {
            leading.acks.insert(from, (place, ack));
        }
    }

    /// Decides what a quorum has accepted, certifies it where wished, and tells the followers.
    pub(super) fn advance(&mut self) {
        self.sign_own();
        let quorum = self.state.membership.quorum();
        let own = self.own_accepted();
        let Role::Leading(leading) = &mut self.state.role else { return };
        let ballot = leading.ballot;
        let departed = self.state.departed.len();
        let enough = match self.config.mutant {
            Some(Mutant::DecideWithoutQuorum) => quorum - 1,
            Some(Mutant::CountOutTheDeparted) => {
                (self.state.membership.voters.len() - departed) / 2 + 1
            }
            _ => quorum,
        };
        let decided = self.state.decided;
        let beyond = |index: &LogIndex| *index > decided;
        let reached = || leading.progress.values().map(|p| p.accepted).chain([own]).filter(beyond);
        let by_enough =
            |index: &LogIndex| reached().filter(|other| other >= index).count() >= enough;
        if let Some(decided) = reached().filter(by_enough).max() {
            self.state.decided = self.state.decided.max(decided);
        }
        let certificate = self.certify().map(Arc::new);
        if let Some(certificate) = &certificate {
            self.state.certified = certificate.covers;
            self.effects.output(Output::Certified(certificate.clone()));
        }
        let Role::Leading(leading) = &mut self.state.role else { return };
        if self.state.decided > leading.announced || certificate.is_some() {
            leading.announced = self.state.decided;
            if certificate.is_some() {
                leading.certificate.clone_from(&certificate);
            }
            if let Some(decided) = self.state.tail.at(self.state.decided) {
                self.broadcast(&Message::Decide { ballot, decided, certificate });
            }
        }
        self.ask_waiting_confirms();
    }

    /// Up to where this leader's own log counts: where it is durable.
    fn own_accepted(&self) -> LogIndex {
        if self.config.has(Mutant::SkipSync) {
            return self.state.tail.end().index;
        }
        self.durable_in_promised().map_or(LogIndex(0), |place| place.index)
    }

    /// Whether signed acknowledgements are wanted beyond what is certified.
    pub(super) fn attest_wanted(&self) -> bool {
        match &self.state.role {
            Role::Leading(leading) => leading.attest > self.state.certified,
            _ => false,
        }
    }

    /// The leader's own signed acknowledgement, when one is wanted.
    fn sign_own(&mut self) {
        if !self.attest_wanted() {
            return;
        }
        let Some(place) = self.durable_in_promised() else { return };
        let me = self.config.me;
        let Role::Leading(leading) = &self.state.role else { return };
        let held = leading.acks.get(&me).map_or(LogIndex(0), |(held, _)| held.index);
        if held < place.index && held < leading.attest {
            let ack = self.acknowledge(place, Digest::ZERO);
            self.keep_ack(me, place, ack);
        }
    }

    /// A certificate that covers more than the last one, when one was wished.
    fn certify(&self) -> Option<Certificate> {
        let Role::Leading(leading) = &self.state.role else { return None };
        if !self.attest_wanted() {
            return None;
        }
        let quorum = self.state.membership.quorum();
        let mut acks: Vec<_> = leading.acks.values().collect();
        acks.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(place.index));
        let covers = acks.get(quorum - 1).map(|(place, _)| place.index)?;
        if covers <= self.state.certified {
            return None;
        }
        // The quorum that reaches least far beyond needs the fewest links.
        acks.truncate(quorum);
        let furthest = acks.first()?.0.index;
        let link = |entry: &SharedEntry| {
            let EntryHeader { ballot, root, count, .. } = *entry.header();
            (ballot, root, count)
        };
        let between = self.state.tail.after_index(covers, usize::MAX)?;
        let links = between.iter().take((furthest.0 - covers.0) as usize).map(link).collect();
        Some(Certificate {
            covers,
            acks: acks.into_iter().map(|(_, ack)| ack.clone()).collect(),
            links,
        })
    }

    /// At the end of a period in which something was decided: have it certified, so that every
    /// node can show a recent point of the log.
    pub(super) fn attest_idle(&mut self) {
        let decided = self.state.decided;
        let Role::Leading(leading) = &mut self.state.role else { return };
        if self.state.certified < decided {
            leading.attest = leading.attest.max(decided);
            self.ask_for_signed_acks();
        }
    }

    /// A follower cannot prove its decided point: it gets the newest certificate, or soon will.
    pub(super) fn want_certificate(&mut self, from: NodeId, ballot: Ballot) {
        let Role::Leading(leading) = &mut self.state.role else { return };
        if leading.ballot != ballot {
            return;
        }
        let Some(certificate) = leading.certificate.clone() else {
            self.state.certified = LogIndex(0); // an older ballot's; this one has to certify anew
            return self.attest_idle();
        };
        if let Some(decided) = self.state.tail.at(self.state.decided) {
            let certificate = Some(certificate);
            self.effects.send(from, Message::Decide { ballot, decided, certificate });
        }
    }

    /// Asks the followers for signed acknowledgements of what they have.
    pub(super) fn ask_for_signed_acks(&mut self) {
        let Role::Leading(leading) = &self.state.role else { return };
        let (ballot, previous, decided) =
            (leading.ballot, self.state.tail.end(), self.state.decided);
        let synced: Vec<_> =
            leading.progress.iter().filter(|(_, p)| p.synced).map(|(n, _)| *n).collect();
        for to in synced {
            let entries = Entries::default();
            let append =
                Message::Append { ballot, previous, entries, decided, attest: true, sync: false };
            self.effects.send(to, append);
        }
    }

    /// Sends again what was not answered.
    pub(super) fn resend_as_leader(&mut self) {
        let mut others: Vec<_> = self.state.membership.others(self.config.me).collect();
        others.retain(|to| !self.state.departed.contains(to));
        match &self.state.role {
            Role::Follower => {}
            Role::Preparing(preparing) => {
                let (ballot, votes) = (preparing.ballot, preparing.votes.clone());
                for to in others.into_iter().filter(|to| !votes.contains_key(to)) {
                    self.send_prepare(to, ballot);
                }
                self.try_to_lead();
            }
            Role::Leading(leading) => {
                let (ballot, progress) = (leading.ballot, leading.progress.clone());
                for to in others {
                    self.nudge(to, ballot, progress.get(&to).copied().unwrap_or_default());
                }
                self.resend_confirms();
                if self.attest_wanted() {
                    self.ask_for_signed_acks();
                }
            }
        }
        if let Role::Leading(leading) = &mut self.state.role {
            for progress in leading.progress.values_mut() {
                progress.silent = true;
            }
        }
    }

    /// Sends a silent follower what it seems to lack.
    fn nudge(&mut self, to: NodeId, ballot: Ballot, progress: Progress) {
        if !progress.synced {
            return self.send_prepare(to, ballot);
        }
        let (end, decided) = (self.state.tail.end(), self.state.decided);
        if progress.accepted == end.index {
            // It lacks at most the news of a decision.
            if let Some(decided) = self.state.tail.at(decided) {
                let certificate = None;
                self.effects.send(to, Message::Decide { ballot, decided, certificate });
            }
        } else if progress.silent {
            let attest = self.attest_wanted();
            let limit = self.config.bounds.batch_bytes;
            let previous = self.state.tail.at(progress.accepted);
            let entries = self.state.tail.after_index(progress.accepted, limit);
            let (previous, entries) = match (previous, entries) {
                (Some(previous), Some(entries)) => (previous, entries.into()),
                // Too far behind for memory: the gap makes it ask for what it lacks.
                _ => (end, Entries::default()),
            };
            let append =
                Message::Append { ballot, previous, entries, decided, attest, sync: false };
            self.effects.send(to, append);
        }
    }

    /// Sends some of this node's own undecided requests again, to whoever leads now: those that are
    /// decided make way for the next.
    pub(super) fn resend_own(&mut self) {
        let mine = self.state.mine.first(self.config.bounds.batch_bytes);
        if !mine.is_empty() {
            self.forward_or_enqueue(mine);
        }
    }

    /// Forgets what a node said before it came back: beside the word of those that told it what it
    /// may have lost, that does not count (see [`super::rejoin`]).
    pub(super) fn forget_word_of(&mut self, node: NodeId) {
        match &mut self.state.role {
            Role::Follower => {}
            Role::Preparing(preparing) => {
                preparing.votes.remove(&node);
            }
            Role::Leading(leading) => {
                leading.progress.remove(&node);
                leading.acks.remove(&node);
                for confirm in leading.confirms.values_mut() {
                    confirm.replies.remove(&node);
                }
            }
        }
    }
}
