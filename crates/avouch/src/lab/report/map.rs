//! The map: nodes by latitude and longitude, the links between them with their median round trips,
//! and how many clients stand where. Without regions, nodes stand in a circle.

use super::globe::{Window, great_circle};
use super::land;
use crate::lab::run::Ran;
use crate::lab::scenario::cluster::Standing;
use crate::lab::scenario::codec::{Codec as _, Delay};
use crate::lab::scenario::{Scenario, words};
use avouch_check::picture::Page;
use avouch_check::picture::{Area, Labels, Side, Text, around};
use avouch_promise::NodeId;
use avouch_world::geography::{Position, Region, round_trip};
use std::collections::{BTreeMap, BTreeSet};

const WIDTH: f64 = 1_000.0;
/// Of a circle of nodes.
const LOW: f64 = 300.0;

/// What stands at one place.
struct Site {
    at: (f64, f64),
    nodes: Vec<NodeId>,
    region: Option<Region>,
    clients: u32,
}

impl Site {
    fn caption(&self) -> Text {
        let bold = self.nodes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let region = match self.region {
            Some(region) => format!(" {region} ({})", region.city()),
            None => String::new(),
        };
        let first = if bold.is_empty() { region.trim_start().to_owned() } else { region };
        let mut lines = vec![first];
        match self.clients {
            0 => {}
            1 => lines.push("1 client".to_owned()),
            count => lines.push(format!("{count} clients")),
        }
        Text { bold, lines, dim: false }
    }

    /// Where the dots of its nodes are: side by side.
    fn dots(&self) -> impl Iterator<Item = (NodeId, (f64, f64))> {
        let ((x, y), count) = (self.at, self.nodes.len() as u32);
        let first = x - f64::from(count.saturating_sub(1)) * 8.0;
        self.nodes
            .iter()
            .zip(0..)
            .map(move |(node, place)| (*node, (first + f64::from(place) * 16.0, y)))
    }
}

/// The map, and what to say below it.
pub(super) fn map(scenario: &Scenario, ran: &Ran) -> (String, String) {
    let regions = scenario.cluster.regions();
    let rings = "A red ring: a fault named the node.";
    if regions.is_empty() {
        let link = match &scenario.cluster.standing {
            Standing::Uniform { link, .. } => {
                let takes = Delay::speak(link).replace('"', "");
                format!("Every link is alike and takes {takes}, one way. ")
            }
            Standing::Regions(_) => String::new(),
        };
        return (circle(scenario, ran), format!("{link}{rings}"));
    }
    let caption = format!(
        "Lines are links along the shortest way over the globe, with the median round trip between their ends; thicker where it is \
         shorter. {rings}"
    );
    (world(regions, ran), caption)
}

fn world(regions: &[Region], ran: &Ran) -> String {
    let picture = Area { left: 0.0, top: 0.0, right: WIDTH, bottom: Window::height(WIDTH) };
    let homes = ran.homes.iter().filter_map(|home| Region::parse(home).ok());
    let positions: Vec<_> = regions.iter().copied().chain(homes).map(Region::position).collect();
    let window = Window::around(&positions, picture);
    let sites = sites(regions, ran, |position| window.point(position));
    let mut page = Page::new();
    open(&mut page, picture);
    coasts(&mut page, &window);
    let mut labels = Labels::new(Area { left: 6.0, right: WIDTH - 6.0, ..picture });
    for site in &sites {
        reserve(&mut labels, site);
    }
    for site in &sites {
        labels.place(site.caption(), around(site.at));
    }
    links(&mut page, regions, &window, &mut labels);
    dots(&mut page, &sites, ran);
    labels.draw(&mut page);
    page.line("</svg>");
    page.into_string()
}

fn circle(scenario: &Scenario, ran: &Ran) -> String {
    let picture = Area { left: 0.0, top: 0.0, right: WIDTH, bottom: LOW };
    let nodes = scenario.cluster.nodes();
    let mut sites: Vec<_> = (0..nodes)
        .map(|place| {
            let turn = f64::from(place) / f64::from(nodes.max(1)) * std::f64::consts::TAU;
            let (sine, cosine) = (turn - std::f64::consts::FRAC_PI_2).sin_cos();
            let at = (WIDTH / 2.0 + 250.0 * cosine, LOW / 2.0 + 105.0 * sine);
            Site { at, nodes: vec![NodeId(place + 1)], region: None, clients: 0 }
        })
        .collect();
    for home in &ran.homes {
        if let Some(site) = sites.iter_mut().find(|site| site.nodes[0].to_string() == *home) {
            site.clients += 1;
        }
    }
    let mut page = Page::new();
    open(&mut page, picture);
    for (place, one) in sites.iter().enumerate() {
        for other in &sites[place + 1..] {
            let ((x1, y1), (x2, y2)) = (one.at, other.at);
            page.line(format_args!(
                "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"var(--faint)\" opacity=\".45\"/>"
            ));
        }
    }
    let mut labels = Labels::new(picture);
    for site in &sites {
        reserve(&mut labels, site);
    }
    for site in &sites {
        // Outward, away from the lines.
        let side = if site.at.0 < WIDTH / 2.0 - 1.0 { Side::Left } else { Side::Right };
        let beside = if side == Side::Left { -14.0 } else { 14.0 };
        let first = ((site.at.0 + beside, site.at.1 + 4.0), side);
        labels.place(site.caption(), std::iter::once(first).chain(around(site.at)));
    }
    dots(&mut page, &sites, ran);
    labels.draw(&mut page);
    page.line("</svg>");
    page.into_string()
}

fn open(page: &mut Page, picture: Area) {
    page.line(format_args!(
        "<svg viewBox=\"0 0 {:.0} {:.0}\" role=\"img\" aria-label=\"map of nodes and clients\">",
        picture.right, picture.bottom
    ));
}

fn reserve(labels: &mut Labels, site: &Site) {
    for (_, at) in site.dots() {
        labels.reserve(Area::around(at, 8.0));
    }
}

/// Nodes and clients by region, in the regions' order.
fn sites(regions: &[Region], ran: &Ran, point: impl Fn(Position) -> (f64, f64)) -> Vec<Site> {
    let mut clients: BTreeMap<Region, u32> = BTreeMap::new();
    for home in &ran.homes {
        // A client beside a node, or in a region of its own.
        let node = home.strip_prefix('n').and_then(|number| number.parse::<usize>().ok());
        let region = node.and_then(|node| regions.get(node.checked_sub(1)?)).copied();
        if let Some(region) = region.or_else(|| Region::parse(home).ok()) {
            *clients.entry(region).or_default() += 1;
        }
    }
    let mut nodes: BTreeMap<Region, Vec<NodeId>> = BTreeMap::new();
    for (region, number) in regions.iter().zip(1..) {
        nodes.entry(*region).or_default().push(NodeId(number));
    }
    let everywhere: BTreeSet<Region> = nodes.keys().chain(clients.keys()).copied().collect();
    let site = |region: Region| Site {
        at: point(region.position()),
        nodes: nodes.remove(&region).unwrap_or_default(),
        region: Some(region),
        clients: clients.get(&region).copied().unwrap_or(0),
    };
    everywhere.into_iter().map(site).collect()
}

fn coasts(page: &mut Page, window: &Window) {
    for outline in land::outlines() {
        let mut path = Page::new();
        for (place, corner) in outline.corners.iter().enumerate() {
            let (x, y) = window.point(*corner);
            path.add(format_args!("{}{x:.0} {y:.0}", if place == 0 { 'M' } else { 'L' }));
        }
        let fill = if outline.is_lake() { "card" } else { "land" };
        page.line(format_args!("<path d=\"{}Z\" fill=\"var(--{fill})\"/>", path.into_string()));
    }
}

/// Each pair of regions once, with a label where one is free.
fn links(page: &mut Page, regions: &[Region], window: &Window, labels: &mut Labels) {
    let distinct: BTreeSet<Region> = regions.iter().copied().collect();
    let pairs = distinct.iter().flat_map(|one| {
        distinct
            .range((std::ops::Bound::Excluded(*one), std::ops::Bound::Unbounded))
            .map(move |other| (*one, *other))
    });
    for (one, other) in pairs {
        let millis = super::chart::float(round_trip(one, other).p50) / 1e6;
        let thick = (90.0 / millis.max(1.0)).clamp(0.6, 2.4);
        let way: Vec<_> = great_circle(one.position(), other.position());
        // Over the edge of the map it goes on at the other one.
        let copies: &[f64] = if way.iter().any(|at| at.longitude.abs() > 180.0) {
            &[-360.0, 0.0, 360.0]
        } else {
            &[0.0]
        };
        let mut places = Vec::new();
        for shift in copies {
            let points: Vec<_> = way
                .iter()
                .map(|at| window.point(Position { longitude: at.longitude + shift, ..*at }))
                .collect();
            let mut path = Page::new();
            for (place, (x, y)) in points.iter().enumerate() {
                path.add(format_args!("{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' }));
            }
            page.line(format_args!(
                "<path d=\"{}\" fill=\"none\" stroke=\"var(--faint)\" stroke-width=\"{thick:.2}\" opacity=\".6\"/>",
                path.into_string()
            ));
            places.extend(
                middles(points.len())
                    .filter_map(|at| points.get(at))
                    .map(|(x, y)| ((*x, *y + 4.0), Side::Middle)),
            );
        }
        labels.place(Text::line(format!("{millis:.0} ms")).dim(), places);
    }
}

/// Indexes from the middle of so many outward, without the last at either end.
fn middles(count: usize) -> impl Iterator<Item = usize> {
    let middle = count / 2;
    (0..middle.saturating_sub(3)).flat_map(move |off| [middle + off, middle - off])
}

fn dots(page: &mut Page, sites: &[Site], ran: &Ran) {
    let named = named(ran);
    for site in sites {
        if site.nodes.is_empty() {
            let (x, y) = site.at;
            page.line(format_args!(
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"8\" height=\"8\" fill=\"var(--write)\"/>",
                x - 4.0,
                y - 4.0
            ));
        }
        for (node, (x, y)) in site.dots() {
            page.line(format_args!(
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"var(--read)\"/>"
            ));
            if named.contains(&node) {
                page.line(format_args!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"8.5\" fill=\"none\" stroke=\"var(--fault)\" stroke-width=\"2.5\"/>"
                ));
            }
        }
    }
}

/// The members by which faults name nodes.
const NAMING: [&str; 8] = ["node", "nodes", "from", "to", "sides", "links", "clogged", "unclogged"];

/// Every node that a fault names; of a partition's sides, the smallest.
fn named(ran: &Ran) -> BTreeSet<NodeId> {
    let mut nodes = BTreeSet::new();
    for (_, fault) in ran.script.iter() {
        let (_, members) = words::speak(fault);
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
