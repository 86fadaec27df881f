//! The clients of a scenario: where they are, what they ask for, how often.

use super::codec::{Codec as _, Count, Names, Number, Share, Span, Text, Times};
use super::reader::{Table, Value};
use super::source::Problem;
use avouch_promise::guarantee::{Guarantee, ROWS};
use avouch_promise::{Nanos, NodeId};
use avouch_store::campaign::Deed;
use avouch_world::geography::Region;
use std::collections::BTreeMap;

/// Where clients are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// Spread over the nodes, one beside each in turn.
    Everywhere,
    /// Beside this node.
    Node(NodeId),
    /// In this region, which may have no node.
    Region(Region),
}

/// Some clients that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Crowd {
    /// How many.
    pub count: u32,
    /// Where they are.
    pub home: Home,
    /// Operations per second that each would ask if answers took no time.
    pub rate: f64,
    /// On how many keys.
    pub keys: u64,
    /// How long a value is, in bytes.
    pub value_bytes: u64,
    /// Which share of the answers must come with evidence.
    pub evidence: f64,
    /// How long a client waits for a node before it asks another.
    pub patience: Nanos,
    /// How often each kind of operation is asked, as weights.
    pub operations: BTreeMap<Deed, f64>,
    /// Which guarantees reads ask for, as weights.
    pub guarantees: BTreeMap<Guarantee, f64>,
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            count: 8,
            home: Home::Everywhere,
            rate: 10.0,
            keys: 8,
            value_bytes: 16,
            evidence: 0.25,
            patience: Nanos::from_millis(2_500),
            operations: [
                (Deed::Get, 5.0),
                (Deed::Put, 4.0),
                (Deed::Delete, 0.5),
                (Deed::Swap, 0.5),
            ]
            .into(),
            guarantees: [
                (Guarantee::Linearizable, 6.0),
                (Guarantee::ConsistentPrefix, 3.0),
                (Guarantee::Eventual, 1.0),
            ]
            .into(),
        }
    }
}

/// More clients than this are refused.
const CLIENTS_MAX: u32 = 10_000;
/// A client that asked sooner again would stop time: some answers take none.
const RATE_MAX: f64 = 100_000.0;
/// More keys than this are refused.
const KEYS_MAX: u64 = 10_000;

impl Crowd {
    pub(super) fn hear(table: &Table<'_>, names: &Names) -> Result<Self, Problem> {
        let usual = Self::default();
        let count = table.want::<Times>("count")?.unwrap_or(usual.count);
        if count > CLIENTS_MAX {
            let expected = format!("at most {CLIENTS_MAX} clients");
            return Err(Problem::new(table.span(), expected, format!("{count}")));
        }
        let rate = table.want::<Number>("rate")?.unwrap_or(usual.rate);
        let keys = table.want::<Count>("keys")?.unwrap_or(usual.keys).max(1);
        let value_bytes = table.want::<Count>("value-bytes")?.unwrap_or(usual.value_bytes);
        if rate <= 0.0 || rate > RATE_MAX || value_bytes > 1 << 20 || keys > KEYS_MAX {
            let expected = format!(
                "a rate above 0 and of at most {RATE_MAX} a second, values of at most 1 MiB, and \
                 at most {KEYS_MAX} keys, each of which is read at every node in the end"
            );
            let got = format!("{rate} a second, {value_bytes} B, {keys} keys");
            return Err(Problem::new(table.span(), expected, got));
        }
        let crowd = Self {
            count,
            home: match table.value("at") {
                None => usual.home,
                Some(value) => home(value, names)?,
            },
            rate,
            keys,
            value_bytes,
            evidence: table.want::<Share>("evidence")?.unwrap_or(usual.evidence),
            patience: table.want::<Span>("patience")?.unwrap_or(usual.patience),
            operations: match table.table("operations", "operations and their weights")? {
                None => usual.operations,
                Some(table) => weights(&table, |word, value| {
                    let known = Deed::ALL.into_iter().map(Deed::name);
                    Deed::ALL
                        .into_iter()
                        .find(|deed| deed.name() == word)
                        .ok_or_else(|| Problem::unknown(value, "a kind of operation", word, known))
                })?,
            },
            guarantees: match table.table("guarantees", "guarantees and their weights")? {
                None => usual.guarantees,
                Some(table) => weights(&table, served_word)?,
            },
        };
        table.end()?;
        Ok(crowd)
    }
}

fn home(value: &Value<'_>, names: &Names) -> Result<Home, Problem> {
    let word = Text::hear(value, names)?;
    if word == "everywhere" {
        return Ok(Home::Everywhere);
    }
    if let Ok(node) = super::codec::Node::hear(value, names) {
        return Ok(Home::Node(node));
    }
    if let Some(region) = Region::all().find(|region| region.name() == word)
        && !names.regions.is_empty()
    {
        return Ok(Home::Region(region));
    }
    let mut known = (1..=names.nodes).map(|number| format!("n{number}")).collect::<Vec<_>>();
    known.push("everywhere".to_owned());
    if !names.regions.is_empty() {
        known.extend(Region::all().map(|region| region.name().to_owned()));
    }
    let known = known.iter().map(String::as_str);
    Err(Problem::unknown(value.span(), "where clients are", &word, known))
}

fn weights<T: Ord>(
    table: &Table<'_>,
    word: impl Fn(&str, std::ops::Range<usize>) -> Result<T, Problem>,
) -> Result<BTreeMap<T, f64>, Problem> {
    let mut weights = BTreeMap::new();
    for (name, span, value) in table.members() {
        weights.insert(word(name, span)?, Number::hear(value, &Names::default())?);
    }
    if weights.values().sum::<f64>() <= 0.0 {
        let got = "weights that add up to nothing";
        return Err(Problem::new(table.span(), "at least one weight above 0", got));
    }
    Ok(weights)
}

/// A guarantee that nodes answer in this version.
pub(super) fn served(value: &Value<'_>) -> Result<Guarantee, Problem> {
    served_word(&Text::hear(value, &Names::default())?, value.span())
}

fn served_word(word: &str, span: std::ops::Range<usize>) -> Result<Guarantee, Problem> {
    let known = ROWS.iter().filter(|row| row.served_now).map(|row| row.name);
    let guarantee = word.parse::<Guarantee>().ok();
    guarantee.filter(|found| found.require_served().is_ok()).ok_or_else(|| {
        Problem::unknown(span, "a guarantee that nodes answer in this version", word, known)
    })
}
