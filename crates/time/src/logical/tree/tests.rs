//! Interval tree clocks: the reference implementation's stamps bit by bit, and processes that come
//! and go, against causal histories.

use super::super::history::History;
use super::{LogicalClock, Tree};
use avouch_promise::Random;
use std::fmt::Write;

fn hex(clock: &Tree) -> (usize, String) {
    let (bytes, bits) = clock.encode();
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    (bits, text)
}

/// The run of the paper's figure, as the reference implementation encodes it.
#[test]
//= §3.2.3 fork-event test
//= §3.2.3 join test
fn a_run_is_encoded_as_by_the_reference_implementation() {
    let is = |clock: &Tree, bits: usize, text: &str| assert_eq!(hex(clock), (bits, text.into()));
    let mut left = Tree::seed();
    is(&left, 7, "30");
    let mut right = left.fork();
    is(&left, 9, "8c00");
    is(&right, 9, "4c00");
    left.event();
    right.event();
    is(&left, 12, "8990");
    is(&right, 12, "4890");
    let mut middle = left.fork();
    left.event();
    right.event();
    middle.join(&right).expect("they share nothing");
    is(&middle, 23, "d25932");
    let _right = middle.fork();
    left.join(&middle).expect("they share nothing");
    is(&left, 24, "8bc999");
    left.event();
    is(&left, 9, "8d00");
    assert!(left.join(&left.clone()).is_none(), "an identity is joined once");
}

/// Processes fork, join and act at random; whoever lives knows exactly what its history says.
#[test]
fn processes_that_come_and_go_know_what_their_histories_say() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(31);
    for run in 0..100 {
        let mut random = root.fork(run);
        let mut living = vec![(Tree::seed(), History::default())];
        for event in 0..400 {
            let at = random.below(living.len() as u64) as usize;
            match random.below(6) {
                0 if living.len() < 16 => {
                    let next = living[at].0.fork();
                    let known = living[at].1.clone();
                    living.push((next, known));
                }
                1 if living.len() > 1 => {
                    let (gone, known) = living.swap_remove(at);
                    let heir = random.below(living.len() as u64) as usize;
                    living[heir].0.join(&gone).expect("they share nothing");
                    living[heir].1.unite(&known);
                }
                2 => {
                    let (stamp, known) = (living[at].0.stamp(), living[at].1.clone());
                    let to = random.below(living.len() as u64) as usize;
                    living[to].1.unite(&known);
                    living[to].1.add(event);
                    living[to].0.receive(&stamp);
                }
                _ => {
                    living[at].0.event();
                    living[at].1.add(event);
                }
            }
            for (clock, known) in &living {
                let one = &living[random.below(living.len() as u64) as usize];
                let said = Tree::relation(&clock.stamp(), &one.0.stamp());
                let repro = format!("repro: AVOUCH_SEED={seed}, run {run}, event {event}");
                assert_eq!(said, known.relation(&one.1), "{repro}");
                let decoded = Tree::decode(&clock.encode().0);
                assert_eq!(decoded.as_ref(), Some(clock), "{repro}");
            }
        }
    }
}

/// Bytes at random are refused or read as what writes those very bytes.
#[test]
fn hostile_bytes_are_refused_or_read_as_what_they_are() {
    let mut random = Random::new(Random::seed_from_environment()).fork(32);
    let mut read = 0;
    for _ in 0..200_000 {
        let bytes: Vec<u8> = (0..random.below(12)).map(|_| random.below(256) as u8).collect();
        if let Some(clock) = Tree::decode(&bytes) {
            assert_eq!(clock.encode().0, bytes);
            read += 1;
        }
    }
    assert!(read > 100, "{read}");
    assert_eq!(Tree::decode(&[0xff; 4_096]), None);
    assert_eq!(Tree::decode(&[0x55; 4_096]), None);
}

/// Heights beyond what events reach are refused, so that sums of them stay numbers.
#[test]
fn hostile_heights_are_refused() {
    use super::bits::{Reader, Writer};
    for (number, read) in [(0, true), (1 << 48, true), ((1 << 48) + 1, false), (1 << 62, false)] {
        let mut writer = Writer::default();
        writer.number(number);
        let (bytes, _) = writer.end();
        assert_eq!(Reader::new(&bytes).number(), read.then_some(number));
    }
}
