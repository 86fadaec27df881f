//! Certificates, and answers with their evidence on their way out.

use super::command::Replied;
use super::config::NodeMutant;
use super::state::{Certified, Draft, Wants, by_voter};
use super::step::Turn;
use avouch_agreement::log::Certificate;
use avouch_promise::evidence::{
    CommitCertificate, Evidence, Link, PrefixProof, Proof, ReadIndexProof, StalenessProof,
    WriteProof,
};
use avouch_promise::{Answer, Digest, Encode, LogIndex, Request, Signed, invariant};
use std::sync::Arc;

/// A draft's chain and proof, or the draft itself when its certificate has not come yet.
type Proved = Result<(Digest, Proof), ()>;

impl Turn<'_> {
    /// A certificate came in, perhaps before the machine reached it.
    pub(super) fn certify(&mut self, certificate: Arc<Certificate>) {
        self.state.early.push(certificate);
        self.certify_applied();
    }

    /// Takes certificates whose point is applied, and lets out what waited for them.
    pub(super) fn certify_applied(&mut self) {
        if self.state.early.is_empty()
            && self.state.uncertified.is_empty()
            && self.state.prefixes.is_empty()
        {
            return;
        }
        let applied = self.state.applied;
        let (ready, early): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.state.early).into_iter().partition(|c| c.covers <= applied);
        self.state.early = early;
        for certificate in ready {
            let newer = certificate.covers > self.state.certified();
            if let Some(recent) = self.state.recent_at(certificate.covers)
                && newer
            {
                let link = |(ballot, root, count)| Link { ballot, root, count };
                let proof = CommitCertificate {
                    acks: by_voter(certificate.acks.clone()),
                    suffix: certificate.links.iter().copied().map(link).collect(),
                };
                let (header, moment) = (recent.header, recent.moment.clone());
                self.state.certified = Some(Certified { header, moment, proof });
            }
        }
        let covered = self.state.certified();
        let waiting = std::mem::take(&mut self.state.uncertified);
        for draft in waiting {
            if draft.point.index <= covered {
                self.settle(draft);
            } else {
                self.state.uncertified.push(draft);
            }
        }
        if covered > LogIndex(0) {
            for id in std::mem::take(&mut self.state.prefixes) {
                self.answer_prefix(id);
            }
        }
    }

    /// Lets an answer out, or keeps it until its certificate comes.
    pub(super) fn settle(&mut self, draft: Draft) {
        let needs = match &draft.wants {
            Wants::Write { .. } => true,
            Wants::Read { certificate, .. } => *certificate,
            _ => false,
        };
        if needs && draft.point.index > self.state.certified() {
            self.state.uncertified.push(draft);
        } else {
            self.drafts.push(draft);
        }
    }

    /// The certificate for the entry at `index`: the newest one, with the entries in between.
    fn certificate_for(&self, index: LogIndex) -> Option<CommitCertificate> {
        let certified = self.state.certified.as_ref()?;
        let covers = certified.header.index;
        let mut suffix = Vec::new();
        for between in index.0 + 1..=covers.0 {
            suffix.push(Link::from(&self.state.recent_at(LogIndex(between))?.header));
        }
        suffix.extend(certified.proof.suffix.iter().copied());
        Some(CommitCertificate { acks: certified.proof.acks.clone(), suffix })
    }

    /// A draft's proof; none when it cannot be had.
    fn prove(&self, wants: Wants, index: LogIndex) -> Option<(Digest, Proof)> {
        match wants {
            Wants::Nothing | Wants::Lost => None,
            Wants::Signature(chain) => Some((chain, Proof::Eventual)),
            Wants::Write { header, position, path } => {
                let certificate = self.certificate_for(index)?;
                let proof = WriteProof { header, position, path, certificate };
                Some((header.chain(), Proof::Write(proof)))
            }
            Wants::Read { header, floor, certificate } => {
                let certificate =
                    if certificate { Some(self.certificate_for(index)?) } else { None };
                let proof = ReadIndexProof { header, floor, certificate };
                Some((header.chain(), Proof::ReadIndex(proof)))
            }
            Wants::Stale { header, beacon, floor, certificate } => {
                let read = ReadIndexProof { header, floor, certificate };
                Some((header.chain(), Proof::Staleness(StalenessProof { beacon, read })))
            }
            Wants::Prefix { header, proof } => {
                let chain = header.chain();
                let proof = PrefixProof { header, certificate: proof };
                Some((chain, Proof::ConsistentPrefix(proof)))
            }
        }
    }

    /// Sends every complete answer; one signature covers them all.
    pub(super) fn send_drafts(&mut self) {
        let mut drafts = std::mem::take(&mut self.drafts);
        let mut facts = Vec::new();
        let mut proofs = Vec::new();
        for draft in &mut drafts {
            let wants = std::mem::replace(&mut draft.wants, Wants::Nothing);
            let proved = self.prove(wants, draft.point.index).ok_or(());
            if let Ok((chain, _)) = &proved {
                facts.push(self.answer_fact(draft, *chain).to_bytes());
            }
            proofs.push(proved);
        }
        let me = self.config.log.me;
        let mut signed = Vec::new();
        if !facts.is_empty() {
            signed = Signed::batch(me, facts, |message| self.env.sign(message));
        }
        let mut signed = signed.into_iter();
        for (draft, proved) in drafts.into_iter().zip(proofs) {
            let evidence = Self::attach(proved, &mut signed);
            let mut point = draft.point;
            if self.config.has(NodeMutant::MisstatePoint) && evidence.is_some() {
                point.index = point.index.next();
            }
            let replied = Replied {
                outcome: draft.outcome,
                evidence,
                achieved: draft.guarantee,
                point,
                ballot: self.state.log.promised(),
                hops: draft.hops,
            };
            self.reply(draft.id, Ok(replied));
        }
    }

    fn attach(proved: Proved, signed: &mut impl Iterator<Item = Signed>) -> Option<bytes::Bytes> {
        let Ok((_, proof)) = proved else { return None };
        let answer = signed.next();
        invariant!(I4, answer.is_some(), "an answer without its signature");
        answer.map(|answer| Evidence { answer, proof }.to_bytes())
    }

    fn answer_fact(&self, draft: &Draft, chain: Digest) -> Answer {
        Answer {
            scope: self.config.log.scope,
            node: self.config.log.me,
            incarnation: self.state.log.incarnation(),
            request: draft.request,
            response: Request::response_digest(&draft.outcome),
            point: draft.point,
            chain,
            commit: draft.commit,
            wall: draft.wall,
        }
    }
}
