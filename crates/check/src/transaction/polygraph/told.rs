//! Witnesses in words: the facts, each with its way, then the cycle, its edges typed by Adya's
//! names (ww, wr, rw) or `session`.

use super::choices::Choice;
use super::explain::{Proof, Step};
use super::facts::{Because, Edge, Fact, Known, Why};
use super::pairs::Pair;
use super::refute::{self, Refutation, Side};
use super::shape::Shape;
use super::verify::Verifier;
use super::writes::Writes;
use crate::dependency::{self, Kind};
use crate::report::{self, Basis, Case, Dependency, Finding, Story, Version};
use crate::transaction::history::Transactions;
use crate::transaction::level::Level;
use crate::transaction::story::{line, name};
use std::collections::{BTreeMap, BTreeSet};

/// The story of a cycle.
pub(super) fn of_proof(history: &Transactions, level: Level, shape: Shape, proof: &Proof) -> Story {
    let mut teller = Teller::new(history, shape);
    teller.shown = teller.steps(&proof.steps, 0);
    teller.ring = teller.cycle(&proof.cycle, 0);
    if !proof.shortest {
        teller.told.push("a shorter cycle may exist: the bound on the search was reached".into());
    }
    let count = proof.cycle.iter().filter(|edge| edge.why != Why::Inside).count();
    let facts = proof.steps.iter().map(|step| (step.number, step.fact)).collect();
    let name = dependency::name_by(level, &kinds(&proof.cycle, &facts));
    let title = format!("{name}: a cycle of {count}, each of which must be before the next");
    teller.story(level, title, proof.shortest)
}

/// The edges of a cycle by Adya's names, each with the key that it rests on.
fn kinds(cycle: &[Edge], facts: &BTreeMap<u32, Fact>) -> Vec<(Kind, Option<u32>)> {
    let of = |number: u32| facts.get(&number).map(|fact| fact.key);
    let kind = |edge: &Edge| match edge.why {
        Why::Inside => None,
        Why::Session => Some((Kind::Process, None)),
        Why::RealTime => Some((Kind::RealTime, None)),
        Why::Read(key) => Some((Kind::WriteRead, Some(key))),
        Why::Initial(key) => Some((Kind::ReadWrite, Some(key))),
        Why::Before(fact) => Some((Kind::WriteWrite, of(fact))),
        Why::Overwritten(fact) => Some((Kind::ReadWrite, of(fact))),
    };
    cycle.iter().filter_map(kind).collect()
}

/// The name of the first cycle of a tree.
fn first_name(level: Level, tree: &Refutation, mut facts: BTreeMap<u32, Fact>) -> String {
    match tree {
        Refutation::Cycle { steps, cycle } => {
            facts.extend(steps.iter().map(|step| (step.number, step.fact)));
            dependency::name_by(level, &kinds(cycle, &facts))
        }
        Refutation::Split(sides) => {
            facts.extend(sides[0].assumed.iter().copied());
            first_name(level, &sides[0].refuted, facts)
        }
    }
}

/// The finding on pairs that no choice makes possible.
pub(super) fn of_core(
    history: &Transactions,
    level: Level,
    shape: Shape,
    known: &Known,
    writes: &Writes,
    core: &[Pair],
) -> Finding {
    let mut teller = Teller::new(history, shape);
    let title = format!("{} pairs of writers that cannot all be ordered", core.len());
    let Some(tree) = refute::refute(known, writes, core) else {
        for pair in core {
            teller.needed.extend([pair.one, pair.other]);
            teller.keys.extend(pair.places.iter().map(|(place, _)| writes.key(*place as usize)));
        }
        let told = "each choice closes a cycle; they are too many to be told and checked again";
        teller.told.push(told.to_owned());
        return Finding::Violated(teller.story(level, title, false));
    };
    let mut verifier = Verifier { history, shape, facts: BTreeMap::new() };
    if !refute::accepts(&mut verifier, &tree) {
        return Finding::fault("pairs without an order");
    }
    teller.refutation(&tree, 0, None);
    let name = first_name(level, &tree, BTreeMap::new());
    Finding::Violated(teller.story(level, format!("{name}: {title}"), false))
}

/// The story of a history that has no order whoever is read from.
pub(super) fn of_choices(choices: &[Choice]) -> Story {
    let title = format!(
        "no order exists, whichever writer each of {} reads of values written twice saw",
        choices.len()
    );
    let told = "the solver found so; there is no witness that could be checked again apart";
    Story { title, conclusion: vec![told.to_owned()], ..Story::default() }
}

/// The most lines of a conclusion; a longer proof is told in part.
const LINES: usize = 60;

struct Teller<'a> {
    history: &'a Transactions,
    shape: Shape,
    facts: BTreeMap<u32, Fact>,
    needed: BTreeSet<u32>,
    keys: BTreeSet<u32>,
    told: Vec<String>,
    /// The cycle of a proof, as data.
    ring: Vec<Dependency>,
    /// The facts that it rests on.
    shown: Vec<report::Fact>,
    /// The cases of a refutation.
    cases: Vec<Case>,
}

impl<'a> Teller<'a> {
    fn new(history: &'a Transactions, shape: Shape) -> Self {
        Self {
            history,
            shape,
            facts: BTreeMap::new(),
            needed: BTreeSet::new(),
            keys: BTreeSet::new(),
            told: Vec::new(),
            ring: Vec::new(),
            shown: Vec::new(),
            cases: Vec::new(),
        }
    }

    fn story(self, level: Level, title: String, minimal: bool) -> Story {
        let Self { history, needed, keys, mut told, ring: cycle, shown: facts, cases, .. } = self;
        if told.len() > LINES {
            let more = told.len() - LINES;
            told.truncate(LINES);
            told.push(format!("{more} lines more"));
        }
        let lines = needed.iter().filter_map(|one| line(history, level.name(), *one, &keys));
        let lines = lines.collect();
        Story { title, lines, conclusion: told, minimal, cycle, facts, cases, ..Story::default() }
    }

    fn key(&mut self, key: u32) -> String {
        self.keys.insert(key);
        String::from_utf8_lossy(self.history.key(key)).into_owned()
    }

    fn of(&mut self, transaction: u32) -> String {
        self.needed.insert(transaction);
        name(transaction)
    }

    fn steps(&mut self, steps: &[Step], depth: usize) -> Vec<report::Fact> {
        let mut shown = Vec::new();
        for step in steps {
            self.facts.insert(step.number, step.fact);
            shown.push(self.fact(step.number, &step.fact, &step.way));
            let fact = step.fact;
            let (first, second) = (self.of(fact.first), self.of(fact.second));
            let key = self.key(fact.key);
            let way = self.way(&step.way);
            let why = match fact.because {
                Because::Seen(reader) => {
                    let reader = self.of(reader);
                    format!("{reader} reads {key} from {second} and is after {first} ({way})")
                }
                Because::Reaches | Because::Assumed => way,
            };
            self.say(depth, &format!("{first} writes {key} before {second} does: {why}"));
        }
        shown
    }

    /// A fact as data.
    fn fact(&self, number: u32, fact: &Fact, way: &[Edge]) -> report::Fact {
        let last = |one: u32| self.history.last_written(one, fact.key);
        let version = |one: u32| last(one).map_or(Version::Nothing, Version::Of);
        let edges = way.iter().filter(|edge| edge.why != Why::Inside);
        report::Fact {
            number,
            first: fact.first as usize,
            second: fact.second as usize,
            key: String::from_utf8_lossy(self.history.key(fact.key)).into_owned(),
            written: version(fact.first),
            next: version(fact.second),
            reader: match fact.because {
                Because::Seen(reader) => Some(reader as usize),
                Because::Reaches | Because::Assumed => None,
            },
            way: edges.map(|edge| self.edge(edge, String::new())).collect(),
        }
    }

    /// An edge as data.
    fn edge(&self, edge: &Edge, because: String) -> Dependency {
        let ends = (self.shape.transaction(edge.from), self.shape.transaction(edge.to));
        let basis = self.basis(edge, ends);
        let (from, to) = (Some(ends.0 as usize), Some(ends.1 as usize));
        Dependency { from, to, kind: edge.why.kind(), because, basis }
    }

    fn say(&mut self, depth: usize, text: &str) {
        self.told.push(format!("{}{text}", "  ".repeat(depth)));
    }

    /// A way as `T1 -wr x-> T2 -rw y-> T3`.
    fn way(&mut self, edges: &[Edge]) -> String {
        let mut told = String::new();
        for edge in edges.iter().filter(|edge| edge.why != Why::Inside) {
            let (from, to) = (self.shape.transaction(edge.from), self.shape.transaction(edge.to));
            if told.is_empty() {
                told = self.of(from);
            }
            let to = self.of(to);
            let kind = self.kind(edge);
            told = format!("{told} -{kind}-> {to}");
        }
        told
    }

    fn kind(&mut self, edge: &Edge) -> String {
        match edge.why {
            Why::Inside => "within".to_owned(),
            Why::Session => "session".to_owned(),
            Why::RealTime => "realtime".to_owned(),
            Why::Read(key) => format!("wr {}", self.key(key)),
            Why::Initial(key) => format!("rw {}", self.key(key)),
            Why::Before(fact) => format!("ww {}", self.key_of(fact)),
            Why::Overwritten(fact) => format!("rw {}", self.key_of(fact)),
        }
    }

    fn key_of(&mut self, fact: u32) -> String {
        let key = self.facts.get(&fact).map(|fact| fact.key);
        key.map(|key| self.key(key)).unwrap_or_default()
    }

    fn cycle(&mut self, cycle: &[Edge], depth: usize) -> Vec<Dependency> {
        let mut ring = Vec::new();
        for edge in cycle.iter().filter(|edge| edge.why != Why::Inside) {
            let ends = (self.shape.transaction(edge.from), self.shape.transaction(edge.to));
            let (from, to) = (self.of(ends.0), self.of(ends.1));
            let kind = self.kind(edge);
            let why = match edge.why {
                Why::Inside => String::new(),
                Why::Session => "their session ran them in this order".to_owned(),
                Why::RealTime => format!("{from} had ended before {to} began"),
                Why::Read(key) => format!("{to} reads {} from it", self.key(key)),
                Why::Initial(key) => {
                    let key = self.key(key);
                    format!("it reads {key} before anybody wrote it, and {to} writes it")
                }
                Why::Before(fact) => format!("it writes {} first", self.key_of(fact)),
                Why::Overwritten(fact) => {
                    let key = self.key_of(fact);
                    let first = self.facts.get(&fact).map(|fact| fact.first);
                    let first = first.map(|first| self.of(first)).unwrap_or_default();
                    format!("it reads {key} from {first}, and {to} overwrites that")
                }
            };
            self.say(depth, &format!("{from} -{kind}-> {to}: {why}"));
            ring.push(self.edge(edge, why));
        }
        ring
    }

    /// What an edge rests on, as data.
    fn basis(&self, edge: &Edge, (from, to): (u32, u32)) -> Basis {
        let history = self.history;
        let name = |key: u32| Some(String::from_utf8_lossy(history.key(key)).into_owned());
        let last = |one: u32, key: u32| history.last_written(one, key);
        let fact = |fact: u32| self.facts.get(&fact).copied();
        let none = Basis::default();
        match edge.why {
            Why::Inside | Why::Session | Why::RealTime => none,
            Why::Read(key) => Basis { key: name(key), written: last(from, key), ..none },
            Why::Initial(key) => {
                let (read, next) = (Some(Version::Nothing), last(to, key));
                Basis { key: name(key), read, next, ..none }
            }
            Why::Before(number) => fact(number).map_or(none, |Fact { key, .. }| Basis {
                key: name(key),
                written: last(from, key),
                next: last(to, key),
                fact: Some(number),
                ..Basis::default()
            }),
            Why::Overwritten(number) => {
                fact(number).map_or(none, |Fact { key, first, .. }| Basis {
                    key: name(key),
                    read: last(first, key).map(Version::Of),
                    next: last(to, key),
                    fact: Some(number),
                    ..Basis::default()
                })
            }
        }
    }

    fn refutation(&mut self, refutation: &Refutation, depth: usize, within: Option<usize>) {
        match refutation {
            Refutation::Cycle { steps, cycle } => {
                let facts = self.steps(steps, depth);
                let cycle = self.cycle(cycle, depth);
                if let Some(case) = within.and_then(|place| self.cases.get_mut(place)) {
                    (case.facts, case.cycle) = (facts, cycle);
                }
            }
            Refutation::Split(sides) => {
                for (word, side) in ["if", "or if"].into_iter().zip(sides.iter()) {
                    self.side(word, side, depth, within);
                }
            }
        }
    }

    fn side(&mut self, word: &str, side: &Side, depth: usize, within: Option<usize>) {
        self.facts.extend(side.assumed.iter().copied());
        let assumed = side.assumed.iter().map(|(number, fact)| self.fact(*number, fact, &[]));
        let assumed = assumed.collect();
        let place = self.cases.len();
        self.cases.push(Case { within, assumed, ..Case::default() });
        let Some((_, fact)) = side.assumed.first() else { return };
        let (first, second) = (self.of(fact.first), self.of(fact.second));
        let keys: Vec<_> = side.assumed.iter().map(|(_, fact)| self.key(fact.key)).collect();
        self.say(
            depth,
            &format!("{word} {first} writes {} before {second} does:", keys.join(", ")),
        );
        self.refutation(&side.refuted, depth + 1, Some(place));
    }
}
