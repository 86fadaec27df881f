//! No check is for show: for each there is one forged piece of evidence that it catches, and
//! that would hold without it.

use super::{BALLOT, OLDER, change, forge};
use crate::codec::{Decode, Encode};
use crate::digest::{Digest, digest_of};
use crate::evidence::verify::Case;
use crate::evidence::{
    Check, CommitCertificate, Evidence, Item, Judgement, Link, Proof, ReadIndexProof,
};
use crate::fact::{Ack, Answer};
use crate::identity::{ClusterId, Epoch, GroupId, KeyspaceId, NodeId};
use crate::log_point::LogIndex;
use crate::request::Nonce;
use crate::testing::Forge;
use crate::trust::Trust;

fn judge(trust: &Trust, item: &Item, skip: Option<Check>) -> Judgement {
    let Item { request, response, evidence, nonce } = item;
    Case { trust, request, response, evidence, nonce: *nonce, skip }.judge()
}

fn write(forge: &mut Forge) -> Item {
    let request = forge.request("linearizable", b"put a");
    forge.write(BALLOT, &request, 3)
}

fn read(forge: &mut Forge, idle: bool) -> Item {
    let request = forge.request("linearizable", b"get a");
    forge.read_index(&request, 2, idle)
}

/// The write's certificate.
fn certificate(evidence: &mut Evidence) -> &mut CommitCertificate {
    match &mut evidence.proof {
        Proof::Write(proof) => &mut proof.certificate,
        other => panic!("a write's evidence, not {other:?}"),
    }
}

fn read_proof(evidence: &mut Evidence) -> &mut ReadIndexProof {
    match &mut evidence.proof {
        Proof::ReadIndex(proof) => proof,
        other => panic!("a read's evidence, not {other:?}"),
    }
}

/// A write whose answer is changed, and sealed again.
fn with_answer(forge: &mut Forge, edit: impl FnOnce(&mut Answer)) -> Item {
    let mut item = write(forge);
    change(&mut item, |evidence| forge.edit(&mut evidence.answer, edit));
    item
}

/// A write whose third acknowledgement is changed, and sealed again by the same voter.
fn with_ack(forge: &mut Forge, edit: impl FnOnce(&mut Ack)) -> Item {
    let mut item = write(forge);
    change(&mut item, |evidence| forge.edit(&mut certificate(evidence).acks[2], edit));
    item
}

/// A write whose acknowledgements are all changed.
fn with_acks(forge: &mut Forge, edit: impl Fn(&mut Ack)) -> Item {
    let mut item = write(forge);
    change(&mut item, |evidence| {
        for ack in &mut certificate(evidence).acks {
            forge.edit(ack, &edit);
        }
    });
    item
}

fn two_epochs(forge: &mut Forge) {
    let voters = forge.trust.newest_voters().clone();
    forge.trust = forge.trust.clone().and_epoch(Epoch(2), voters).unwrap();
}

/// Evidence that this check, and no other, refuses.
#[expect(clippy::too_many_lines, reason = "a table of forgeries, a few lines each")]
fn forgery(check: Check, forge: &mut Forge) -> Item {
    match check {
        Check::Form | Check::GuaranteeKnown | Check::KindKnown => write(forge),
        Check::RequestCluster => {
            let mut request = forge.request("linearizable", b"put a");
            request.cluster = ClusterId([9; 16]);
            forge.write(BALLOT, &request, 3)
        }
        Check::KeyspaceKnown => {
            forge.scope.keyspace = KeyspaceId(7);
            write(forge)
        }
        Check::Carries => {
            let request = forge.request("linearizable", b"get a");
            forge.prefix(&request)
        }
        Check::NonceKnown => Item { nonce: None, ..write(forge) },
        Check::NonceMatches => Item { nonce: Some(Nonce([3; 16])), ..write(forge) },
        Check::AnswerScope => with_answer(forge, |answer| answer.scope.group = GroupId(1)),
        Check::AnswerSigner => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                let answer = Answer::from_bytes(&evidence.answer.bytes).unwrap();
                evidence.answer = forge.seal(NodeId(6), &answer);
            });
            item
        }
        Check::AnswerSeal => {
            let mut item = write(forge);
            change(&mut item, |evidence| evidence.answer.seal.signature.0[5] ^= 1);
            item
        }
        Check::AnswerRequest => with_answer(forge, |answer| answer.request = Digest::ZERO),
        Check::AnswerResponse => Item { response: "another".into(), ..write(forge) },
        Check::AnswerPoint => with_answer(forge, |answer| answer.point.position += 1),
        Check::AnswerChain => with_answer(forge, |answer| answer.chain = Digest::ZERO),
        Check::AnswerCommit => {
            with_answer(forge, |answer| answer.commit = answer.point.index.previous())
        }
        Check::AckScope => with_ack(forge, |ack| ack.scope.group = GroupId(1)),
        Check::EpochKnown => with_acks(forge, |ack| ack.epoch = Epoch(9)),
        Check::EpochOne => {
            two_epochs(forge);
            with_ack(forge, |ack| ack.epoch = Epoch(2))
        }
        Check::BallotOne => with_ack(forge, |ack| ack.ballot = OLDER),
        Check::Voter => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                let acks = &mut certificate(evidence).acks;
                let mut learner = Ack::from_bytes(&acks[2].bytes).unwrap();
                learner.voter = NodeId(6);
                acks[2] = forge.seal(NodeId(6), &learner);
            });
            item
        }
        Check::VoterOnce => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                let acks = &mut certificate(evidence).acks;
                acks[1] = acks[2].clone();
            });
            item
        }
        Check::AckSigner => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                let acks = &mut certificate(evidence).acks;
                let ack = Ack::from_bytes(&acks[2].bytes).unwrap();
                acks[2] = forge.seal(NodeId(6), &ack);
            });
            item
        }
        Check::AckSeal => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                certificate(evidence).acks[0].seal.signature.0[0] ^= 1;
            });
            item
        }
        Check::Quorum => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                certificate(evidence).acks.pop();
            });
            item
        }
        Check::Covers => with_ack_below(forge),
        Check::SuffixReaches => with_ack(forge, |ack| ack.accepted = LogIndex(99)),
        Check::SuffixEnds => {
            let mut item = write(forge);
            change(&mut item, |evidence| {
                let link = Link { ballot: BALLOT, root: Digest::ZERO, count: 0 };
                certificate(evidence).suffix.push(link);
            });
            item
        }
        Check::AckChain => with_ack(forge, |ack| ack.chain = digest_of("another log", &[])),
        Check::Member => {
            // An honest write's evidence under a request that was never in the log.
            let mut item = write(forge);
            let never = forge.request("linearizable", b"put b");
            item.nonce = Some(never.nonce);
            item.request = never.to_bytes();
            let digest = crate::Request::digest(&item.request);
            change(&mut item, |evidence| {
                forge.edit(&mut evidence.answer, |answer: &mut Answer| answer.request = digest);
            });
            item
        }
        Check::FloorRoot => {
            // The acknowledgements that an earlier read got.
            let earlier = read(forge, true);
            let mut earlier = Evidence::from_bytes(&earlier.evidence).unwrap();
            let stale = read_proof(&mut earlier).floor.acks.clone();
            let mut item = read(forge, true);
            change(&mut item, |evidence| read_proof(evidence).floor.acks = stale);
            item
        }
        Check::FloorHeight => {
            let mut item = read(forge, false);
            change(&mut item, |evidence| {
                let proof = read_proof(evidence);
                let beyond = proof.header.index.next();
                forge.edit(&mut proof.floor.acks[1], |ack: &mut Ack| ack.accepted = beyond);
            });
            item
        }
        Check::OwnBallot => {
            // A new leader, elected after entry 2, that answers before it appended anything.
            forge.headers.truncate(2);
            let mut item = read(forge, true);
            change(&mut item, |evidence| {
                for ack in &mut read_proof(evidence).floor.acks {
                    forge.edit(ack, |ack: &mut Ack| ack.ballot = BALLOT);
                }
            });
            item
        }
        Check::EpochShared => {
            two_epochs(forge);
            let mut item = read(forge, false);
            change(&mut item, |evidence| {
                for ack in &mut read_proof(evidence).certificate.as_mut().unwrap().acks {
                    forge.edit(ack, |ack: &mut Ack| ack.epoch = Epoch(2));
                }
            });
            item
        }
    }
}

/// A write that only two of five voters hold; the third stopped one entry earlier.
fn with_ack_below(forge: &mut Forge) -> Item {
    let mut item = write(forge);
    change(&mut item, |evidence| {
        let acks = &mut certificate(evidence).acks;
        let before = Ack::from_bytes(&acks[0].bytes).unwrap().accepted.previous();
        let chain = forge.chain(before);
        forge.edit(&mut acks[0], |ack: &mut Ack| {
            (ack.accepted, ack.chain) = (before, chain);
        });
    });
    item
}

//= §2.2.1 stale primary detection test
//= §4.3.3 replay protection: nonces test
#[test]
fn each_check_catches_a_forgery_that_holds_without_it() {
    for check in Check::SKIPPABLE {
        let mut forge = forge();
        let item = forgery(check, &mut forge);
        let caught = judge(&forge.trust, &item, None);
        assert_eq!(caught.failed, Some(check), "{check:?}: {caught}");
        assert_eq!(caught.verdict, check.failure(), "{check:?}");
        let missed = judge(&forge.trust, &item, Some(check));
        assert!(missed.holds(), "{check:?} left out, and still: {missed}");
    }
}

#[test]
fn every_check_is_in_the_table_of_mutants_or_has_nothing_to_go_on_with() {
    let rest = [Check::Form, Check::GuaranteeKnown, Check::KindKnown];
    let mut all: Vec<_> = Check::SKIPPABLE.into_iter().chain(rest).collect();
    all.sort_unstable();
    all.dedup();
    // `EpochShared` is the last variant: its number is the count of the others.
    assert_eq!(all.len(), Check::EpochShared as usize + 1);
}
