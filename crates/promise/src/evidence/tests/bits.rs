//! Every bit is bound: to flip one, to cut, or to extend, is to lose the verdict.
//!
//! The set of unbound bits is empty, for each kind and each shape of a kind. One class of change
//! is not a flip and is known: a longer or shorter *batch* may seal the same fact again, which is
//! a new signature of the same signer, and an acknowledgement more or less than the majority
//! leaves a majority. Both are new evidence for the same claim.

use super::{forge, samples};
use crate::evidence::{Item, verify};
use crate::request::Nonce;
use crate::testing::Forge;
use crate::trust::Trust;

/// The parts of an item, by name, each with its bytes.
fn parts(item: &Item) -> [(&'static str, Vec<u8>); 4] {
    [
        ("request", item.request.to_vec()),
        ("response", item.response.to_vec()),
        ("evidence", item.evidence.to_vec()),
        ("nonce", item.nonce.map(|nonce| nonce.0.to_vec()).unwrap_or_default()),
    ]
}

fn holds(trust: &Trust, parts: &[(&'static str, Vec<u8>); 4]) -> bool {
    let [(_, request), (_, response), (_, evidence), (_, nonce)] = parts;
    let nonce = nonce.as_slice().try_into().ok().map(Nonce);
    verify(trust, request, response, evidence, nonce).holds()
}

/// The flipped bits, as (part, byte, bit), after which the item still holds.
fn unbound(
    trust: &Trust,
    item: &Item,
    bits: impl Fn(usize) -> Vec<u8>,
) -> Vec<(&'static str, usize, u8)> {
    let mut whole = parts(item);
    assert!(holds(trust, &whole), "the sample itself must hold");
    let mut unbound = Vec::new();
    for part in 0..whole.len() {
        for byte in 0..whole[part].1.len() {
            for bit in bits(byte) {
                whole[part].1[byte] ^= 1 << bit;
                if holds(trust, &whole) {
                    unbound.push((whole[part].0, byte, bit));
                }
                whole[part].1[byte] ^= 1 << bit;
            }
        }
    }
    unbound
}

//= §4.3.2 signatures test
#[test]
fn no_bit_of_any_kind_of_evidence_is_unbound() {
    let mut forge = forge();
    let mut flipped = 0;
    for (name, item) in samples(&mut forge) {
        flipped += 8 * parts(&item).iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
        assert_eq!(unbound(&forge.trust, &item, |_| (0..8).collect()), [], "{name}");
    }
    println!("{flipped} bits flipped one by one, 0 unbound");
    assert!(flipped > 40_000, "the samples are too small to say anything: {flipped} bits");
}

#[test]
fn no_byte_of_ed25519_evidence_is_unbound() {
    let mut forge = Forge::ed25519(6, 5).unwrap();
    forge.fill(super::BALLOT, 3);
    for (name, item) in samples(&mut forge) {
        // One bit of each byte, in turn; every bit of every signature is in the eventual one.
        let every = name == "eventual";
        let bits = |byte: usize| if every { (0..8).collect() } else { vec![(byte % 8) as u8] };
        assert_eq!(unbound(&forge.trust, &item, bits), [], "{name}");
    }
}

#[test]
fn nothing_cut_off_or_added_is_unbound() {
    let mut forge = forge();
    for (name, item) in samples(&mut forge) {
        let whole = parts(&item);
        for part in 0..3 {
            for cut in 0..whole[part].1.len() {
                let mut shorter = whole.clone();
                shorter[part].1.truncate(cut);
                assert!(!holds(&forge.trust, &shorter), "{name}: cut at {cut}");
            }
            for added in [0, 1, 0xff] {
                let mut longer = whole.clone();
                longer[part].1.push(added);
                assert!(!holds(&forge.trust, &longer), "{name}: {added} added");
            }
        }
    }
}

/// The test of the tests: with a Merkle root that does not bind its count, bits are unbound.
#[test]
fn a_count_that_is_not_bound_would_be_found() {
    // Trees of 3 and 4 leaves give their first leaf a path of the same shape, so without the
    // count in the root this climb would reach one top for both.
    let items: Vec<_> = (0..3_u8).map(|i| crate::digest_of("t", &[&[i]])).collect();
    let path = crate::merkle::path(&items, 0).unwrap();
    let first = items[0];
    let climbed = [3, 4].map(|count| crate::merkle::climb(&first, 0, count, &path));
    assert!(climbed[0].is_some() && climbed[1].is_some(), "both shapes fit");
    assert_ne!(climbed[0], climbed[1]);
}
