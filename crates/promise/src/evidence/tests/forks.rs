//! Two pieces of evidence that hold one by one and contradict each other.

use super::{BALLOT, OLDER, forge, samples};
use crate::codec::Decode;
use crate::codec::Encode;
use crate::evidence::{
    Contradiction, Evidence, EvidenceFile, Fork, Item, PrefixProof, Proof, cross_check,
};
use crate::fact::Answer;
use crate::identity::{Ballot, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::testing::Forge;

fn check(forge: &Forge, items: [Item; 2]) -> Vec<Fork> {
    let [one, other] = items.map(|item| EvidenceFile { items: vec![item] });
    // What comes out does not depend on whether the two lie in one file or in two.
    let both = EvidenceFile { items: [&one, &other].map(|file| file.items[0].clone()).to_vec() };
    let apart = cross_check(&forge.trust, &[("one", &one), ("other", &other)]);
    let together = cross_check(&forge.trust, &[("both", &both)]);
    let told = |forks: &[Fork]| forks.iter().map(|fork| fork.contradiction).collect::<Vec<_>>();
    assert_eq!(told(&apart), told(&together));
    apart
}

/// Two logs that part after `shared` entries, each with a write of its own in `ballots`.
fn two_logs(ballots: [Ballot; 2]) -> (Forge, [Item; 2]) {
    let trunk = forge();
    let items = [0_usize, 1].map(|branch| {
        let mut forge = trunk.clone();
        for _ in 0..branch {
            forge.put("so that the nonces differ");
        }
        let request = forge.put("put a");
        forge.write(ballots[branch], &request, 1)
    });
    (trunk, items)
}

#[test]
fn honest_evidence_is_no_fork() {
    let mut forge = forge();
    let items: Vec<_> = samples(&mut forge).into_iter().map(|(_, item)| item).collect();
    let file = EvidenceFile { items };
    assert_eq!(cross_check(&forge.trust, &[("one", &file), ("copy", &file)]), []);
}

#[test]
fn two_answers_that_contradict_each_other_are_called_a_fork_and_both_are_named() {
    let (forge, items) = two_logs([BALLOT, Ballot { round: 5, ..BALLOT }]);
    for item in &items {
        assert!(item.verify(&forge.trust).holds(), "each holds by itself");
    }
    let forks = check(&forge, items);
    let index = forge.last().index.next();
    assert!(forks.iter().any(|f| f.contradiction == Contradiction::CommittedChain(index)));
    let text = forks[0].to_string();
    assert!(text.contains("fork") && text.contains("n1 (start 2) in one, item 0"), "{text}");
    assert!(text.contains("n1 (start 2) in other, item 0"), "{text}");
    assert_eq!(forks[0].verdict().exit_code(), 1);
}

#[test]
fn a_ballot_with_two_logs_is_a_fork_and_two_ballots_with_unlike_tails_are_not() {
    let (forge, items) = two_logs([BALLOT, BALLOT]);
    let index = forge.last().index.next();
    let forks = check(&forge, items);
    let expected = Contradiction::AcknowledgedChain(BALLOT, index);
    assert!(forks.iter().any(|fork| fork.contradiction == expected), "{forks:?}");

    // Eventual answers claim nothing as committed beyond what they know, and unlike tails of two
    // ballots are ordinary: only acknowledgements are compared here.
    let (forge, items) = two_logs([OLDER, BALLOT]);
    let items = items.map(|mut item| {
        super::change(&mut item, |evidence| {
            forge.edit(&mut evidence.answer, |answer: &mut Answer| {
                answer.commit = answer.point.index.previous();
                // Away from F4: each answer names a point of its own.
                answer.point.position += u32::from(answer.chain.0[0]) + 1;
            });
        });
        item
    });
    assert_eq!(check(&forge, items), []);
}

#[test]
fn one_request_with_two_responses_at_one_point_is_a_contradiction() {
    let mut forge = forge();
    let request = forge.get("consistent-prefix", "get a");
    let one = forge.prefix(&request);
    let mut other = Item { response: "another response".into(), ..one.clone() };
    let digest = crate::Request::response_digest(&other.response);
    super::change(&mut other, |evidence| {
        forge.edit(&mut evidence.answer, |answer: &mut Answer| answer.response = digest);
    });
    assert!(other.verify(&forge.trust).holds());
    let forks = check(&forge, [one, other]);
    assert!(matches!(forks[..], [Fork { contradiction: Contradiction::Response(_), .. }]));
}

#[test]
fn a_point_with_two_writes_and_a_write_at_two_points_are_contradictions() {
    let mut forge = forge();
    let request = forge.put("put a");
    let first = forge.write(BALLOT, &request, 1);
    // The same request in the log once more, answered as if it took effect again.
    let second = forge.write(BALLOT, &request, 1);
    let forks = check(&forge, [first.clone(), second]);
    assert!(matches!(forks[..], [Fork { contradiction: Contradiction::WrittenTwice(..), .. }]));

    let mut other = first.clone();
    super::change(&mut other, |evidence| {
        forge.edit(&mut evidence.answer, |answer: &mut Answer| {
            answer.request = crate::Digest::ZERO;
        });
    });
    let forks = check(&forge, [first, other]);
    assert!(matches!(forks[..], [Fork { contradiction: Contradiction::WritePoint(_), .. }]));
}

#[test]
fn nobody_can_frame_a_node_with_facts_that_it_did_not_sign() {
    let (forge, [one, mut other]) = two_logs([BALLOT, BALLOT]);
    let mut evidence = Evidence::from_bytes(&other.evidence).unwrap();
    evidence.answer.seal.signature.0[1] ^= 1;
    if let Proof::Write(proof) = &mut evidence.proof {
        for ack in &mut proof.certificate.acks {
            ack.seal.signature.0[1] ^= 1;
        }
    }
    other.evidence = evidence.to_bytes();
    assert_eq!(check(&forge, [one, other]), []);
}

/// The ballot after this test's leader's.
const NEWER: Ballot = Ballot { round: 5, leader: NodeId(2) };

/// Two logs of five shared entries; one goes on in [`BALLOT`], the other in `ballot`.
fn parted(ballot: Ballot) -> [Forge; 2] {
    let trunk = forge();
    [BALLOT, ballot].map(|ballot| {
        let mut forge = trunk.clone();
        if ballot == BALLOT {
            forge.fill(ballot, 3);
        } else {
            forge.append(ballot, vec![]);
            forge.fill(ballot, 2);
        }
        forge
    })
}

/// An item that shows the entry at `index` and the links after it, of voters that reached `acks`.
fn prefix_at(forge: &mut Forge, index: u64, ballot: Ballot, acks: &[(u32, u64)]) -> Item {
    let request = forge.get("consistent-prefix", "get a");
    let mut item = forge.prefix(&request);
    let header = forge.headers[index as usize - 1];
    let certificate = forge.certificate(LogIndex(index), ballot, acks);
    super::change(&mut item, |evidence| {
        evidence.proof = Proof::ConsistentPrefix(PrefixProof { header, certificate });
        forge.edit(&mut evidence.answer, |answer: &mut Answer| {
            answer.point = LogPoint { index: header.index, position: header.count };
            (answer.chain, answer.commit) = (header.chain(), header.index);
        });
    });
    assert!(item.verify(&forge.trust).holds(), "each holds by itself");
    item
}

const ALL_AT_6: [(u32, u64); 3] = [(1, 6), (2, 6), (3, 6)];
const ALL_AT_7: [(u32, u64); 3] = [(1, 7), (2, 7), (3, 7)];

#[test]
fn the_entry_before_an_answer_meets_an_answer_at_that_entry() {
    let [mut one, mut other] = parted(NEWER);
    let at_6 = prefix_at(&mut one, 6, BALLOT, &ALL_AT_6);
    let at_7 = prefix_at(&mut other, 7, NEWER, &ALL_AT_7);
    for items in [[at_6.clone(), at_7.clone()], [at_7, at_6]] {
        let forks = check(&one, items);
        let told: Vec<_> = forks.iter().map(|fork| fork.contradiction).collect();
        assert_eq!(told, [Contradiction::CommittedChain(LogIndex(6))], "{forks:?}");
    }
    // Two entries further apart nothing that is signed says which log the earlier entry was of.
    let at_6 = prefix_at(&mut one, 6, BALLOT, &ALL_AT_6);
    let at_8 = prefix_at(&mut other, 8, NEWER, &[(1, 8), (2, 8), (3, 8)]);
    assert_eq!(check(&one, [at_6, at_8]), []);
}

#[test]
fn the_entries_after_an_answer_are_committed_as_far_as_a_majority_reached() {
    // The answer stands at 5, which both logs share; its certificate's links lead to 7.
    let [one, mut other] = parted(NEWER);
    let newer = prefix_at(&mut other, 7, NEWER, &ALL_AT_7);
    let reached = |acks: &[(u32, u64)], newer: &Item| {
        let mut forge = one.clone();
        let linked = prefix_at(&mut forge, 5, BALLOT, acks);
        check(&forge, [linked, newer.clone()])
    };
    let forks = reached(&[(1, 6), (2, 7), (3, 7)], &newer);
    let told: Vec<_> = forks.iter().map(|fork| fork.contradiction).collect();
    assert_eq!(told, [Contradiction::CommittedChain(LogIndex(6))]);
    assert!(forks[0].to_string().contains("n3 (start 2) in one, item 0"), "{}", forks[0]);
    // What only a minority had accepted may give way to a later ballot's log.
    assert_eq!(reached(&[(1, 5), (2, 7), (3, 7)], &newer), []);
    // Of a later entry that shares no index with the links nothing is known.
    let beyond = prefix_at(&mut other, 8, NEWER, &[(1, 8), (2, 8), (3, 8)]);
    assert_eq!(reached(&[(1, 6), (2, 6), (3, 6)], &beyond), []);
}

#[test]
fn the_links_of_one_ballot_meet_an_acknowledgement_in_their_middle() {
    // A leader that told two logs in one ballot: some voters reached 7 of the one, 6 of the other.
    let [mut one, _] = parted(NEWER);
    let mut other = forge();
    other.append(BALLOT, vec![]);
    let linked = prefix_at(&mut one, 5, BALLOT, &[(1, 5), (2, 7), (4, 7)]);
    let at_6 = prefix_at(&mut other, 6, BALLOT, &[(1, 6), (3, 6), (5, 6)]);
    let forks = check(&one, [linked, at_6]);
    let expected = Contradiction::AcknowledgedChain(BALLOT, LogIndex(6));
    assert!(forks.iter().all(|fork| fork.contradiction == expected), "{forks:?}");
    assert!(!forks.is_empty());
}

#[test]
fn an_item_that_does_not_hold_lends_nobody_its_header() {
    let [mut one, mut other] = parted(NEWER);
    let at_6 = prefix_at(&mut one, 6, BALLOT, &ALL_AT_6);
    let mut at_7 = prefix_at(&mut other, 7, NEWER, &ALL_AT_7);
    super::change(&mut at_7, |evidence| {
        let Proof::ConsistentPrefix(proof) = &mut evidence.proof else { return };
        proof.header.previous = crate::Digest::ZERO;
    });
    assert_eq!(check(&one, [at_6, at_7]), []);
}
