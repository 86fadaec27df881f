//! One examination: the checks that a piece of evidence goes through, each by name.
//!
//! Every check has a seeded mutant in the tests, which leaves it out and lets one forged piece of
//! evidence through: so no check is there for show, and none is missing.

use super::judgement::Verdict;
use crate::digest::Digest;
use crate::fact::Scope;
use crate::trust::Trust;
use std::fmt;

/// One thing that is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Request, evidence and facts are canonical encodings.
    Form,
    /// The guarantee asked for has a row in the table.
    GuaranteeKnown,
    /// The kind of evidence is one that this version verifies.
    KindKnown,
    /// The request names the trusted cluster.
    RequestCluster,
    /// The trust file names the request's keyspace, as one replicated log.
    KeyspaceKnown,
    /// This kind of evidence can carry the guarantee asked for.
    Carries,
    /// This kind of evidence proves what the request is to do: a write, its entry in the log; a
    /// read, the state that it saw.
    Intent,
    /// The client's nonce is known where freshness is claimed.
    NonceKnown,
    /// The request holds the client's nonce.
    NonceMatches,
    /// The answer speaks of the request's log.
    AnswerScope,
    /// The answer is sealed by the node that it names.
    AnswerSigner,
    /// The answer's seal holds.
    AnswerSeal,
    /// The answer names this request's digest.
    AnswerRequest,
    /// The answer names this response's digest.
    AnswerResponse,
    /// The answer's point is the one that is proved.
    AnswerPoint,
    /// The answer's chain is the chain at its point.
    AnswerChain,
    /// The answering node knew its point to be committed.
    AnswerCommit,
    /// An acknowledgement speaks of the request's log.
    AckScope,
    /// The trust file knows the configuration of the acknowledgements.
    EpochKnown,
    /// All acknowledgements are of one configuration.
    EpochOne,
    /// All acknowledgements are of one ballot.
    BallotOne,
    /// The acknowledging node is a voter of the configuration.
    Voter,
    /// The acknowledgements name their voters in ascending order, each once.
    VoterOnce,
    /// An acknowledgement is sealed by the voter that it names.
    AckSigner,
    /// An acknowledgement's seal holds.
    AckSeal,
    /// The acknowledgements come from a majority of the voters.
    Quorum,
    /// A certifying acknowledgement reaches the entry.
    Covers,
    /// The links reach the highest acknowledged entry.
    SuffixReaches,
    /// The links end there.
    SuffixEnds,
    /// A certifying acknowledgement's chain runs through the entry.
    AckChain,
    /// The request is in the entry at the stated place.
    Member,
    /// The voters saw the request before they acknowledged.
    FloorRoot,
    /// The point is at or after everything that those voters had accepted.
    FloorHeight,
    /// An entry of those acknowledgements' own ballot is at or before the point.
    OwnBallot,
    /// Floor and certificate are of one configuration.
    EpochShared,
    /// The beacon is the answering node's own.
    BeaconOwn,
    /// The clock of the answering node has a bound, at the beacon and at the answer.
    ClockBounded,
    /// By that clock the answer is not before the beacon.
    ClockOrder,
    /// The state is no older than was asked for.
    Age,
}

impl Check {
    /// Every check that a mutant can leave out; [`Check::Form`], [`Check::GuaranteeKnown`] and
    /// [`Check::KindKnown`] have nothing to go on with.
    pub const SKIPPABLE: [Self; 36] = [
        Self::RequestCluster,
        Self::KeyspaceKnown,
        Self::Carries,
        Self::Intent,
        Self::NonceKnown,
        Self::NonceMatches,
        Self::AnswerScope,
        Self::AnswerSigner,
        Self::AnswerSeal,
        Self::AnswerRequest,
        Self::AnswerResponse,
        Self::AnswerPoint,
        Self::AnswerChain,
        Self::AnswerCommit,
        Self::AckScope,
        Self::EpochKnown,
        Self::EpochOne,
        Self::BallotOne,
        Self::Voter,
        Self::VoterOnce,
        Self::AckSigner,
        Self::AckSeal,
        Self::Quorum,
        Self::Covers,
        Self::SuffixReaches,
        Self::SuffixEnds,
        Self::AckChain,
        Self::Member,
        Self::FloorRoot,
        Self::FloorHeight,
        Self::OwnBallot,
        Self::EpochShared,
        Self::BeaconOwn,
        Self::ClockBounded,
        Self::ClockOrder,
        Self::Age,
    ];

    /// What its failure means: that the evidence is wrong, or that the verifier lacks an input.
    pub const fn failure(self) -> Verdict {
        match self {
            Self::GuaranteeKnown
            | Self::KindKnown
            | Self::KeyspaceKnown
            | Self::NonceKnown
            | Self::EpochKnown => Verdict::Unknown,
            _ => Verdict::Refuted,
        }
    }
}

/// A check that failed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) check: Check,
    pub(crate) reason: String,
}

impl Finding {
    pub(crate) fn new(check: Check, reason: impl Into<String>) -> Self {
        Self { check, reason: reason.into() }
    }
}

/// What one piece of evidence is examined against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Examiner<'a> {
    pub(crate) trust: &'a Trust,
    /// The log that the request is for.
    pub(crate) scope: Scope,
    /// The digest of the request's bytes.
    pub(crate) request: Digest,
    /// The seeded mutant: one check left out.
    #[cfg(test)]
    pub(crate) skip: Option<Check>,
}

impl Examiner<'_> {
    /// Goes on when `holds`; otherwise the check's finding, told by `reason`.
    pub(crate) fn require<R: fmt::Display>(
        &self,
        check: Check,
        holds: bool,
        reason: impl FnOnce() -> R,
    ) -> Result<(), Finding> {
        if holds || self.skips(check) {
            return Ok(());
        }
        Err(Finding::new(check, reason().to_string()))
    }

    #[cfg(test)]
    fn skips(&self, check: Check) -> bool {
        self.skip == Some(check)
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "the mutant exists in tests only")]
    const fn skips(&self, _check: Check) -> bool {
        false
    }
}
