//! A scenario: which nodes, which clients, which faults, what is expected. docs/scenario-format.md
//! is the whole definition of the file.
//!
//! ```text
//!   TOML --reader, codecs--> Scenario --write--> TOML       (exactly the same scenario)
//!     '--problem--> the line with the stretch marked
//! ```

pub mod cluster;
pub mod codec;
mod course;
pub mod crowd;
mod delay;
pub mod expect;
mod promise;
pub mod rates;
pub mod reader;
pub mod source;
#[cfg(test)]
mod tests;
pub mod words;
mod write;

use crate::quantity::exact;
use avouch_promise::{Error, Nanos};
use avouch_world::{Fault, Script, Synchrony};
use cluster::Cluster;
use codec::{Count, Names, Span, Text};
use crowd::Crowd;
use expect::Expect;
use rates::Rates;
use reader::Table;
use source::{Problem, Source};
use toml::de::DeTable;

/// A scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name, as engineers name incidents.
    pub name: String,
    /// What happens, in a line.
    pub summary: String,
    /// The seed that it runs with when none is named: a shrunk failure carries its own.
    pub seed: Option<u64>,
    /// Virtual time under faults.
    pub duration: Nanos,
    /// Virtual time after everything was put right; none is as it was.
    pub calm: Nanos,
    /// The nodes.
    pub cluster: Cluster,
    /// What is promised of the time that messages take.
    pub synchrony: Synchrony,
    /// The clients.
    pub clients: Vec<Crowd>,
    /// Faults at times.
    pub faults: Script,
    /// Faults by rate, drawn from the seed.
    pub rates: Rates,
    /// What must come out.
    pub expect: Expect,
}

/// What would begin when the run's faults are over does nothing, and nobody means that.
fn within(table: &Table<'_>, key: &'static str, duration: Nanos) -> Result<(), Problem> {
    let Some(at) = table.want::<Span>(key)?.filter(|at| *at > duration) else { return Ok(()) };
    let place = table.value(key).map_or_else(|| table.span(), toml::Spanned::span);
    let expected = format!("a time within the run's {}", exact(duration));
    Err(Problem::new(place, expected, exact(at)).hint("raise `duration`"))
}

impl Scenario {
    /// Reads a scenario; what is wrong with it is the caller's error, with its place marked.
    pub fn parse(name: &str, text: &str) -> Result<Self, Error> {
        let source = Source { name, text };
        let document = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            let told = error.message().lines().next().unwrap_or_default().to_owned();
            source.error(&Problem::new(span, "TOML", told).hint("see docs/scenario-format.md"))
        })?;
        // The nodes first: the names in faults are theirs.
        let nobody = Names::default();
        let root = Table::root(&document, &nobody);
        let cluster = root
            .table("cluster", "a cluster")
            .and_then(|table| {
                table.map_or_else(|| Ok(Cluster::default()), |table| Cluster::hear(&table))
            })
            .map_err(|problem| source.error(&problem))?;
        let names = cluster.names();
        Self::hear(&Table::root(&document, &names), cluster, &names)
            .map_err(|problem| source.error(&problem))
    }

    /// Everything but the cluster, which was heard before.
    fn hear(root: &Table<'_>, cluster: Cluster, names: &Names) -> Result<Self, Problem> {
        let _ = root.value("cluster"); // it counts as known
        let synchrony = root.table("synchrony", "a promise of synchrony")?;
        let synchrony =
            synchrony.map_or(Ok(Synchrony::Asynchronous), |table| promise::hear(&table))?;
        let clients = root.tables("clients", "clients")?;
        let mut clients =
            clients.iter().map(|table| Crowd::hear(table, names)).collect::<Result<Vec<_>, _>>()?;
        if clients.is_empty() {
            clients.push(Crowd::default());
        }
        let duration = root.need::<Span>("duration")?;
        if duration == Nanos::ZERO {
            let place = root.value("duration").map_or_else(|| root.span(), toml::Spanned::span);
            return Err(Problem::new(place, "a duration above zero", "`0`").hint("write \"10s\""));
        }
        let mut faults: Vec<(Nanos, Fault)> = Vec::new();
        for table in root.tables("fault", "a fault")? {
            within(&table, "at", duration)?;
            faults.extend(words::hear(&table)?);
        }
        let rates = root.table("rates", "rates of faults")?;
        let expect = root.table("expect", "expectations")?;
        let scenario = Self {
            name: root.need::<Text>("name")?,
            summary: root.need::<Text>("summary")?,
            seed: root.want::<Count>("seed")?,
            duration,
            calm: root.want::<Span>("calm")?.unwrap_or(Nanos::ZERO),
            cluster,
            synchrony,
            clients,
            faults: faults.into_iter().collect(),
            rates: rates.map_or_else(|| Ok(Rates::default()), |table| Rates::hear(&table))?,
            expect: expect.map_or_else(|| Ok(Expect::default()), |table| Expect::hear(&table))?,
        };
        root.end()?;
        Ok(scenario)
    }

    /// Every fault of a seed that happens while there are faults: those at times and those by rate.
    pub fn script(&self, seed: u64) -> Script {
        let drawn = self.rates.script(&self.cluster, self.duration, seed);
        let all = self.faults.iter().chain(drawn.iter());
        all.filter(|(at, _)| *at <= self.duration).cloned().collect()
    }

    /// The same with these faults and no others, of this seed: what a failing run is shrunk to.
    #[must_use]
    pub fn with_script(&self, seed: u64, faults: Script) -> Self {
        Self { seed: Some(seed), faults, rates: Rates::default(), ..self.clone() }
    }
}
