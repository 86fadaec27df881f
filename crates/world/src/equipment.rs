//! What stands between two hosts, and what it takes even when nothing queues.
//!
//! ```text
//!   host --wire--> switch --wire--> ... --wire--> switch --wire--> host
//!   NIC, kernel    |  hops: each takes the message in whole, then sends it on         NIC, kernel
//! ```
//!
//! Figures are assumptions and are printed as such: nobody publishes the routers between regions.

use avouch_promise::Nanos;

/// The equipment of one way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Equipment {
    /// How many switches and routers are on the way.
    pub hops: u32,
    /// What each of them takes to decide where a message goes.
    pub switching: Nanos,
    /// What network card and kernel take at each of the two ends.
    pub host: Nanos,
}

impl Equipment {
    /// None that takes any time.
    pub const NONE: Self = Self { hops: 0, switching: Nanos::ZERO, host: Nanos::ZERO };

    /// What is assumed for a way of this length: four hops in each data centre, one more for every
    /// 1,000 km; 10 us in each, 20 us in each host.
    #[expect(clippy::cast_sign_loss, reason = "a length is not negative")]
    pub fn assumed(metres: f64) -> Self {
        let between = (metres / 1e6).ceil().clamp(0.0, 100.0) as u32;
        Self { hops: 8 + between, switching: Nanos::from_micros(10), host: Nanos::from_micros(20) }
    }

    /// What it takes beyond the bytes themselves.
    //= §1.1.1 equipment delays
    pub const fn delay(&self) -> Nanos {
        self.switching.times(self.hops as u64).plus(self.host.times(2))
    }

    /// What it takes to put a message on every wire of the way, one after another.
    pub fn serialisation(&self, bytes: u64, bytes_per_second: u64) -> Nanos {
        serialisation(bytes, bytes_per_second).times(u64::from(self.hops) + 1)
    }
}

/// What it takes to put a message on one wire.
pub fn serialisation(bytes: u64, bytes_per_second: u64) -> Nanos {
    let takes = u128::from(bytes) * 1_000_000_000 / u128::from(bytes_per_second.max(1));
    Nanos(u64::try_from(takes).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::{Equipment, serialisation};
    use avouch_promise::Nanos;

    //= §1.1.1 equipment delays test
    #[test]
    fn every_hop_and_both_hosts_count() {
        let equipment = Equipment { hops: 3, switching: Nanos(10), host: Nanos(100) };
        assert_eq!(equipment.delay(), Nanos(230));
        // 1,250 bytes at 10 Gbit/s are a microsecond, on each of four wires.
        assert_eq!(equipment.serialisation(1_250, 1_250_000_000), Nanos::from_micros(4));
        assert_eq!(Equipment::NONE.delay(), Nanos::ZERO);
        assert_eq!(serialisation(1_250, 1_250_000_000), Nanos::from_micros(1));
        assert_eq!(serialisation(u64::MAX, 0), Nanos(u64::MAX), "no rate: never, and no panic");
        assert!(Equipment::assumed(6e6).hops > Equipment::assumed(1e5).hops);
    }
}
