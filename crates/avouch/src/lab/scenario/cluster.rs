//! The nodes of a scenario: where they stand, their disks, clocks and patience, and the bug that is
//! planted in them, if one is.

use super::codec::{Codec as _, Count, Delay, Names, Places, Rate, Span, Text, Times};
use super::reader::Table;
use super::source::Problem;
use crate::lab::plant::Plant;
use avouch_promise::Nanos;
use avouch_world::Delay as Distribution;
use avouch_world::geography::{FIVE, Region};

/// Where nodes stand.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// A node in each of these regions, with the delays measured between them.
    Regions(Vec<Region>),
    /// So many nodes, every link alike.
    Uniform {
        /// How many nodes.
        nodes: u32,
        /// What a message takes.
        link: Distribution,
    },
}

/// The nodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Where they stand.
    pub standing: Standing,
    /// The election period; none: above nearly every round trip.
    pub election: Option<Nanos>,
    /// What a group sync takes.
    pub sync: Distribution,
    /// What every node can send, and as much it can receive, in bits per second; none: no limit.
    pub bandwidth: Option<u64>,
    /// What a step of a node takes; none: nothing, until a fault of its processor.
    pub step: Option<Distribution>,
    /// The bound that clocks state.
    pub clock_bound: Nanos,
    /// Entries between two checkpoints.
    pub checkpoint_entries: u64,
    /// A bug planted on purpose.
    pub plant: Option<Plant>,
}

impl Default for Cluster {
    fn default() -> Self {
        Self {
            standing: Standing::Regions(FIVE.to_vec()),
            election: None,
            sync: Distribution::log_normal(Nanos::from_micros(400), Nanos::from_millis(2)),
            bandwidth: None,
            step: None,
            clock_bound: Nanos::from_millis(2),
            checkpoint_entries: 200,
            plant: None,
        }
    }
}

/// More nodes than this are refused: a log group has few voters.
const NODES_MAX: u32 = 31;

impl Cluster {
    pub(super) fn hear(table: &Table<'_>) -> Result<Self, Problem> {
        let usual = Self::default();
        let regions = table.want::<Places>("regions")?;
        let nodes = table.want::<Times>("nodes")?;
        let link = table.want::<Delay>("link")?;
        let standing = match (regions, nodes) {
            (Some(_), Some(_)) => {
                let place = table.value("nodes").map_or_else(|| table.span(), toml::Spanned::span);
                let got = "both `regions` and `nodes`";
                return Err(Problem::new(place, "where the nodes stand, once", got)
                    .hint("regions have measured delays; nodes with a `link` are all alike"));
            }
            (Some(regions), None) => Standing::Regions(regions),
            (None, Some(nodes)) => {
                let near = Distribution::log_normal(Nanos::from_micros(500), Nanos::from_millis(1));
                Standing::Uniform { nodes, link: link.unwrap_or(near) }
            }
            (None, None) => usual.standing,
        };
        let plant = match table.value("plant") {
            None => None,
            Some(value) => {
                let word = Text::hear(value, &Names::default())?;
                let unknown = || {
                    let names = Plant::all().map(|plant| plant.name()).collect::<Vec<_>>();
                    let known = names.iter().map(String::as_str);
                    Problem::unknown(value.span(), "a bug that can be planted", &word, known)
                };
                Some(Plant::named(&word).ok_or_else(unknown)?)
            }
        };
        let cluster = Self {
            standing,
            election: table.want::<Span>("election")?,
            sync: table.want::<Delay>("sync")?.unwrap_or(usual.sync),
            bandwidth: table.want::<Rate>("bandwidth")?,
            step: table.want::<Delay>("step")?,
            clock_bound: table.want::<Span>("clock-bound")?.unwrap_or(usual.clock_bound),
            checkpoint_entries: table
                .want::<Count>("checkpoint-entries")?
                .unwrap_or(usual.checkpoint_entries),
            plant,
        };
        if !(1..=NODES_MAX).contains(&cluster.nodes()) {
            let got = format!("{} nodes", cluster.nodes());
            return Err(Problem::new(table.span(), format!("1 to {NODES_MAX} nodes"), got));
        }
        table.end()?;
        Ok(cluster)
    }

    /// How many nodes.
    pub fn nodes(&self) -> u32 {
        match &self.standing {
            Standing::Regions(regions) => regions.len() as u32,
            Standing::Uniform { nodes, .. } => *nodes,
        }
    }

    /// The nodes' regions; empty where they have none.
    pub fn regions(&self) -> &[Region] {
        match &self.standing {
            Standing::Regions(regions) => regions,
            Standing::Uniform { .. } => &[],
        }
    }

    /// The names by which faults and clients mean nodes.
    pub fn names(&self) -> Names {
        Names { nodes: self.nodes(), regions: self.regions().to_vec() }
    }
}
