//! The handshake without a socket: who gets in, who does not, and that no bit goes unnoticed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;
use crate::wire::mutant::killed;
use avouch_promise::Random;
use avouch_promise::signature::{Symbolic, SymbolicVerifier};

fn identity(cluster: u8, node: u32) -> Identity {
    Identity {
        cluster: ClusterId([cluster; 16]),
        node: NodeId(node),
        incarnation: Incarnation(u64::from(node) + 6),
    }
}

/// Runs the exchange; each passed message may be bent on its way.
fn shake(
    dialer: (Identity, NodeId, &dyn Signer),
    listener: (Identity, &dyn Signer),
    mut wire: impl FnMut(usize, Bytes) -> Bytes,
) -> Result<Identity, Error> {
    let verifier = &SymbolicVerifier;
    let (dialing, hello) = Dialing::start(dialer.0, dialer.1, [1; 32]);
    let hello = wire(0, hello);
    let (listening, welcome) = Listening::greeted(listener.0, &hello, [2; 32], listener.1)?;
    let proof = dialing.reply(&wire(1, welcome), dialer.2, verifier)?;
    let who = listening.proved(&wire(2, proof), verifier)?;
    concluded(&wire(3, Verdict::Accepted.to_bytes()))?;
    Ok(who)
}

#[test]
fn two_nodes_of_one_cluster_make_sure_of_each_other() {
    let (one, two) = (identity(1, 1), identity(1, 2));
    let who = shake((one, NodeId(2), &Symbolic(NodeId(1))), (two, &Symbolic(NodeId(2))), |_, b| b);
    assert_eq!(who, Ok(one));
}

#[test]
fn strangers_are_refused_by_blame_and_with_a_hint() {
    let (one, two) = (identity(1, 1), identity(1, 2));
    let (key_one, key_two) = (Symbolic(NodeId(1)), Symbolic(NodeId(2)));
    let cases = [
        (
            "a peer of cluster 0101",
            shake((identity(9, 1), NodeId(2), &key_one), (two, &key_two), |_, b| b),
        ),
        ("means to reach n2", shake((one, NodeId(3), &key_one), (two, &key_two), |_, b| b)),
        ("means to reach n2", shake((two, NodeId(2), &key_two), (two, &key_two), |_, b| b)),
        ("the signature of n1", shake((one, NodeId(2), &key_two), (two, &key_two), |_, b| b)),
        ("the signature of n2", shake((one, NodeId(2), &key_one), (two, &key_one), |_, b| b)),
    ];
    for (words, outcome) in cases {
        let error = outcome.unwrap_err();
        assert_eq!(error.blame, Blame::Peer);
        assert!(error.expected.contains(words), "{error} lacks {words}");
        assert!(!error.hint.is_empty(), "{error}");
    }
    let newer = Hello { version: 2, from: one, to: NodeId(2), challenge: [0; 32] }.to_bytes();
    let error = Listening::greeted(two, &newer, [2; 32], &key_two).unwrap_err();
    assert_eq!(error.got, "version 2");
}

#[test]
fn a_proof_is_good_for_one_connection_only() {
    let (one, two) = (identity(1, 1), identity(1, 2));
    let keys = (Symbolic(NodeId(1)), Symbolic(NodeId(2)));
    let mut heard = Bytes::new();
    shake((one, NodeId(2), &keys.0), (two, &keys.1), |step, bytes| {
        if step == 2 {
            heard = bytes.clone();
        }
        bytes
    })
    .unwrap();
    // An eavesdropper opens with the very same greeting; the listener's challenge is new.
    let (_, hello) = Dialing::start(one, NodeId(2), [1; 32]);
    let (listening, _) = Listening::greeted(two, &hello, [3; 32], &keys.1).unwrap();
    assert!(listening.proved(&heard, &SymbolicVerifier).is_err());
    // The listener's own signature is no dialer's proof either.
    let (listening, welcome) = Listening::greeted(two, &hello, [3; 32], &keys.1).unwrap();
    assert!(listening.proved(&welcome[welcome.len() - 64..], &SymbolicVerifier).is_err());
}

#[test]
fn every_flipped_bit_of_the_exchange_breaks_it() {
    let (one, two) = (identity(1, 1), identity(1, 2));
    let mut lengths = [0; 4];
    let keys = (Symbolic(NodeId(1)), Symbolic(NodeId(2)));
    shake((one, NodeId(2), &keys.0), (two, &keys.1), |step, bytes| {
        lengths[step] = bytes.len();
        bytes
    })
    .unwrap();
    for (bent_step, length) in lengths.into_iter().enumerate() {
        for bit in 0..length * 8 {
            let keys = (Symbolic(NodeId(1)), Symbolic(NodeId(2)));
            let outcome = shake((one, NodeId(2), &keys.0), (two, &keys.1), |step, bytes| {
                let mut bytes = bytes.to_vec();
                if step == bent_step {
                    assert_eq!(bytes.len(), length, "step {step}");
                    bytes[bit / 8] ^= 1 << (bit % 8);
                }
                bytes.into()
            });
            assert!(outcome.is_err(), "bit {bit} of message {bent_step} went unnoticed");
        }
    }
}

fn survives<T: Decode + Encode>(bytes: &[u8]) {
    if let Ok(value) = T::from_bytes(bytes) {
        assert_eq!(value.to_bytes(), bytes, "what decodes is canonical");
    }
}

#[test]
fn any_bytes_are_a_message_or_an_error() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let (_, hello) = Dialing::start(identity(1, 1), NodeId(2), [7; 32]);
    let (_, welcome) =
        Listening::greeted(identity(1, 2), &hello, [8; 32], &Symbolic(NodeId(2))).unwrap();
    let refused = Reply::Refused("no".into()).to_bytes();
    let verdict = Verdict::Refused("not today".into()).to_bytes();
    let samples = [hello, welcome, refused, verdict];
    for _ in 0..20_000 {
        let mut bytes = random.pick(&samples).unwrap().to_vec();
        for _ in 0..random.between(1, 3) {
            let at = random.below(bytes.len() as u64) as usize;
            match random.below(4) {
                0 => bytes[at] ^= 1 << random.below(8),
                1 => bytes.truncate(at + 1),
                2 => bytes.push(random.bits() as u8),
                _ => bytes[at] = 0xff,
            }
        }
        survives::<Hello>(&bytes);
        survives::<Reply>(&bytes);
        survives::<Verdict>(&bytes);
        let _ = concluded(&bytes);
        let _ = Listening::greeted(identity(1, 2), &bytes, [0; 32], &Symbolic(NodeId(2)));
    }
}

#[test]
fn the_checks_above_notice_their_planted_bugs() {
    let flips = every_flipped_bit_of_the_exchange_breaks_it;
    assert!(killed(Mutant::ListenerUnproved, flips), "an unproved listener");
    assert!(killed(Mutant::DialerUnproved, flips), "an unproved dialer");
    assert!(killed(Mutant::ClusterIgnored, strangers_are_refused_by_blame_and_with_a_hint));
    assert!(killed(Mutant::ChallengeUnsigned, a_proof_is_good_for_one_connection_only));
}
