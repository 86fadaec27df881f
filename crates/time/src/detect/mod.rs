//! Faults of clocks, told apart by what a host can see of them.
//!
//! Each detector is a state machine without I/O: it is handed looks, and `now` with them, and says
//! which alarms they raise. What it cannot see stands in its header.
//!
//! | detector | looks at |
//! |---|---|
//! | [`Host`](host::Host) | all that follow but receivers' and holdovers', over one host's exchanges |
//! | [`Steps`](strobe::Steps) | this host's clocks against each other: steps, strobes, slews, suspends |
//! | [`scale`] | a source's distance from the majority: whole seconds, another time scale |
//! | [`Midnight`](leap::Midnight) | the same around the end of a month: leap seconds and their smears |
//! | [`Gnss`](gnss::Gnss) | a receiver's status and its pulse: jamming, spoofing |
//! | [`Budget`](holdover::Budget) | what an oscillator alone may be off, and what it was |
//! | [`pause`] | all sources' jumps: this host's clock stood still, or one source stepped |
//! | [`Path`](asymmetry::Path) | a source's delays and offsets: one way became longer |
//! | [`Jumps`](bump::Jumps) | a clock's jumps: there and back |

pub mod asymmetry;
pub mod bump;
pub mod gnss;
pub mod holdover;
pub mod host;
pub mod leap;
pub mod pause;
pub mod scale;
pub mod strobe;

mod alarm;
mod difference;
mod mutant;

pub use alarm::Alarm;
pub use difference::Difference;

use mutant::Mutant;
