//! Directed links: how a message between two nodes may fare.
//!
//! A link has its nature (delay, loss, ..., changed by whoever builds the scenario), and its
//! weather (what faults add for a while). A cut is counted, so that overlapping partitions each
//! take back only their own; it stops messages that are on their way as well as new ones.
//!
//! What becomes of one message is told in `link/journey.rs`; all links of a run stand in
//! [`Links`].

use crate::delay::Delay;
use crate::equipment::Equipment;
use crate::meter::Meter;
use crate::transport::Transport;
use avouch_promise::Nanos;

mod journey;
mod links;
#[cfg(test)]
mod tests;
mod weather;

pub(crate) use journey::{Arrivals, Leaving};
pub use links::Links;
pub(crate) use links::{index, node};
pub use weather::Weather;

/// A directed link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// How long a message takes.
    pub delay: Delay,
    /// What nothing that happens here can be faster than, whatever `delay` says or a fault puts in
    /// its place: light in fibre.
    pub floor: Nanos,
    /// What stands between the ends. A measured path has it in its delay already; to every other
    /// delay it is added.
    pub equipment: Equipment,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a message arrives twice.
    pub duplicate: f64,
    /// Whether messages arrive in the order in which they were sent, as in one connection.
    pub ordered: bool,
    /// Bytes per second; none for no limit. Messages queue for it.
    pub rate: Option<u64>,
    /// The longest message that a connection carries in bytes; none for no limit. A longer one is
    /// a violation: a real connection would lose it, again and again.
    pub carries: Option<u64>,
    /// The connection whose segments are sent again when they are lost; none for messages that
    /// are lost for good.
    pub transport: Option<Box<Transport>>,
    /// What faults add.
    pub weather: Weather,
    cuts: u32,
    busy_until_ns: u64,
    latest_arrival_ns: u64,
    meter: Option<Box<Meter>>,
    planted: Option<LinkMutant>,
}

/// Bugs that a test plants in a link, to see them found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkMutant {
    /// Breaks I1: the floor is forgotten.
    NoFloor,
    /// Breaks I2: equipment is told, and takes no time.
    FreeEquipment,
}

impl Default for Link {
    fn default() -> Self {
        Self::with(Delay::Uniform { low: Nanos::from_micros(500), high: Nanos::from_millis(2) })
    }
}

impl Link {
    /// A link without faults that takes `delay`; messages may overtake each other.
    pub fn with(delay: Delay) -> Self {
        Self {
            delay,
            floor: Nanos::ZERO,
            equipment: Equipment::NONE,
            loss: 0.0,
            duplicate: 0.0,
            ordered: false,
            rate: None,
            carries: None,
            transport: None,
            weather: Weather::FAIR,
            cuts: 0,
            busy_until_ns: 0,
            latest_arrival_ns: 0,
            meter: None,
            planted: None,
        }
    }

    /// Keeps the parts of every delay apart from now on.
    pub fn measure(&mut self) {
        self.meter.get_or_insert_default();
    }

    /// What was measured; none unless [`Link::measure`] was called.
    pub fn meter(&self) -> Option<&Meter> {
        self.meter.as_deref()
    }

    /// Plants a bug.
    #[doc(hidden)]
    pub fn plant(&mut self, mutant: LinkMutant) {
        self.planted = Some(mutant);
    }

    /// The same link, in which messages arrive in order.
    #[must_use]
    pub fn in_order(self) -> Self {
        Self { ordered: true, ..self }
    }

    /// Whether nothing passes.
    pub fn is_cut(&self) -> bool {
        self.cuts > 0
    }

    pub(crate) fn cut(&mut self) {
        self.cuts += 1;
    }

    pub(crate) fn mend(&mut self) {
        self.cuts = self.cuts.saturating_sub(1);
    }

    pub(crate) fn mend_wholly(&mut self) {
        self.cuts = 0;
        self.weather = Weather::FAIR;
        self.change_transport(Transport::settle);
        self.forget_queue();
    }

    /// Changes the connection; one that nothing needs any more goes.
    pub(crate) fn change_transport(&mut self, change: impl Fn(&mut Transport)) {
        let mut transport =
            self.transport.take().unwrap_or_else(|| Box::new(Transport::for_a_fault()));
        change(&mut transport);
        self.transport = Some(transport).filter(|transport| transport.is_needed());
    }

    /// New messages no longer wait for those under way, as in a new connection.
    pub(crate) fn forget_queue(&mut self) {
        self.busy_until_ns = 0;
        self.latest_arrival_ns = 0;
    }
}
