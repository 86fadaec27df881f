//! The clocks, the randomness and the keys of a real machine, as the node's environment.

#![expect(clippy::disallowed_types, reason = "this is where a real node's clocks are read")]

use avouch_machine::Env;
use avouch_promise::trust::{Ed25519Signer, Trust};
use avouch_promise::{Interval, Nanos, NodeId, Signature, Signer, Verifier, WallTime};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The environment of every step; the clocks stand still between two samples.
pub(super) struct SystemEnv {
    start: Instant,
    bound: Option<Nanos>,
    signer: Ed25519Signer,
    trust: Trust,
    monotonic: Nanos,
    wall: Interval,
}

impl SystemEnv {
    pub(super) fn new(signer: Ed25519Signer, trust: Trust, bound: Option<Nanos>) -> Self {
        let (monotonic, wall) = (Nanos::ZERO, Interval::UNKNOWN);
        Self { start: Instant::now(), bound, signer, trust, monotonic, wall }
    }

    /// Reads the clocks. To be called after an event was taken, and before it is stepped.
    pub(super) fn sample(&mut self) {
        self.monotonic = self.now();
        self.wall = self.bound.map_or(Interval::UNKNOWN, |bound| wall(SystemTime::now(), bound));
    }

    /// What the monotonic clock shows now.
    pub(super) fn now(&self) -> Nanos {
        Nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// The wall clock's reading with its stated bound.
fn wall(now: SystemTime, bound: Nanos) -> Interval {
    let nanos = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    };
    Interval::around(WallTime(nanos), bound)
}

impl Env for SystemEnv {
    fn monotonic(&self) -> Nanos {
        self.monotonic
    }
    fn wall(&self) -> Interval {
        self.wall
    }
    fn choose(&mut self, count: u32) -> u32 {
        // Without randomness (it never fails on a machine that is up) any choice is as good.
        let drawn = getrandom::u32().unwrap_or(self.monotonic.0 as u32);
        ((u64::from(drawn) * u64::from(count)) >> 32) as u32
    }
    fn sign(&mut self, message: &[u8]) -> Signature {
        self.signer.sign(message)
    }
    fn verify(&self, signer: NodeId, message: &[u8], signature: &Signature) -> bool {
        self.trust.verify(signer, message, signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_wall_is_an_interval_around_the_clock_and_without_a_bound_nothing() {
        let at = UNIX_EPOCH + Duration::from_secs(5);
        let interval = wall(at, Nanos::from_secs(1));
        let second = 1_000_000_000;
        assert_eq!(
            (interval.earliest, interval.latest),
            (WallTime(4 * second), WallTime(6 * second))
        );
        let before = wall(UNIX_EPOCH - Duration::from_secs(5), Nanos::ZERO);
        assert_eq!(before.latest, WallTime(-5 * second));
        let trust = Trust::symbolic(1, 1);
        let mut env = SystemEnv::new(Ed25519Signer::from_seed([1; 32]), trust, None);
        env.sample();
        assert_eq!(env.wall(), Interval::UNKNOWN);
    }

    #[test]
    fn clocks_stand_still_until_they_are_sampled_again() {
        let trust = Trust::symbolic(1, 1);
        let bound = Some(Nanos::from_millis(1));
        let mut env = SystemEnv::new(Ed25519Signer::from_seed([1; 32]), trust, bound);
        env.sample();
        let (monotonic, wall) = (env.monotonic(), env.wall());
        while env.now() <= monotonic {}
        assert_eq!((env.monotonic(), env.wall()), (monotonic, wall));
        env.sample();
        assert!(env.monotonic() > monotonic);
        assert!((0..100).all(|_| env.choose(3) < 3) && env.choose(1) == 0);
    }
}
