//! What is simulated: one host, its oscillator, its servers and its troubles.

use super::super::Drift;
use super::super::mutant::Mutant;
use super::network::{Lie, Path, Server};
use super::oscillator::Habits;
use avouch_promise::{Nanos, Random};

/// One host's life.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) rho: Drift,
    /// What the oscillator really keeps to; rho, unless it is the trouble.
    pub(super) true_most: Drift,
    pub(super) habits: Habits,
    pub(super) path: Path,
    pub(super) poll_s: u64,
    /// Exchanges of one poll, one soon after the other.
    pub(super) burst: u64,
    pub(super) servers: Vec<Server>,
    /// All servers are out of reach now and then, for up to a day.
    pub(super) outages: bool,
    /// The wall clock is set by up to 288 s now and then.
    pub(super) bumps: bool,
    /// The host stands still now and then, with its clocks or without them.
    pub(super) pauses: Pauses,
    pub(super) seconds: u64,
    pub(super) mutant: Mutant,
}

/// How a host stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pauses {
    Never,
    /// Its clocks run on, or it is told that they did not.
    Told,
    /// It is not told: no bound can hold until the next polls.
    Untold,
}

impl Scenario {
    /// One honest, exact server on a local path.
    pub(super) fn plain(rho: Drift, poll_s: u64, habits: Habits, days: u64) -> Self {
        Self {
            rho,
            true_most: rho,
            habits,
            path: Path::Local,
            poll_s,
            burst: 1,
            servers: vec![Server { error: Nanos::ZERO, lie: None }],
            outages: false,
            bumps: false,
            pauses: Pauses::Never,
            seconds: days * 86_400,
            mutant: Mutant::None,
        }
    }

    /// Anything that keeps to what the clock assumes.
    pub(super) fn draw(random: &mut Random, seconds: u64) -> Self {
        let rho = *random.pick(&[Drift::ppm(15), Drift::ppm(50), Drift::ppm(1)]).unwrap();
        let count = 1 + random.below(7) as usize;
        let error = *random.pick(&[Nanos::ZERO, Nanos(300_000), Nanos(2_000_000)]).unwrap();
        let lying = random.below(1 + (count as u64 - 1) / 2) as usize;
        let server = |at: usize, random: &mut Random| {
            let lie = (at < lying).then(|| Lie::draw(random));
            Server { error: if lie.is_some() { Nanos::ZERO } else { error }, lie }
        };
        let servers = (0..count).map(|at| server(at, random)).collect();
        Self {
            rho,
            true_most: rho,
            habits: Habits::draw(rho, random),
            path: *random.pick(&[Path::Local, Path::Asymmetric, Path::Spikes]).unwrap(),
            poll_s: *random.pick(&[16, 64, 256, 1_024]).unwrap(),
            burst: 1 + random.below(2) * 3,
            servers,
            outages: random.chance(0.5),
            bumps: random.chance(0.5),
            pauses: if random.chance(0.5) { Pauses::Told } else { Pauses::Never },
            seconds,
            mutant: Mutant::None,
        }
    }
}
