//! What holds, what it then says, and what the verifier does not know.

use super::{change, forge, samples};
use crate::clock::{Basis, Claimant, Wall};
use crate::codec::{Decode, Encode};
use crate::evidence::{Assumption, Beacon, Check, EvidenceFile, Kind, Verdict, verify};
use crate::guarantee::{Guarantee, ROWS};
use crate::identity::{Epoch, NodeId};
use crate::quantity::{Interval, Nanos};
use crate::testing::{Forge, NOON};

//= §2.2.1 read-index test
#[test]
fn every_kind_that_is_served_holds_and_says_what_it_leans_on() {
    let mut forge = forge();
    for (name, item) in samples(&mut forge) {
        let judgement = item.verify(&forge.trust);
        assert_eq!(judgement.verdict, Verdict::Holds, "{name}: {judgement}");
        assert_eq!(judgement.failed, None, "{name}");
        let kind = judgement.kind.unwrap();
        // A beacon is as old as it is; all else is as good as its kind.
        let as_old = judgement.age.and_then(Guarantee::staleness_by_time);
        assert_eq!(judgement.achieved, as_old.or(kind.achieves()), "{name}");
        assert_eq!(judgement.age.is_some(), kind.needs_clock(), "{name}");
        let anchored = kind != Kind::Eventual;
        assert_eq!(judgement.committed_by.len(), if anchored { 3 } else { 0 }, "{name}");
        let all = (1..=5).map(NodeId).collect();
        let voters = Assumption::VotersFollow { epoch: Epoch(1), voters: all };
        assert_eq!(judgement.assumptions.contains(&voters), anchored, "{name}");
        let right = Assumption::StateIsRight(judgement.answered_by.unwrap());
        assert!(judgement.assumptions.contains(&right), "{name}");
    }
}

#[test]
fn the_text_gives_the_verdict_first_and_names_the_quorum() {
    let mut forge = forge();
    let request = forge.get("linearizable", "get a");
    let judgement = forge.read_index(&request, 1, true).verify(&forge.trust);
    assert_eq!(
        judgement.to_string(),
        "holds: linearizable\n\
         evidence read-index, log point 5.3 committed by n1 n3 n5 in ballot b4.1, configuration \
         e1, answered by n3\n\
         assumes n1 n2 n3 n4 n5 (the voters of e1) follow the protocol and kept their disks and \
         keys; n3's state machine is right; SHA-256 and Ed25519 are unbroken"
    );
    let json = judgement.to_json();
    assert_eq!(json["verdict"], "holds");
    assert_eq!(json["committed_by"][1], "n3");
}

//= §2.3.3 bounded-staleness-time test
#[test]
fn evidence_that_needs_a_clock_names_its_bound_class_and_reason() {
    let mut forge = forge();
    let request = forge.get("bounded-staleness=2s", "get a");
    let at = NOON.minus(Nanos::from_millis(150));
    let interval = Interval::around(at, Nanos::from_millis(3));
    let basis = Basis::Claimed(Claimant::Chrony);
    let beacon = Beacon { node: NodeId(3), wall: Wall { interval, basis } };
    let judgement = forge.staleness_of(&request, beacon, true).verify(&forge.trust);
    assert_eq!(
        judgement.to_string(),
        "holds: bounded-staleness=2s\n\
         evidence staleness-by-time, log point 5.3 committed by n1 n3 n5 in ballot b4.1, \
         configuration e1, answered by n3\n\
         clock of n3: +- 1.00 ms, hard: its operator states the bound\n\
         the state was current at most 154.00 ms before the answer\n\
         assumes n1 n2 n3 n4 n5 (the voters of e1) follow the protocol and kept their disks and \
         keys; n3's clock keeps its bound, which is likely and not certain; n3's state machine is \
         right; SHA-256 and Ed25519 are unbroken"
    );
    let json = judgement.to_json();
    assert_eq!(json["clock"]["class"], "hard");
    assert_eq!(json["clock"]["epsilon_ns"], 1_000_000);
    assert_eq!(json["age"], "154.00 ms");
    // The very same, asked for less than that.
    let request = forge.get("bounded-staleness=153ms", "get a");
    let judgement = forge.staleness_of(&request, beacon, true).verify(&forge.trust);
    assert_eq!(judgement.failed, Some(Check::Age));
}

#[test]
fn ed25519_evidence_holds_and_nobody_else_can_make_it() {
    let mut forge = Forge::ed25519(6, 5).unwrap();
    forge.fill(super::BALLOT, 3);
    for (name, item) in samples(&mut forge) {
        assert!(item.verify(&forge.trust).holds(), "{name}");
        // The same evidence by somebody who can only sign symbolically.
        let mut stranger = Forge::symbolic(6, 5);
        stranger.scope = forge.scope;
        stranger.headers.clone_from(&forge.headers);
        let mut forged = item.clone();
        change(&mut forged, |evidence| {
            stranger.edit::<crate::Answer>(&mut evidence.answer, |_| {});
        });
        assert_eq!(forged.verify(&forge.trust).failed, Some(Check::AnswerSeal), "{name}");
    }
}

#[test]
fn what_the_verifier_lacks_is_unknown_and_never_refuted() {
    let mut forge = forge();
    let request = forge.get("linearizable", "get a");
    let item = forge.read_index(&request, 1, true);
    for kind in Kind::ALL.into_iter().filter(|kind| !kind.is_verified()) {
        let mut bytes = item.evidence.to_vec();
        bytes[1] = kind as u8;
        let judgement = verify(&forge.trust, &item.request, &item.response, &bytes, item.nonce);
        assert_eq!(judgement.verdict, Verdict::Unknown);
        assert!(judgement.reason.contains(kind.name()), "{judgement}");
    }
    for byte in [0, 12, 200] {
        let mut bytes = item.evidence.to_vec();
        bytes[1] = byte;
        let judgement = verify(&forge.trust, &item.request, &item.response, &bytes, item.nonce);
        assert_eq!(judgement.failed, Some(Check::KindKnown));
    }
    let request = forge.get("linearisable", "get a");
    let judgement = forge.read_index(&request, 1, true).verify(&forge.trust);
    assert_eq!(judgement.failed, Some(Check::GuaranteeKnown));
    assert!(judgement.reason.contains("did you mean `linearizable`?"), "{judgement}");
    assert_eq!(judgement.verdict.exit_code(), 2);
}

#[test]
fn a_guarantee_holds_with_exactly_the_kinds_that_carry_it() {
    let mut forge = forge();
    let texts = ROWS.iter().map(|row| match row.plain {
        Some(plain) => plain.to_string(),
        None if row.parameter == crate::guarantee::Parameter::Time => format!("{}=2s", row.name),
        None => format!("{}=5v", row.name),
    });
    for text in texts.collect::<Vec<_>>() {
        let request = forge.get(&text, "get a");
        let asked: Guarantee = text.parse().unwrap();
        for item in
            [forge.read_index(&request, 1, true), forge.prefix(&request), forge.eventual(&request)]
        {
            let judgement = item.verify(&forge.trust);
            let carried = judgement.kind.unwrap().achieves().unwrap().implies(&asked);
            assert_eq!(judgement.holds(), carried, "{text}: {judgement}");
            if !carried {
                assert_eq!(judgement.failed, Some(Check::Carries));
            }
        }
    }
}

#[test]
fn a_retry_that_is_answered_from_the_table_of_duplicates_carries_the_original_point() {
    let mut forge = forge();
    let request = forge.put("put a");
    let item = forge.write(super::BALLOT, &request, 4);
    // Much later another node answers the same bytes; its answer names the original point.
    forge.fill(super::BALLOT, 7);
    let mut retried = item.clone();
    change(&mut retried, |evidence| {
        let mut answer = crate::Answer::from_bytes(&evidence.answer.bytes).unwrap();
        answer.node = NodeId(5);
        answer.commit = forge.last().index;
        evidence.answer = forge.seal(NodeId(5), &answer);
    });
    let (first, second) = (item.verify(&forge.trust), retried.verify(&forge.trust));
    assert!(first.holds() && second.holds(), "{second}");
    assert_eq!(first.point, second.point);
}

#[test]
fn an_evidence_file_gives_back_what_was_put_in() {
    let mut forge = forge();
    let items = samples(&mut forge).into_iter().map(|(_, item)| item).collect();
    let file = EvidenceFile { items };
    let bytes = file.to_bytes();
    assert_eq!(EvidenceFile::read(&bytes).unwrap(), file);
    for cut in 0..bytes.len() {
        let error = EvidenceFile::read(&bytes[..cut]).unwrap_err();
        assert_eq!(error.blame, crate::Blame::Caller);
    }
    let foreign = EvidenceFile::from_bytes(b"not an evidence file");
    assert!(foreign.is_err());
}
