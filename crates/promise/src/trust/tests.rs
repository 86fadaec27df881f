//! The trust file is refused unless every part of it is sound.
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use super::{Ed25519Signer, Founding, PublicKey, Trust};
use crate::codec::Encode;
use crate::error::Blame;
use crate::identity::{Epoch, NodeId};
use crate::signature::{Signature, Signer, Symbolic, Verifier};
use crate::testing::Forge;

fn trust() -> Trust {
    Forge::ed25519(6, 5).unwrap().trust
}

#[test]
fn a_trust_file_reads_back_as_itself() {
    let trust = trust();
    let text = trust.to_json();
    let read = Trust::from_json(&text).unwrap();
    assert_eq!(read, trust);
    assert_eq!(read.to_json(), text);
    assert_eq!(read.voters(Epoch(1)).unwrap().len(), 5);
    assert_eq!(read.member(NodeId(6)).unwrap().region, "eu-west-1");
}

/// The identity of a cluster may never change from one version to the next. The digest was
/// computed by another program, in another language, from the layout in the file headers.
#[test]
fn the_identity_of_a_founding_is_pinned() {
    let trust = trust();
    assert_eq!(trust.founding().to_bytes().len(), 350);
    assert_eq!(trust.cluster().to_string(), "74e198a703cd7823fb5bf4a22264ce43");
}

#[test]
fn every_change_of_the_founding_is_another_cluster() {
    let text = trust().to_json();
    for (from, to) in [
        ("\"eu-west-1\"", "\"eu-west-2\""),
        ("\"n3\"", "\"m3\""),
        ("\"default\"", "\"other\""),
        ("\"salt\": \"07", "\"salt\": \"08"),
        ("    5\n", "    6\n"),
        ("\"id\": 0", "\"id\": 1"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Trust::from_json(&text.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.blame, Blame::Caller);
        assert!(error.hint.contains("was changed"), "{from}: {error}");
    }
}

#[test]
fn an_unsound_trust_file_is_the_callers_error() {
    let text = trust().to_json();
    let key = trust().members()[0].key.to_string();
    let second = trust().members()[1].key.to_string();
    let voters = "\"voters\": [\n    1,";
    for (from, to, expected) in [
        ("\"avouch_trust\": 1", "\"avouch_trust\": 2", "version 1"),
        ("\"cluster\"", "\"clutser\"", "trust file"),
        ("\"node\": 2", "\"node\": 1", "different node numbers"),
        ("\"node\": 1", "\"node\": 0", "node numbers from 1"),
        ("\"n2\"", "\"n1\"", "different node names"),
        (second.as_str(), key.as_str(), "different public keys"),
        (voters, "\"voters\": [\n    1, 1,", "ascending order, each once"),
        (voters, "\"voters\": [\n    2, 1,", "ascending order, each once"),
        ("    5\n", "    9\n", "nodes of the cluster"),
        ("\"log\"", "\"paper\"", "keyspace policy"),
        (&key[..4], "zz", "hexadecimal digits"),
        (key.as_str(), &key.to_uppercase(), "lower-case"),
        (key.as_str(), "", "hexadecimal digits"),
        ("{", "", "trust file"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Trust::from_json(&text.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.blame, Blame::Caller);
        assert!(error.to_string().contains(expected), "{from} -> {to}: {error}");
    }
    let none = Founding { voters: Vec::new(), ..trust().founding().clone() };
    assert!(Trust::found(none).unwrap_err().expected.contains("at least one voter"));
}

/// Under ZIP-215 anybody can sign for a key of small order; all eight points, and the encodings
/// that are not canonical, are refused.
#[test]
fn a_key_under_which_anybody_can_sign_is_refused() {
    let mut refused = 0;
    let order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let order_8: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&order_8[2 * i..2 * i + 2], 16).unwrap()).collect();
    let y = |low: u8, high: u8| {
        let mut key = [0; 32];
        (key[0], key[31]) = (low, high);
        key
    };
    // y = 1 (the identity), 0 (order 4), -1 (order 2), each also with the sign of x or above p.
    let mut keys = vec![y(1, 0), y(1, 0x80), y(0, 0), y(0, 0x80)];
    for low in [0xec, 0xed, 0xee] {
        for high in [0x7f, 0xff] {
            let mut key = [0xff; 32];
            (key[0], key[31]) = (low, high);
            keys.push(key);
        }
    }
    let order_8: [u8; 32] = order_8.try_into().unwrap();
    keys.push(order_8);
    for key in keys {
        let mut founding = trust().founding().clone();
        founding.nodes[0].key = PublicKey(key);
        let error = Trust::found(founding).unwrap_err();
        refused += usize::from(error.got.contains("small order"));
        assert!(error.expected.contains("public key for n1"), "{error}");
    }
    assert_eq!(refused, 11, "each of them is a point, and of small order");
    let mut founding = trust().founding().clone();
    founding.nodes[0].key = PublicKey([2; 32]);
    assert!(Trust::found(founding).unwrap_err().got.contains("no point"));
}

#[test]
fn a_signature_is_right_for_its_node_and_message_only() {
    let trust = trust();
    let signer = Ed25519Signer::from_seed([1; 32]);
    let signature = signer.sign(b"message");
    assert!(trust.verify(NodeId(1), b"message", &signature));
    assert!(!trust.verify(NodeId(2), b"message", &signature));
    assert!(!trust.verify(NodeId(9), b"message", &signature));
    assert!(!trust.verify(NodeId(1), b"massage", &signature));
    assert!(!trust.verify(NodeId(1), b"message", &Signature([0; 64])));
    assert!(!format!("{signer:?}").contains("0101"), "a secret key is never shown");
}

#[test]
fn symbolic_signatures_never_pass_a_trust_file_and_strangers_never_a_symbolic_cluster() {
    let trust = Trust::from_json(&trust().to_json()).unwrap();
    let symbolic = Symbolic(NodeId(1)).sign(b"message");
    assert!(!trust.verify(NodeId(1), b"message", &symbolic));
    let simulated = Trust::symbolic(3, 3);
    assert!(simulated.verify(NodeId(1), b"message", &symbolic));
    assert!(!simulated.verify(NodeId(4), b"message", &Symbolic(NodeId(4)).sign(b"message")));
    // What a symbolic cluster would print has no keys that a file may hold.
    assert!(Trust::from_json(&simulated.to_json()).is_err());
}

#[test]
fn epochs_only_ever_go_on() {
    let trust = trust();
    let three: std::collections::BTreeSet<_> = (1..=3).map(NodeId).collect();
    let grown = trust.clone().and_epoch(Epoch(2), three.clone()).unwrap();
    assert_eq!(grown.newest_voters().len(), 3);
    assert!(grown.and_epoch(Epoch(2), three).is_err());
    assert!(trust.and_epoch(Epoch(2), [NodeId(9)].into()).is_err());
}
