//! `plan latency`: what each guarantee takes at least on a placement, and the placement that makes
//! one of them shortest.

use super::arguments::Latency;
use super::floor::{BYZANTINE_MIN, Distances, Placement};
use super::placement::{Found, Search};
use super::route::{Carried, Route, WRITE, ways};
use super::thousands;
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Kind;
use avouch_promise::guarantee::{ROWS, Row};
use avouch_promise::{Blame, Error, Nanos};
use avouch_world::geography::Region;
use serde_json::{Value, json};

/// A plan, worked out.
struct Planned<'a> {
    asked: &'a Latency,
    row: &'static Row,
    /// The way that the verdict speaks of.
    way: Carried,
    clients: Vec<Region>,
    found: Found,
    measured: Distances,
    fibre: Distances,
}

pub(super) fn run(asked: &Latency, screen: &mut Screen) -> Result<(), Error> {
    let given = regions(&asked.regions)?;
    let candidates = if given.is_empty() { Region::all().collect() } else { given.clone() };
    let clients = regions(&asked.clients)?;
    let clients = if clients.is_empty() { candidates.clone() } else { clients };
    let leader = asked.leader.as_deref().map(Region::parse).transpose()?;
    if let Some(leader) = leader.filter(|leader| !candidates.contains(leader)) {
        let expected = "a leader among the regions of the replicas";
        return Err(
            Error::new(Blame::Caller, expected, leader.name()).hint("name it with --regions, too")
        );
    }
    let replicas = match asked.replicas {
        Some(count) => count as usize,
        None if given.is_empty() => {
            return Err(Error::new(Blame::Caller, "--regions or --replicas", "neither")
                .hint("--replicas 3 looks for the best three of all 33 regions"));
        }
        None => given.len(),
    };
    if replicas > candidates.len() {
        let got = format!("{replicas} replicas in {} regions", candidates.len());
        return Err(Error::new(Blame::Caller, "at most as many replicas as regions", got)
            .hint("name more --regions, or leave them out for all 33"));
    }
    let row = asked.guarantee.row();
    let way = ways(row).first().copied().unwrap_or(WRITE);
    if way.kind == Kind::ByzantineQuorum && replicas < BYZANTINE_MIN {
        let expected = format!("at least {BYZANTINE_MIN} replicas, so that one may lie");
        return Err(Error::new(Blame::Caller, expected, format!("{replicas}"))
            .hint("name more --regions, or --replicas 5"));
    }
    let (measured, fibre) = (Distances::measured(), Distances::fibre());
    let found = Search {
        distances: &measured,
        route: way.route,
        aim: asked.minimise,
        clients: &clients,
        candidates: &candidates,
        replicas,
        leader,
    }
    .run()?;
    let planned = Planned { asked, row, way, clients, found, measured, fibre };
    match screen.format {
        Format::Json => screen.line(&planned.to_json().to_string()),
        Format::Text => planned.text(screen),
    }
    Ok(())
}

/// Regions by name, each once.
fn regions(names: &[String]) -> Result<Vec<Region>, Error> {
    let mut regions = Vec::new();
    for name in names {
        let region = Region::parse(name.trim())?;
        if regions.contains(&region) {
            return Err(Error::new(Blame::Caller, "each region once", format!("{region} twice"))
                .hint("two replicas in one region fail together"));
        }
        regions.push(region);
    }
    Ok(regions)
}

fn ms(nanos: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
    let ms = nanos as f64 / 1e6;
    format!("{ms:.1}")
}

impl Planned<'_> {
    fn placement(&self) -> &Placement {
        &self.found.placement
    }

    /// What a way takes, client by client.
    fn takes(&self, distances: &Distances, route: Route) -> Vec<u64> {
        self.clients.iter().map(|c| self.placement().takes(distances, route, *c)).collect()
    }

    /// Whether a way exists on this placement.
    fn can(&self, way: Carried) -> bool {
        way.kind != Kind::ByzantineQuorum || self.placement().replicas.len() >= BYZANTINE_MIN
    }

    fn replicas(&self) -> Vec<&'static str> {
        self.placement().replicas.iter().map(|region| region.name()).collect()
    }

    fn text(&self, screen: &mut Screen) {
        let (kind, leader) = (self.way.kind.name(), self.placement().leader);
        let takes = self.takes(&self.measured, self.way.route);
        let [mean, most] = both(&takes);
        screen.line(&format!(
            "{}: {} ms at least by {kind}, the mean over {} client region{}; {} ms for the farthest",
            self.row.usage(),
            ms(mean),
            self.clients.len(),
            if self.clients.len() == 1 { "" } else { "s" },
            ms(most)
        ));
        let mut line = |name: &str, text: String| screen.line(&format!("  {name:12} {text}"));
        line("replicas", self.replicas().join(", "));
        let led = if self.asked.leader.is_some() { ", as asked" } else { "" };
        if self.way.route == Route::Local {
            line("leader", format!("{leader}{led}; no matter for this guarantee"));
        } else {
            let (last, quorum) = self.placement().quorum(&self.measured);
            let quorum = Nanos(quorum);
            line(
                "leader",
                format!("{leader}{led}; a majority answers it in {quorum}, {last} the last"),
            );
        }
        let (aim, of) = (self.asked.minimise.name(), thousands(self.found.of));
        if self.found.of > 1 {
            let looked_at = thousands(self.found.looked_at);
            line(
                "best of",
                format!(
                    "{of} placements with their leaders, by the {aim} (exact: all but {looked_at} were ruled out early)"
                ),
            );
        }
        self.clients_table(screen);
        self.guarantees_table(screen);
        screen.line("  Medians added along the hops; queues, disks and processors come on top.");
    }

    fn clients_table(&self, screen: &mut Screen) {
        let name = self.row.name;
        screen.line(&format!(
            "  {:15} {:15} {:>12} {:>9} {:>9} {:>9}  (ms; {name})",
            "client", "through", "measured", "in fibre", "a write", "local"
        ));
        let route = self.way.route;
        for client in &self.clients {
            let takes = |distances, route| ms(self.placement().takes(distances, route, *client));
            let through = match route {
                Route::Local => self.nearest(*client),
                _ => self.placement().through(&self.measured, *client).0,
            };
            screen.line(&format!(
                "  {:15} {:15} {:>12} {:>9} {:>9} {:>9}",
                client.name(),
                through.name(),
                takes(&self.measured, route),
                takes(&self.fibre, route),
                takes(&self.measured, Route::Quorum),
                takes(&self.measured, Route::Local),
            ));
        }
    }

    fn nearest(&self, client: Region) -> Region {
        let replicas = self.placement().replicas.iter().copied();
        let nearest = replicas.min_by_key(|at| self.measured.between(client, *at));
        nearest.unwrap_or(self.placement().leader)
    }

    fn guarantees_table(&self, screen: &mut Screen) {
        screen.line(&format!(
            "  {:30} {:31} {:>7} {:>7} {:>9}  (ms over the clients)",
            "every guarantee here", "by", "mean", "max", "in fibre"
        ));
        self.way_line("any write", WRITE, screen);
        for row in &ROWS {
            let ways: Vec<Carried> = ways(row).into_iter().filter(|way| self.can(*way)).collect();
            let Some(first) = ways.first() else {
                let none = format!("needs {BYZANTINE_MIN} replicas");
                screen.line(&format!("  {:30} {none}", row.usage()));
                continue;
            };
            self.way_line(&row.usage(), *first, screen);
            // A shorter way that no node of this version proves yet.
            let shorter = ways.iter().filter(|way| way.route < first.route).min_by_key(|w| w.route);
            if let Some(shorter) = shorter {
                self.way_line("", *shorter, screen);
            }
        }
    }

    fn way_line(&self, name: &str, way: Carried, screen: &mut Screen) {
        let [mean, most] = both(&self.takes(&self.measured, way.route));
        let [fibre, _] = both(&self.takes(&self.fibre, way.route));
        let later = if way.kind.is_verified() { "" } else { " (not yet)" };
        let by = format!("{}{later}", way.kind.name());
        screen.line(&format!(
            "  {name:30} {by:31} {:>7} {:>7} {:>9}",
            ms(mean),
            ms(most),
            ms(fibre)
        ));
    }

    fn to_json(&self) -> Value {
        let of = |way: Carried| {
            let clients: Vec<Value> = self
                .clients
                .iter()
                .map(|client| {
                    let takes = |distances| self.placement().takes(distances, way.route, *client);
                    json!({ "client": client.name(), "measured_ns": takes(&self.measured),
                            "fibre_ns": takes(&self.fibre) })
                })
                .collect();
            let [mean, most] = both(&self.takes(&self.measured, way.route));
            json!({ "evidence": way.kind.name(), "served": way.kind.is_verified(),
                    "mean_ns": mean, "max_ns": most, "clients": clients })
        };
        let guarantees: Vec<Value> = ROWS
            .iter()
            .map(|row| {
                let ways: Vec<Value> =
                    ways(row).into_iter().filter(|way| self.can(*way)).map(of).collect();
                json!({ "guarantee": row.usage(), "ways": ways })
            })
            .collect();
        let (last, quorum) = self.placement().quorum(&self.measured);
        json!({
            "guarantee": self.row.usage(), "way": of(self.way),
            "replicas": self.replicas(), "leader": self.placement().leader.name(),
            "quorum": { "last": last.name(), "measured_ns": quorum },
            "minimised": self.asked.minimise.name(), "placements": self.found.of,
            "looked_at": self.found.looked_at,
            "write": of(WRITE), "guarantees": guarantees,
        })
    }
}

/// The mean and the largest.
fn both(takes: &[u64]) -> [u64; 2] {
    let sum: u64 = takes.iter().sum();
    [sum / (takes.len() as u64).max(1), takes.iter().copied().max().unwrap_or(0)]
}
