//! What a delay is made of: four parts that add up to it, exactly.
//!
//! ```text
//!   one message = propagation   the signal in the cable as it is laid
//!               + serialisation bytes / rate, once for every sender on the way
//!               + equipment     switches on the way; network card and kernel at both ends
//!               + queueing      waiting for others, and whatever else varies
//! ```
//!
//! I1: the parts add up to the delay, to the nanosecond.

use avouch_promise::Nanos;
use std::fmt;

/// The parts of one delay, or their sums over many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// The signal in the cable.
    pub propagation: Nanos,
    /// Putting the bytes on the wire.
    pub serialisation: Nanos,
    /// Switches, network cards and kernels.
    pub equipment: Nanos,
    /// Waiting, and whatever else varies.
    pub queueing: Nanos,
}

impl Parts {
    /// The whole delay.
    pub fn total(&self) -> Nanos {
        self.propagation.plus(self.serialisation).plus(self.equipment).plus(self.queueing)
    }

    /// Adds another delay's parts to these.
    pub fn add(&mut self, other: &Self) {
        self.propagation = self.propagation.plus(other.propagation);
        self.serialisation = self.serialisation.plus(other.serialisation);
        self.equipment = self.equipment.plus(other.equipment);
        self.queueing = self.queueing.plus(other.queueing);
    }

    /// Each part with its name, in the order in which a message meets them on paper.
    pub const fn named(&self) -> [(&'static str, Nanos); 4] {
        [
            ("propagation", self.propagation),
            ("serialisation", self.serialisation),
            ("equipment", self.equipment),
            ("queueing", self.queueing),
        ]
    }
}

impl fmt::Display for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.total())?;
        for (at, (name, part)) in self.named().into_iter().enumerate() {
            write!(f, "{}{name} {part}", if at == 0 { " = " } else { " + " })?;
        }
        Ok(())
    }
}
