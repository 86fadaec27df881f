//! Two pieces of evidence that hold one by one and contradict each other.

use super::{BALLOT, OLDER, forge, samples};
use crate::codec::Decode;
use crate::codec::Encode;
use crate::evidence::{Contradiction, Evidence, EvidenceFile, Fork, Item, Proof, cross_check};
use crate::fact::Answer;
use crate::identity::Ballot;
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
