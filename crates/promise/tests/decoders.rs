//! Decoders never panic, and what they accept is canonical: it encodes to the same bytes.
//!
//! Valid encodings are flipped, cut, extended and spliced; `AVOUCH_CASES` names how many of them
//! for each decoder (default 4000).
#![allow(clippy::unwrap_used, reason = "a test's panic is its failure")]

use avouch_promise::evidence::{Evidence, EvidenceFile, Item, verify};
use avouch_promise::history::HistoryReader;
use avouch_promise::identity::Ballot;
use avouch_promise::testing::{Forge, mutate};
use avouch_promise::trust::Trust;
use avouch_promise::{
    Ack, Answer, Basis, Decode, Encode, EntryHeader, Nanos, NodeId, Random, Reader, Request,
    Signed, Wall,
};

const BALLOT: Ballot = Ballot { round: 4, leader: NodeId(1) };

fn cases() -> u64 {
    std::env::var("AVOUCH_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(4_000)
}

fn items(forge: &mut Forge) -> Vec<Item> {
    forge.fill(BALLOT, 3);
    let put = forge.put("body");
    let ask = |guarantee| forge.get(guarantee, "body");
    let [get, old, any, stale] =
        ["linearizable", "consistent-prefix", "eventual", "bounded-staleness=2s"].map(ask);
    vec![
        forge.write(BALLOT, &put, 5),
        forge.read_index(&get, 3, false),
        forge.read_index(&get, 1, true),
        forge.prefix(&old),
        forge.eventual(&any),
        forge.staleness(&stale, Nanos::from_millis(9), false),
    ]
}

/// Runs `decode`, which says whether it accepts or what is wrong, on mutants of `valid`. Prints how
/// to run a failure again. A campaign whose mutants are all refused, or all accepted, has
/// exercised nothing.
fn campaign(test: &str, valid: &[Vec<u8>], decode: impl Fn(&[u8]) -> Result<bool, String>) {
    let (mut accepted, mut refused) = (0_u64, 0_u64);
    let seed = Random::seed_from_environment();
    for (sample, bytes) in valid.iter().enumerate() {
        assert_eq!(decode(bytes), Ok(true), "the sample itself is accepted");
        for case in 0..cases() {
            let mut random = Random::new(seed).fork(case << 8 | sample as u64);
            let mutant = mutate(&mut random, bytes);
            match decode(&mutant) {
                Ok(true) => accepted += 1,
                Ok(false) => refused += 1,
                Err(wrong) => {
                    panic!("{wrong}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-promise {test}")
                }
            }
        }
    }
    println!("{test}: {accepted} accepted, {refused} refused");
    assert!(accepted > 0 && refused > accepted / 100, "{test} exercised nothing");
}

/// Decodes; what is accepted must encode to the same bytes.
fn canonical<T: Encode + Decode>(bytes: &[u8]) -> Result<bool, String> {
    match T::from_bytes(bytes) {
        Ok(value) if value.to_bytes() != bytes => Err(format!("not canonical: {bytes:02x?}")),
        decoded => Ok(decoded.is_ok()),
    }
}

fn mutants_of<T: Encode + Decode>(test: &str, valid: &[T]) {
    let valid: Vec<_> = valid.iter().map(|value| value.to_bytes().to_vec()).collect();
    campaign(test, &valid, canonical::<T>);
}

#[test]
fn mutants_of_evidence() {
    let mut forge = Forge::default();
    let decoded: Vec<_> = items(&mut forge)
        .iter()
        .map(|item| Evidence::from_bytes(&item.evidence).unwrap())
        .collect();
    mutants_of("mutants_of_evidence", &decoded);
}

#[test]
fn mutants_of_an_evidence_file() {
    let items = items(&mut Forge::default());
    mutants_of("mutants_of_an_evidence_file", &[EvidenceFile { items }]);
}

#[test]
fn mutants_of_requests() {
    let mut forge = Forge::default();
    let request = forge.get("bounded-staleness=2s", "body");
    mutants_of::<Request>("mutants_of_requests", &[request]);
}

#[test]
fn mutants_of_facts() {
    let mut forge = Forge::default();
    let item = items(&mut forge).swap_remove(0);
    let evidence = Evidence::from_bytes(&item.evidence).unwrap();
    let answer = Answer::from_bytes(&evidence.answer.bytes).unwrap();
    let ack = forge.ack(NodeId(2), answer.point.index, BALLOT, answer.chain);
    mutants_of::<Signed>("mutants_of_facts", &[evidence.answer]);
    let basis = Basis::Measured { agreeing: 3, heard: 4, sources: 5, drift_ppb: 50_000 };
    let measured = Answer { wall: Wall { basis, ..answer.wall }, ..answer };
    mutants_of::<Answer>("mutants_of_facts", &[answer, measured]);
    mutants_of::<Ack>("mutants_of_facts", &[ack]);
    mutants_of::<EntryHeader>("mutants_of_facts", &[forge.last()]);
}

/// A mutated item never holds, and verifying it never panics.
#[test]
fn mutants_that_are_verified() {
    let mut forge = Forge::default();
    let items = items(&mut forge);
    for item in items {
        let Item { request, response, evidence, nonce } = item;
        let valid = [evidence.to_vec()];
        campaign("mutants_that_are_verified", &valid, |mutant| {
            let held = verify(&forge.trust, &request, &response, mutant, nonce).holds();
            if held && mutant != evidence {
                return Err(format!("a mutant holds: {mutant:02x?}"));
            }
            Ok(held)
        });
    }
}

#[test]
fn mutants_of_a_trust_file() {
    let text = Forge::ed25519(6, 5).unwrap().trust.to_json();
    let before = Trust::from_json(&text).unwrap();
    campaign("mutants_of_a_trust_file", &[text.into_bytes()], |mutant| {
        let parsed = std::str::from_utf8(mutant).ok().and_then(|text| Trust::from_json(text).ok());
        match parsed {
            Some(trust) if trust != before => Err("a changed founding was trusted".to_owned()),
            trust => Ok(trust.is_some()),
        }
    });
}

#[test]
fn mutants_of_a_history() {
    let text = concat!(
        r#"{"avouch_history":1,"about":"fuzz"}"#,
        "\n",
        r#"{"type":"invoke","process":0,"op":1,"time":5,"do":{"kind":"txn","compare":[{"key":"a","expected":null}],"then":[{"kind":"put","key":"a","value":{"hex":"ff"}}],"else":[{"kind":"get","key":"a"}]},"guarantee":"bounded-staleness=2s"}"#,
        "\n",
        r#"{"type":"ok","process":0,"op":1,"time":9,"got":{"kind":"txn","succeeded":true,"outcomes":[{"kind":"done"}]},"point":"3.1"}"#,
        "\n"
    );
    campaign("mutants_of_a_history", &[text.as_bytes().to_vec()], |mutant| {
        let Ok(reader) = HistoryReader::new(mutant) else { return Ok(false) };
        let lines = mutant.split(|byte| *byte == b'\n').count() - 1;
        let records: Vec<_> = reader.collect();
        if records.len() >= lines.max(1) && records.iter().all(Result::is_ok) {
            return Err("more records than lines".to_owned());
        }
        Ok(records.iter().all(Result::is_ok))
    });
}

/// The test of the test: a decoder that takes two forms of one value is found.
#[test]
fn a_decoder_that_is_not_canonical_is_found() {
    struct Loose(bool);
    impl Encode for Loose {
        fn encode(&self, out: &mut avouch_promise::Writer) {
            out.bool(self.0);
        }
    }
    impl Decode for Loose {
        fn decode(input: &mut Reader<'_>) -> Result<Self, avouch_promise::DecodeError> {
            input.u8().map(|byte| Self(byte != 0))
        }
    }
    assert_eq!(canonical::<Loose>(&[1]), Ok(true));
    assert!(canonical::<Loose>(&[2]).is_err());
}
