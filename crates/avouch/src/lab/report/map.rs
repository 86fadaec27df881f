//! The map: nodes by latitude and longitude, the links between them with their median round trips,
//! and how many clients stand where. Without regions, nodes stand in a circle.

use crate::lab::page::Page;
use crate::lab::plot::escaped;
use crate::lab::run::Ran;
use crate::lab::scenario::Scenario;
use avouch_promise::NodeId;
use avouch_world::geography::{Position, Region, round_trip};
use std::collections::BTreeMap;

pub(super) const CAPTION: &str = "Lines are links with the median round trip between their ends; \
    thicker where it is shorter. A red ring: a fault named the node. True to scale at 33 degrees north and south.";

const WIDTH: f64 = 1_000.0;
const HEIGHT: f64 = 430.0;

/// A point of the map.
fn point(position: Position) -> (f64, f64) {
    let x = (position.longitude + 180.0) / 360.0 * WIDTH;
    let y = (75.0 - position.latitude) / 130.0 * HEIGHT;
    (x, y.clamp(14.0, HEIGHT - 14.0))
}

/// Where each node stands.
fn places(scenario: &Scenario) -> Vec<(f64, f64)> {
    let nodes = scenario.cluster.nodes();
    let regions = scenario.cluster.regions();
    if !regions.is_empty() {
        let mut seen: BTreeMap<Region, f64> = BTreeMap::new();
        return regions
            .iter()
            .map(|region| {
                let (x, y) = point(region.position());
                let beside = seen.entry(*region).or_default();
                *beside += 1.0;
                (x + (*beside - 1.0) * 16.0, y)
            })
            .collect();
    }
    let angle = |place: u32| {
        f64::from(place) / f64::from(nodes.max(1)) * std::f64::consts::TAU
            - std::f64::consts::FRAC_PI_2
    };
    (0..nodes)
        .map(|place| {
            let (sine, cosine) = angle(place).sin_cos();
            (WIDTH / 2.0 + 270.0 * cosine, HEIGHT / 2.0 + 150.0 * sine)
        })
        .collect()
}

pub(super) fn map(scenario: &Scenario, ran: &Ran) -> String {
    let places = places(scenario);
    let regions = scenario.cluster.regions();
    let mut page = Page::new();
    page.line(format_args!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"map of nodes\">"
    ));
    if !regions.is_empty() {
        grid(&mut page);
    }
    let pairs = |from: usize| (from + 1..places.len()).map(move |to| (from, to));
    let mut labels = Vec::new();
    for (from, to) in (0..places.len()).flat_map(pairs) {
        let ((x1, y1), (x2, y2)) = (places[from], places[to]);
        let trip = regions.get(from).zip(regions.get(to)).map(|(a, b)| round_trip(*a, *b).p50);
        let millis = trip.map_or(20.0, |trip| super::chart::float(trip) / 1e6);
        let thick = (90.0 / millis.max(1.0)).clamp(0.5, 2.2);
        page.line(format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"var(--faint)\" \
             stroke-width=\"{thick:.2}\" opacity=\".55\"/>"
        ));
        if trip.is_some() {
            // Not all in the middle, where lines of a star meet.
            let at = 0.5 - 0.09 * f64::from((from as u32 + to as u32) % 3);
            labels.push((x1 + (x2 - x1) * at, y1 + (y2 - y1) * at, format!("{millis:.0} ms")));
        }
    }
    for (x, y, text) in labels {
        page.line(format_args!(
            "<text class=\"dim\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" stroke=\"var(--card)\" \
             stroke-width=\"4\" paint-order=\"stroke\">{text}</text>"
        ));
    }
    let named = named(ran);
    for (place, (x, y)) in places.iter().enumerate() {
        let node = NodeId(place as u32 + 1);
        if named.contains(&node) {
            page.line(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"12\" fill=\"none\" stroke=\"var(--fault)\" stroke-width=\"2.5\"/>"
            ));
        }
        page.line(format_args!(
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\" fill=\"var(--read)\"/>"
        ));
        let region = regions.get(place).map_or(String::new(), |r| format!(" {r} ({})", r.city()));
        page.line(format_args!(
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" stroke=\"var(--card)\" stroke-width=\"4\" \
             paint-order=\"stroke\"><tspan font-weight=\"700\">{node}</tspan>{}</text>",
            y - 17.0,
            escaped(&region)
        ));
    }
    clients(&mut page, ran, regions, &places);
    page.line("</svg>");
    page.into_string()
}

fn grid(page: &mut Page) {
    for longitude in (-150..=150).step_by(30) {
        let (x, _) = point(Position { latitude: 0.0, longitude: f64::from(longitude) });
        page.line(format_args!(
            "<line x1=\"{x:.1}\" y1=\"0\" x2=\"{x:.1}\" y2=\"{HEIGHT}\" stroke=\"var(--land)\"/>"
        ));
    }
    for (latitude, name) in [(60, "60 N"), (30, "30 N"), (0, "equator"), (-30, "30 S")] {
        let (_, y) = point(Position { latitude: f64::from(latitude), longitude: 0.0 });
        page.line(format_args!(
            "<line x1=\"0\" y1=\"{y:.1}\" x2=\"{WIDTH}\" y2=\"{y:.1}\" stroke=\"var(--land)\"/>\
             <text class=\"dim\" x=\"4\" y=\"{:.1}\">{name}</text>",
            y - 3.0
        ));
    }
}

/// The members by which faults name nodes.
const NAMING: [&str; 8] = ["node", "nodes", "from", "to", "sides", "links", "clogged", "unclogged"];

/// Every node that a fault names; of a partition's sides, the smallest.
fn named(ran: &Ran) -> std::collections::BTreeSet<NodeId> {
    let mut nodes = std::collections::BTreeSet::new();
    for (_, fault) in ran.script.iter() {
        let (_, members) = crate::lab::scenario::words::speak(fault);
        for word in members.iter().filter(|(key, _)| NAMING.contains(key)) {
            let numbers = |part: &str| -> Vec<NodeId> {
                let names = part.split(['"', ',', '[', ' ']);
                let numbers = names.filter_map(|name| name.strip_prefix('n')?.parse().ok());
                numbers.map(NodeId).collect()
            };
            let parts = word.1.split(']').map(numbers).filter(|part| !part.is_empty());
            match word.0 {
                "sides" => nodes.extend(parts.min_by_key(Vec::len).unwrap_or_default()),
                _ => nodes.extend(parts.flatten()),
            }
        }
    }
    nodes
}

fn clients(page: &mut Page, ran: &Ran, regions: &[Region], places: &[(f64, f64)]) {
    let mut homes: BTreeMap<&str, u32> = BTreeMap::new();
    for home in &ran.homes {
        *homes.entry(home).or_default() += 1;
    }
    for (home, count) in homes {
        let node = home.strip_prefix('n').and_then(|number| number.parse::<usize>().ok());
        let node = node.or_else(|| regions.iter().position(|r| r.name() == home).map(|at| at + 1));
        let beside = node.and_then(|node| places.get(node.checked_sub(1)?)).copied();
        let far = Region::all().find(|region| region.name() == home).map(|r| point(r.position()));
        let Some((x, y)) = beside.or(far) else { continue };
        let noun = if count == 1 { "client" } else { "clients" };
        page.line(format_args!(
            "<text class=\"dim\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" stroke=\"var(--card)\" \
             stroke-width=\"4\" paint-order=\"stroke\">{count} {noun}</text>",
            y + 24.0
        ));
    }
}
