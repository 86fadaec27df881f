//! What is undecided is bounded in bytes, so that all of it fits into one message and one record,
//! whatever is lost and whoever leads (I6).
#![allow(clippy::unwrap_used, reason = "a test may")]

mod stage;

use avouch_agreement::Mutant;
use avouch_agreement::explore::configs;
use avouch_agreement::log::{Bounds, Timer};
use avouch_machine::Event;
use avouch_promise::{NodeId, Random};
use stage::Stage;

const ALL: [NodeId; 5] = [NodeId(1), NodeId(2), NodeId(3), NodeId(4), NodeId(5)];
const REQUEST: usize = 1_500;

/// Many large requests while messages are lost and leaders change; then everything is delivered.
fn troubled(mutant: Option<Mutant>, seed: u64) -> (Stage, usize) {
    let mut configs = configs(5, mutant);
    let shrunk = |bounds: Bounds| Bounds { batch_bytes: 4_000, in_flight_bytes: 12_000, ..bounds };
    for config in &mut configs {
        config.bounds = shrunk(config.bounds);
    }
    // A new leader's empty entries come on top; there are a few dozen of them here.
    let most = 12_000 + 4_000 + 8_000;
    let mut random = Random::new(seed);
    let mut stage = Stage::new(configs);
    let mut name = 0_u32;
    for _ in 0..12 {
        let leader = *random.pick(&ALL).unwrap();
        stage.campaign(leader);
        let far = *random.pick(&ALL).unwrap();
        let near: Vec<_> = ALL.into_iter().filter(|node| *node != far || far == leader).collect();
        for _ in 0..3 {
            for _ in 0..10 {
                name += 1;
                let mut request = vec![0; REQUEST];
                request[..4].copy_from_slice(&name.to_le_bytes());
                stage.propose(leader, &request);
            }
            if random.chance(0.5) {
                stage.under_way.retain(|_| random.chance(0.7));
            }
            stage.deliver(if random.chance(0.3) { &near[..2] } else { &near });
        }
        for node in ALL {
            stage.step(node, Event::Timer(Timer::Resend));
        }
        stage.under_way.retain(|_| random.chance(0.5));
    }
    stage.campaign(ALL[0]);
    for _ in 0..200 {
        stage.deliver(&ALL);
        for node in ALL {
            stage.step(node, Event::Timer(Timer::Resend));
        }
    }
    (stage, most)
}

#[test]
fn no_message_and_no_record_outgrows_its_bound_and_all_is_decided() {
    let first = Random::seed_from_environment();
    for seed in first..first + 20 {
        let (stage, most) = troubled(None, seed);
        let repro =
            format!("repro: AVOUCH_SEED={seed} cargo test -p avouch-agreement --test flight");
        assert!(!stage.contradiction, "{repro}");
        assert!(stage.largest <= most, "{} of {most} bytes; {repro}", stage.largest);
        assert!(stage.largest > 8_000, "the bound was not approached; {repro}");
        for node in ALL {
            assert_eq!(stage.decided(node), stage.end(ALL[0]).index, "{node}; {repro}");
        }
    }
}

#[test]
fn a_leader_that_proposes_without_bound_is_seen() {
    let first = Random::seed_from_environment();
    let outgrown = |seed| {
        let run = || troubled(Some(Mutant::FlightUnbounded), seed);
        std::panic::catch_unwind(run).map_or(true, |(stage, most)| stage.largest > most)
    };
    assert!((first..first + 5).all(outgrown));
}
