//! How a run is set up, besides its seed and its nodes.

use crate::bandwidth::Limits;
use crate::clock::ClockModel;
use crate::disk::DiskModel;
use crate::link::Link;
use crate::mutants::Mutants;
use crate::processor::ProcessorModel;
use crate::scheme::Scheme;
use crate::synchrony::Synchrony;

/// How much of what happens goes into the trace hash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tracing {
    /// Times, nodes, kinds and numbers.
    Headers,
    /// Also what messages, records, commands and outputs say.
    #[default]
    Contents,
}

/// How a run is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Every link at first; change single ones with [`crate::World::links_mut`].
    pub link: Link,
    /// What is promised of the time that messages take, whatever the links say.
    pub synchrony: Synchrony,
    /// What every node can send and receive, shared fairly by what it sends and receives at the
    /// same time; none for no limit. [`crate::World::limit_bandwidth`] limits single nodes.
    pub bandwidth: Option<Limits>,
    /// Every disk.
    pub disk: DiskModel,
    /// What steps cost, where a processor is on.
    pub processor: ProcessorModel,
    /// The clocks.
    pub clock: ClockModel,
    /// What goes into the trace hash.
    pub tracing: Tracing,
    /// How many of the last lines of the story are kept; 0 keeps none, which is fastest.
    pub story_lines: usize,
    /// Whether the header of everything in the trace hash is kept, to find where two runs part.
    pub record: bool,
    /// Whether every message and record is encoded and decoded on its way.
    pub encode: bool,
    /// Whether observations are dropped instead of handed to the driver (H6).
    pub drop_observations: bool,
    /// More events than this at one virtual time are a violation: a protocol that sets timers
    /// which are already due would otherwise stop time.
    pub events_per_instant_max: u64,
    /// How nodes sign.
    pub scheme: Scheme,
    /// Breaches planted to prove the checks.
    pub mutants: Mutants,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            link: Link::default(),
            synchrony: Synchrony::default(),
            bandwidth: None,
            disk: DiskModel::default(),
            processor: ProcessorModel::default(),
            clock: ClockModel::default(),
            tracing: Tracing::default(),
            story_lines: 0,
            record: false,
            encode: false,
            drop_observations: false,
            events_per_instant_max: 1_000_000,
            scheme: Scheme::default(),
            mutants: Mutants::default(),
        }
    }
}
