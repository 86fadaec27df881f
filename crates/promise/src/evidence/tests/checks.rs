//! No check is for show: for each there is one forged piece of evidence that it catches, and
//! that would hold without it.

use super::{BALLOT, OLDER, change, forge};
use crate::clock::{Basis, Lack, Wall};
use crate::codec::{Decode, Encode};
use crate::digest::{Digest, digest_of};
use crate::evidence::verify::Case;
use crate::evidence::{
    Beacon, Check, CommitCertificate, Evidence, Item, Judgement, Link, Proof, ReadIndexProof,
};
use crate::fact::{Ack, Answer};
use crate::guarantee::Guarantee;
use crate::identity::{ClusterId, Epoch, GroupId, KeyspaceId, NodeId};
use crate::log_point::LogIndex;
use crate::quantity::{Interval, Nanos};
use crate::request::{Intent, Nonce, Request};
use crate::testing::{Forge, NOON};
use crate::trust::Trust;

fn judge(trust: &Trust, item: &Item, skip: Option<Check>) -> Judgement {
    let Item { request, response, evidence, nonce } = item;
    Case { trust, request, response, evidence, nonce: *nonce, skip }.judge()
}

fn write(forge: &mut Forge) -> Item {
    let request = forge.put("put a");
    forge.write(BALLOT, &request, 3)
}

fn read(forge: &mut Forge, idle: bool) -> Item {
    let request = forge.get("linearizable", "get a");
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
fn forgery(check: Check, forge: &mut Forge) -> Option<Item> {
    let makers =
        [false_claim, false_answer, false_quorum, false_certificate, false_floor, false_clock];
    makers.into_iter().find_map(|make| make(check, forge))
}

/// Something is asked or claimed that the facts are not about.
fn false_claim(check: Check, forge: &mut Forge) -> Option<Item> {
    Some(match check {
        Check::RequestCluster => {
            let mut request = forge.put("put a");
            request.cluster = ClusterId([9; 16]);
            forge.write(BALLOT, &request, 3)
        }
        Check::KeyspaceKnown => {
            forge.scope.keyspace = KeyspaceId(7);
            write(forge)
        }
        Check::Carries => {
            let request = forge.get("linearizable", "get a");
            forge.prefix(&request)
        }
        Check::Intent => {
            // A write that was never in the log, answered from some state; a quorum was told its
            // digest as if it were a read's, and honestly acknowledged.
            let request = forge.put("put a");
            forge.read_index(&request, 2, true)
        }
        Check::NonceKnown => Item { nonce: None, ..write(forge) },
        Check::NonceMatches => Item { nonce: Some(Nonce([3; 16])), ..write(forge) },
        Check::Member => {
            // An honest write's evidence under a request that was never in the log.
            let mut item = write(forge);
            let never = forge.put("put b");
            item.nonce = Some(never.nonce);
            item.request = never.to_bytes();
            let digest = Request::digest(&item.request);
            change(&mut item, |evidence| {
                forge.edit(&mut evidence.answer, |answer: &mut Answer| answer.request = digest);
            });
            item
        }
        _ => return None,
    })
}

/// The answer says something else.
fn false_answer(check: Check, forge: &mut Forge) -> Option<Item> {
    Some(match check {
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
        _ => return None,
    })
}

/// The acknowledgements are not those of a majority.
fn false_quorum(check: Check, forge: &mut Forge) -> Option<Item> {
    Some(match check {
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
        _ => return None,
    })
}

/// A majority speaks, of another entry.
fn false_certificate(check: Check, forge: &mut Forge) -> Option<Item> {
    Some(match check {
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
        _ => return None,
    })
}

/// A majority speaks of the entry, and it is too old.
fn false_floor(check: Check, forge: &mut Forge) -> Option<Item> {
    Some(match check {
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
        _ => return None,
    })
}

/// The clock does not show what is claimed.
fn false_clock(check: Check, forge: &mut Forge) -> Option<Item> {
    let request = forge.get("bounded-staleness=1s", "get a");
    let beacon = |node, interval| Beacon { node: NodeId(node), wall: Wall::stated(interval) };
    let just_now = Interval::around(NOON.minus(Nanos::from_millis(5)), Nanos::from_millis(1));
    Some(match check {
        // The reading of another node's clock, of which this one's answer says nothing.
        Check::BeaconOwn => forge.staleness_of(&request, beacon(5, just_now), true),
        // The clock had lost its bound when the beacon was made, and what it showed is told as if
        // it had not. With the check left out the age is as long as time, which is asked for.
        Check::ClockBounded => {
            let request = forge.get(&format!("bounded-staleness={}ns", u64::MAX), "get a");
            let wall = Wall { interval: just_now, basis: Basis::None(Lack::Disrupted) };
            forge.staleness_of(&request, Beacon { node: NodeId(3), wall }, true)
        }
        // The clock went back between beacon and answer.
        Check::ClockOrder => {
            let request = forge.get(&format!("bounded-staleness={}ns", u64::MAX), "get a");
            let later = Interval::around(NOON.plus(Nanos::from_secs(9)), Nanos::from_millis(1));
            forge.staleness_of(&request, beacon(3, later), true)
        }
        // What is asked, less than the two half-widths.
        Check::Age => forge.staleness(&request, Nanos::from_millis(999), true),
        _ => return None,
    })
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

#[test]
fn each_check_catches_a_forgery_that_holds_without_it() {
    for check in Check::SKIPPABLE {
        let mut forge = forge();
        let item = forgery(check, &mut forge).expect("a forgery for each check");
        let caught = judge(&forge.trust, &item, None);
        assert_eq!(caught.failed, Some(check), "{check:?}: {caught}");
        assert_eq!(caught.verdict, check.failure(), "{check:?}");
        let missed = judge(&forge.trust, &item, Some(check));
        assert!(missed.holds(), "{check:?} left out, and still: {missed}");
    }
}

//= §2.2.1 stale-primary test
//= §4.3.3 nonces test
/// The story of a leader that was deposed and does not know it, with any clock it likes.
#[test]
fn nothing_but_its_entry_in_the_log_proves_a_write_and_an_entry_proves_no_read() {
    let mut forge = forge();
    for guarantee in ["linearizable", "consistent-prefix", "eventual"] {
        let put = Request { guarantee: guarantee.to_owned(), ..forge.put("put a") };
        let get = forge.get(guarantee, "get a");
        let carried = |item: Item| {
            let asked: Guarantee = guarantee.parse().unwrap();
            let judged = item.verify(&forge.trust);
            judged.achieved.unwrap().implies(&asked).then_some(judged.failed)
        };
        let read = forge.clone().read_index(&put, 1, true);
        assert_eq!(carried(read), Some(Some(Check::Intent)), "{guarantee}");
        for weaker in [forge.clone().prefix(&put), forge.clone().eventual(&put)] {
            assert!(matches!(carried(weaker), None | Some(Some(Check::Intent))), "{guarantee}");
        }
        assert_eq!(carried(forge.clone().write(BALLOT, &put, 3)), Some(None), "{guarantee}");
        let logged = forge.clone().write(BALLOT, &get, 3);
        assert_eq!(carried(logged), Some(Some(Check::Intent)), "{guarantee}");
    }
    // The same request under another intent is another request: the bit is bound like any other.
    let put = forge.put("put a");
    let mut item = forge.read_index(&put, 1, true);
    item.request = Request { intent: Intent::Read, ..put }.to_bytes();
    assert_eq!(item.verify(&forge.trust).failed, Some(Check::AnswerRequest));
}

#[test]
fn an_unknown_intent_is_no_request() {
    let mut forge = forge();
    let bytes = forge.put("put a").to_bytes().to_vec();
    for intent in (0..=u8::MAX).filter(|intent| !matches!(intent, 1 | 2)) {
        let mut changed = bytes.clone();
        changed[1] = intent;
        let error = Request::from_bytes(&changed).unwrap_err();
        assert!(error.to_string().contains("an intent"), "{error}");
    }
}

#[test]
fn a_deposed_leader_cannot_answer_a_new_read_with_what_it_can_still_get() {
    // n2 leads ballot 3 and committed entry 2; n1 leads ballot 4 since, with n1, n3, n4 and n5.
    let mut forge = forge();
    let current = forge.clone();
    forge.headers.truncate(2);
    let earlier = forge.get("linearizable", "get a");
    let kept = forge.read_index(&earlier, 1, true);
    assert!(kept.verify(&forge.trust).holds(), "it was right at its time");
    let fresh = forge.get("linearizable", "get a");
    let digest = Request::digest(&fresh.to_bytes());
    let fresh_root = crate::merkle::root(&[digest]);
    let mut retold = kept.clone();
    (retold.request, retold.nonce) = (fresh.to_bytes(), Some(fresh.nonce));
    change(&mut retold, |evidence| {
        forge.edit(&mut evidence.answer, |answer: &mut Answer| answer.request = digest);
    });
    // It tells the old acknowledgements again: they did not see the new nonce.
    assert_eq!(retold.verify(&forge.trust).failed, Some(Check::FloorRoot));
    // It asks anew: nobody but itself is still in ballot 3.
    let alone = |voters: &[(u32, crate::identity::Ballot)]| {
        let mut item = retold.clone();
        change(&mut item, |evidence| {
            let seal = |(voter, ballot): &(u32, crate::identity::Ballot)| {
                let log = if *ballot == OLDER { &forge } else { &current };
                let ack = log.ack(NodeId(*voter), log.last().index, *ballot, fresh_root);
                log.seal(ack.voter, &ack)
            };
            read_proof(evidence).floor.acks = voters.iter().map(seal).collect();
        });
        item.verify(&forge.trust).failed
    };
    assert_eq!(alone(&[(2, OLDER)]), Some(Check::Quorum));
    // It mixes in what voters of ballot 4 say, or shows only that.
    assert_eq!(alone(&[(2, OLDER), (3, BALLOT), (4, BALLOT)]), Some(Check::BallotOne));
    let newer = alone(&[(1, BALLOT), (3, BALLOT), (4, BALLOT)]);
    assert_eq!(newer, Some(Check::FloorHeight));
}

#[test]
fn every_check_is_in_the_table_of_mutants_or_has_nothing_to_go_on_with() {
    let rest = [Check::Form, Check::GuaranteeKnown, Check::KindKnown];
    let mut all: Vec<_> = Check::SKIPPABLE.into_iter().chain(rest).collect();
    all.sort_unstable();
    all.dedup();
    // `Age` is the last variant: its number is the count of the others.
    assert_eq!(all.len(), Check::Age as usize + 1);
}
