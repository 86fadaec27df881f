//! What is measured, and the table of it.

use std::collections::BTreeMap;
use std::fmt;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verb {
    Put,
    Get,
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) verb: Verb,
    pub(crate) clients: usize,
    pub(crate) evidence: bool,
}

impl Cell {
    /// Every cell, in the order in which they are measured.
    pub(crate) fn all() -> Vec<Self> {
        let mut cells = Vec::new();
        for verb in [Verb::Put, Verb::Get] {
            for clients in [1, 64] {
                for evidence in [false, true] {
                    cells.push(Self { verb, clients, evidence });
                }
            }
        }
        cells
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.verb == Verb::Put { "put" } else { "get" };
        let evidence = if self.evidence { " with evidence" } else { "" };
        write!(f, "{verb} {}{evidence}", self.clients)
    }
}

/// A cell of one system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct What {
    pub(crate) system: &'static str,
    pub(crate) cell: Cell,
}

/// What was measured in one round. Times in microseconds, CPU time for each operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) server_cpu_us: f64,
    pub(crate) client_cpu_us: f64,
    /// The 99th percentile of the evidence's length in bytes, and of its length on the wire.
    pub(crate) evidence_p99: Option<usize>,
    pub(crate) wire_p99: Option<usize>,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { per_second, p50_us, p99_us, server_cpu_us, client_cpu_us, .. } = self;
        write!(
            f,
            "{per_second:>8.0}/s  p50 {p50_us:>7.0} us  p99 {p99_us:>7.0} us  \
             CPU/op servers {server_cpu_us:>6.1} us, client {client_cpu_us:>6.1} us"
        )
    }
}

/// All that was measured.
#[derive(Debug, Default)]
pub(crate) struct Table(BTreeMap<What, Vec<Measured>>);

impl Table {
    pub(crate) fn add(&mut self, what: What, measured: Measured) {
        self.0.entry(what).or_default().push(measured);
    }

    /// The rounds of one cell.
    pub(crate) fn rounds(&self, system: &'static str, cell: Cell) -> &[Measured] {
        self.0.get(&What { system, cell }).map_or(&[], Vec::as_slice)
    }

    /// The median over the rounds of a figure.
    pub(crate) fn median(
        &self,
        system: &'static str,
        cell: Cell,
        figure: fn(&Measured) -> f64,
    ) -> Option<f64> {
        median(self.rounds(system, cell).iter().map(figure).collect())
    }

    /// The median over the rounds of the ratio of a figure, one cell to another.
    pub(crate) fn ratio(
        &self,
        above: (&'static str, Cell),
        below: (&'static str, Cell),
        figure: fn(&Measured) -> f64,
    ) -> Option<f64> {
        let (above, below) = (self.rounds(above.0, above.1), self.rounds(below.0, below.1));
        median(above.iter().zip(below).map(|(one, other)| figure(one) / figure(other)).collect())
    }

    /// Prints the medians.
    pub(crate) fn print(&self) {
        println!();
        println!(
            "{:<22} {:<5} {:>9} {:>8} {:>8} {:>11} {:>11}",
            "", "", "per s", "p50 us", "p99 us", "CPU/op us", "client CPU"
        );
        for what in Cell::all().into_iter().flat_map(|cell| ["ours", "etcd"].map(|s| (s, cell))) {
            let (system, cell) = what;
            let figure = |figure: fn(&Measured) -> f64| self.median(system, cell, figure);
            let Some(per_second) = figure(|m| m.per_second) else { continue };
            let show = |value: Option<f64>| value.unwrap_or_default();
            println!(
                "{:<22} {system:<5} {per_second:>9.0} {:>8.0} {:>8.0} {:>11.1} {:>11.1}",
                cell.to_string(),
                show(figure(|m| m.p50_us)),
                show(figure(|m| m.p99_us)),
                show(figure(|m| m.server_cpu_us)),
                show(figure(|m| m.client_cpu_us)),
            );
        }
        println!();
        self.print_ratios();
    }

    /// Prints ours over etcd's, cell by cell: the median of the rounds' ratios.
    fn print_ratios(&self) {
        let cells = Cell::all().into_iter().filter(|cell| !cell.evidence);
        for cell in cells {
            let over =
                |figure: fn(&Measured) -> f64| self.ratio(("ours", cell), ("etcd", cell), figure);
            let Some(per_second) = over(|m| m.per_second) else { continue };
            let show = |value: Option<f64>| value.unwrap_or_default();
            println!(
                "{:<22} ours over etcd: throughput {per_second:.2}, p50 {:.2}, p99 {:.2}, CPU/op {:.2}",
                cell.to_string(),
                show(over(|m| m.p50_us)),
                show(over(|m| m.p99_us)),
                show(over(|m| m.server_cpu_us)),
            );
        }
        println!();
    }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
