//! Faults by rate: so many of each family per second of virtual time, drawn from the seed.

use super::cluster::Cluster;
use super::codec::{Between, Codec as _, Count, Names, Number};
use super::reader::Table;
use super::source::Problem;
use avouch_promise::Nanos;
use avouch_world::{Family, Fault, Nemesis, Script};
use std::collections::BTreeMap;

/// The rates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates {
    /// Faults per second, by family.
    pub each: BTreeMap<Family, f64>,
    /// The shortest and the longest that a fault lasts, if said.
    pub lasting: Option<(Nanos, Nanos)>,
    /// How many nodes may be down at once, if said: a minority otherwise.
    pub down_at_most: Option<u64>,
}

impl Rates {
    pub(super) fn hear(table: &Table<'_>) -> Result<Self, Problem> {
        let lasting = table.want::<Between>("lasting")?;
        let lasting = lasting.and_then(|ends| Some((*ends.first()?, *ends.last()?)));
        let down_at_most = table.want::<Count>("down-at-most")?;
        let mut each = BTreeMap::new();
        for (word, span, value) in table.members() {
            if word == "lasting" || word == "down-at-most" {
                continue;
            }
            let Some(family) = Family::ALL.into_iter().find(|family| family.name() == word) else {
                let known = Family::ALL.into_iter().map(Family::name);
                return Err(Problem::unknown(span, "a family of faults", word, known));
            };
            each.insert(family, Number::hear(value, &Names::default())?);
        }
        Ok(Self { each, lasting, down_at_most })
    }

    /// The schedule of a seed; its last word, that everything is calm, is left to the run.
    pub(super) fn script(&self, cluster: &Cluster, until: Nanos, seed: u64) -> Script {
        if self.each.is_empty() {
            return Script::new();
        }
        let mut nemesis = Nemesis::new(cluster.nodes() as usize, until);
        for (family, rate) in &self.each {
            nemesis = nemesis.rate(*family, *rate);
        }
        if let Some((shortest, longest)) = self.lasting {
            nemesis = nemesis.lasting(shortest, longest);
        }
        if let Some(count) = self.down_at_most {
            nemesis = nemesis.down_at_most(count as usize);
        }
        let drawn = nemesis.clocks(cluster.clock_bound, 1_000_000).script(seed);
        drawn.iter().filter(|(_, fault)| *fault != Fault::Calm).cloned().collect()
    }
}
