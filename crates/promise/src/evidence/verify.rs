//! `verify`: the verdict on one answer, from its bytes and the trust file alone.
//!
//! It asks nobody and reads no clock. Everything in the evidence is bound to the request and the
//! response, or to each other; the first check that fails is the reason given.
//!
//! What the request's body asks is opaque here, but not whether it reads or writes: the request
//! says so, and evidence of the other kind is refused. Without that a node could answer a write
//! from its own state and prove, soundly, that a quorum saw the request: a read's evidence for
//! something that never entered the log.

use super::assumption::Assumption;
use super::certificate::Quorum;
use super::examine::{Check, Examiner, Finding};
use super::judgement::{Judgement, Verdict};
use super::kind::Kind;
use super::{Evidence, Proof, eventual};
use crate::codec::Decode;
use crate::fact::{Answer, Scope};
use crate::guarantee::Guarantee;
use crate::identity::GroupId;
use crate::log_point::{EntryHeader, LogPoint};
use crate::quantity::Nanos;
use crate::request::{Nonce, Request};
use crate::trust::Trust;

/// Judges whether `evidence` shows that `response` answers `request` as its guarantee asks.
///
/// `nonce` is the one that the client drew for this request; without it nothing that claims to
/// be fresh can be judged.
//= §4.3.2 signatures
pub fn verify(
    trust: &Trust,
    request: &[u8],
    response: &[u8],
    evidence: &[u8],
    nonce: Option<Nonce>,
) -> Judgement {
    Case {
        trust,
        request,
        response,
        evidence,
        nonce,
        #[cfg(test)]
        skip: None,
    }
    .judge()
}

/// What one judgement is made from.
#[derive(Clone, Copy)]
pub(crate) struct Case<'a> {
    pub(crate) trust: &'a Trust,
    pub(crate) request: &'a [u8],
    pub(crate) response: &'a [u8],
    pub(crate) evidence: &'a [u8],
    pub(crate) nonce: Option<Nonce>,
    #[cfg(test)]
    pub(crate) skip: Option<Check>,
}

impl Case<'_> {
    pub(crate) fn judge(&self) -> Judgement {
        let mut judgement = Judgement::blank();
        match self.examine(&mut judgement) {
            Ok(()) => judgement.verdict = Verdict::Holds,
            Err(Finding { check, reason }) => {
                judgement.verdict = check.failure();
                judgement.reason = reason;
                judgement.failed = Some(check);
            }
        }
        judgement
    }

    fn examine(&self, judgement: &mut Judgement) -> Result<(), Finding> {
        let request = Request::from_bytes(self.request).map_err(|e| form("request", &e))?;
        let examiner = self.examiner(&request);
        let asked = self.claim(&examiner, &request, judgement)?;
        let evidence = Evidence::from_bytes(self.evidence).map_err(|e| form("evidence", &e))?;
        let answer = Answer::from_bytes(&evidence.answer.bytes).map_err(|e| form("answer", &e))?;
        judgement.answered_by = Some(answer.node);
        judgement.point = Some(answer.point);
        judgement.commit = Some(answer.commit);
        judgement.wall = Some(answer.wall);
        self.answer(&examiner, &evidence, &answer)?;
        match &evidence.proof {
            Proof::Write(proof) => {
                anchor(&examiner, &answer, &proof.header, proof.point())?;
                commit(judgement, &proof.examine(&examiner)?, self.trust);
            }
            Proof::ReadIndex(proof) => {
                anchor(&examiner, &answer, &proof.header, proof.point())?;
                commit(judgement, &proof.examine(&examiner)?, self.trust);
            }
            Proof::ConsistentPrefix(proof) => {
                anchor(&examiner, &answer, &proof.header, proof.point())?;
                commit(judgement, &proof.examine(&examiner)?, self.trust);
            }
            Proof::Staleness(proof) => {
                anchor(&examiner, &answer, &proof.read.header, proof.read.point())?;
                let (quorum, age) = proof.examine(&examiner, &answer)?;
                commit(judgement, &quorum, self.trust);
                staleness(&examiner, judgement, asked, age)?;
                let worst = proof.beacon.wall.basis.class().max(answer.wall.basis.class());
                judgement.assumptions.push(Assumption::ClockKeepsBound(answer.node, worst));
            }
            Proof::Eventual => judgement.point = Some(eventual::point(&answer)),
        }
        judgement.assumptions.push(Assumption::StateIsRight(answer.node));
        judgement.assumptions.push(Assumption::Cryptography);
        judgement.reason = match judgement.achieved {
            // Of an age the judgement has a line of its own.
            Some(achieved) if achieved != asked && judgement.age.is_none() => {
                format!("{achieved}, which implies {asked}")
            }
            _ => asked.to_string(),
        };
        Ok(())
    }

    fn examiner(&self, request: &Request) -> Examiner<'_> {
        Examiner {
            trust: self.trust,
            scope: Scope {
                cluster: self.trust.cluster(),
                keyspace: request.keyspace,
                group: GroupId(0),
            },
            request: Request::digest(self.request),
            #[cfg(test)]
            skip: self.skip,
        }
    }

    /// What is claimed, and whether it can be claimed with this kind of evidence at all.
    fn claim(
        &self,
        examiner: &Examiner<'_>,
        request: &Request,
        judgement: &mut Judgement,
    ) -> Result<Guarantee, Finding> {
        examiner.require(Check::RequestCluster, request.cluster == self.trust.cluster(), || {
            format!("the request is for cluster {}", request.cluster)
        })?;
        let keyspace = request.keyspace;
        examiner.require(Check::KeyspaceKnown, self.trust.is_log(keyspace), || {
            format!("the trust file knows no log keyspace {keyspace}")
        })?;
        let asked = request.guarantee.parse::<Guarantee>();
        let asked = asked.map_err(|e| Finding::new(Check::GuaranteeKnown, e.to_string()))?;
        judgement.asked = Some(asked);
        let byte = Evidence::kind_byte(self.evidence)
            .map_err(|error| Finding::new(Check::KindKnown, error.to_string()))?;
        let kind = Kind::from_byte(byte).ok_or_else(|| {
            Finding::new(Check::KindKnown, format!("evidence of unknown kind {byte}"))
        })?;
        judgement.kind = Some(kind);
        let achieved = kind.achieves().ok_or_else(|| {
            let reason = format!("this version does not verify {} evidence", kind.name());
            Finding::new(Check::KindKnown, reason)
        })?;
        judgement.achieved = Some(achieved);
        examiner.require(Check::Carries, achieved.implies(&asked), || {
            format!("{} evidence cannot carry {asked}", kind.name())
        })?;
        let intent = request.intent;
        examiner.require(Check::Intent, kind.proves() == Some(intent), || {
            format!("{} evidence proves no {intent}, and the request is one", kind.name())
        })?;
        let known = self.nonce.is_some() || !kind.needs_nonce();
        examiner.require(
            Check::NonceKnown,
            known,
            || "the client's nonce is not known, so freshness cannot be judged",
        )?;
        let matches = self.nonce.is_none_or(|nonce| nonce == request.nonce);
        examiner.require(
            Check::NonceMatches,
            matches,
            || "the request does not hold the client's nonce",
        )?;
        Ok(asked)
    }

    /// Whether a node of the cluster signed that this response answers this request.
    fn answer(
        &self,
        examiner: &Examiner<'_>,
        evidence: &Evidence,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let signer = evidence.answer.seal.signer;
        examiner.require(
            Check::AnswerScope,
            answer.scope == examiner.scope,
            || "the answer is of another log",
        )?;
        examiner.require(Check::AnswerSigner, signer == answer.node, || {
            format!("{}'s answer is sealed by {signer}", answer.node)
        })?;
        examiner.require(Check::AnswerSeal, evidence.answer.holds(self.trust), || {
            format!("the signature on {}'s answer is wrong", answer.node)
        })?;
        examiner.require(
            Check::AnswerRequest,
            answer.request == examiner.request,
            || "the answer is to another request",
        )?;
        let response = Request::response_digest(self.response);
        examiner.require(
            Check::AnswerResponse,
            answer.response == response,
            || "the answer gave another response",
        )
    }
}

fn form(what: &str, error: &crate::codec::DecodeError) -> Finding {
    Finding::new(Check::Form, format!("{what}: {error}"))
}

/// Whether the answer speaks of the proved point, and of this entry of the log.
fn anchor(
    examiner: &Examiner<'_>,
    answer: &Answer,
    header: &EntryHeader,
    proved: LogPoint,
) -> Result<(), Finding> {
    examiner.require(Check::AnswerPoint, answer.point == proved, || {
        format!("the answer is at {}, the proof at {proved}", answer.point)
    })?;
    examiner.require(Check::AnswerChain, answer.chain == header.chain(), || {
        format!("the answer is not of the log that runs through entry {}", header.index)
    })?;
    examiner.require(Check::AnswerCommit, answer.commit >= header.index, || {
        format!("{} knew only {} to be committed", answer.node, answer.commit)
    })
}

/// Whether a state of this age is what was asked for; records the age.
fn staleness(
    examiner: &Examiner<'_>,
    judgement: &mut Judgement,
    asked: Guarantee,
    age: Nanos,
) -> Result<(), Finding> {
    judgement.age = Some(age);
    let achieved = Guarantee::staleness_by_time(Nanos(age.0.max(1)));
    judgement.achieved = achieved;
    let fits = achieved.is_some_and(|achieved| achieved.implies(&asked));
    examiner.require(Check::Age, fits, || {
        format!("the state may be {age} old when it was answered, and {asked} was asked")
    })
}

/// Records who proves the point committed, and what that leans on.
fn commit(judgement: &mut Judgement, quorum: &Quorum, trust: &Trust) {
    judgement.committed_by = quorum.voters();
    judgement.committed_in = Some((quorum.epoch, quorum.ballot));
    let voters = trust.voters(quorum.epoch).into_iter().flatten().copied().collect();
    judgement.assumptions.push(Assumption::VotersFollow { epoch: quorum.epoch, voters });
}
