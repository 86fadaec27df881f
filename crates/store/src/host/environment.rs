//! The clocks, the randomness and the keys of a real machine, as the node's environment.

#![expect(clippy::disallowed_types, reason = "this is where a real node's clocks are read")]

use crate::clock::Keeper;
use avouch_machine::Env;
use avouch_promise::trust::{Ed25519Signer, Trust};
use avouch_promise::{Interval, Lack, Nanos, NodeId, Signature, Signer, Verifier, Wall};
use std::sync::Arc;
use std::time::Instant;

/// The environment of every step; the clocks stand still between two samples.
pub(super) struct SystemEnv {
    start: Instant,
    clock: Arc<Keeper>,
    signer: Ed25519Signer,
    trust: Trust,
    monotonic: Nanos,
    wall: Wall,
}

impl SystemEnv {
    pub(super) fn new(signer: Ed25519Signer, trust: Trust, clock: Arc<Keeper>) -> Self {
        let (monotonic, wall) = (Nanos::ZERO, Wall::none(Lack::NoSource));
        Self { start: Instant::now(), clock, signer, trust, monotonic, wall }
    }

    /// Reads the clocks. To be called after an event was taken, and before it is stepped.
    pub(super) fn sample(&mut self) {
        self.monotonic = self.now();
        self.wall = self.clock.read();
    }

    /// The wall clock as it was sampled, where the node was told of a source of time.
    pub(super) fn sourced_clock(&self) -> Option<Wall> {
        self.clock.has_source().then_some(self.wall)
    }

    /// What the monotonic clock shows now.
    pub(super) fn now(&self) -> Nanos {
        Nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Env for SystemEnv {
    fn monotonic(&self) -> Nanos {
        self.monotonic
    }
    fn wall(&self) -> Interval {
        self.wall.interval
    }
    fn clock(&self) -> Wall {
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
#[allow(clippy::unwrap_used, reason = "a test's panic is its failure")]
mod tests {
    use super::*;
    use crate::clock::Source;
    use avouch_promise::{Basis, Class};

    fn env(source: &Source) -> SystemEnv {
        let clock = Arc::new(Keeper::start(source).unwrap());
        SystemEnv::new(Ed25519Signer::from_seed([1; 32]), Trust::symbolic(1, 1), clock)
    }

    #[test]
    fn the_wall_is_an_interval_around_the_clock_and_without_a_source_nothing() {
        let mut stated = env(&Source::Stated(Nanos::from_secs(1)));
        stated.sample();
        assert_eq!(stated.clock().epsilon(), Some(Nanos::from_secs(1)));
        assert_eq!((stated.clock().basis, stated.wall()), (Basis::Stated, stated.clock().interval));
        let mut nothing = env(&Source::Nothing);
        nothing.sample();
        assert_eq!(nothing.wall(), Interval::UNKNOWN);
        assert_eq!(nothing.clock(), Wall::none(Lack::NoSource));
        assert_eq!(nothing.clock().basis.class(), Class::None);
    }

    #[test]
    fn clocks_stand_still_until_they_are_sampled_again() {
        let mut env = env(&Source::Stated(Nanos::from_millis(1)));
        env.sample();
        let (monotonic, wall) = (env.monotonic(), env.wall());
        while env.now() <= monotonic {}
        assert_eq!((env.monotonic(), env.wall()), (monotonic, wall));
        env.sample();
        assert!(env.monotonic() > monotonic);
        assert!((0..100).all(|_| env.choose(3) < 3) && env.choose(1) == 0);
    }
}
