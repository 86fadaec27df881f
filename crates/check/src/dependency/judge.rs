//! The verdict on each level, from what was inferred of a history.

use super::cycle;
use super::edges::{Edge, Edges, Kind};
use super::frame::{Fate, Frames};
use super::heavy;
use super::levels::{Rule, rule};
use super::misses::{Misses, View};
use super::net::Net;
use super::snapshot::{self, Snapshots};
use super::verify::Because;
use super::views::{self, Views, Writer};
use super::{story, verify};
use crate::limits::{Budget, Exhausted, Limits};
use crate::report::{About, Fault, Finding, Report, settle};
use crate::transaction::Level;
use avouch_promise::quantity::counted;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// A history as the judge asks it.
pub(crate) trait Subject {
    /// Who ran what when.
    fn frames(&self) -> &Frames;
    /// Whether the order of events is that of time.
    fn is_timed(&self) -> bool;
    /// What a dependency between writes and reads rests on, looking at nothing but the history.
    fn because(&self, edge: &Edge) -> Option<Because>;
    /// A key that both write.
    fn write_same(&self, one: u32, other: u32) -> Option<u32>;
    /// A transaction in words; of a long one, its operations on these keys.
    fn told(&self, transaction: u32, keys: &BTreeSet<u32>) -> String;
    /// Who read what a transaction wrote, which shows that it took effect; of one of these keys,
    /// if there is one.
    fn effect(&self, transaction: u32, keys: &BTreeSet<u32>) -> Option<String>;
    /// Whether an order of starts (false) and commits (true) of transactions explains every read
    /// and, unless it may, lets no two overlap that write one key.
    fn explains(&self, order: &mut dyn Iterator<Item = (u32, bool)>, overlaps: bool) -> bool;
    /// Whether, in an order of transactions, each writes after those whose versions are older, and
    /// reads what was written before (if reads count).
    fn flows(&self, order: &[u32], reads: bool) -> bool;
    /// Whether, in such an order, no transaction misses what its view must have.
    fn misses_nothing(
        &self,
        order: &[u32],
        view: View,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted>;
    /// What an operation shows of the edge into a transaction, and a later one of the rw edge out
    /// of it.
    fn earlier(&self, into: &Edge, out: &Edge) -> Option<[Because; 2]>;
    /// The edges by which views come to have more to see, and rw edges to all that is missed; and
    /// the writers of each key of whose order nothing is known, where that matters.
    fn ways(
        &self,
        inferred: &Inferred,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<(Edges, Vec<Vec<Writer>>), Exhausted>;
    /// An rw edge to one that is seen directly, and the edge by which it is.
    fn unseen(
        &self,
        inferred: &Inferred,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<Option<[Edge; 2]>, Exhausted>;
    /// Adds the rw edges between those that wrote one key, read by nobody; those of that key alone
    /// where only these count.
    fn forced(
        &self,
        edges: &mut Edges,
        misses: Misses,
        budget: &mut Budget,
    ) -> Result<(), Exhausted>;
    /// What an rw edge rests on of a key that its reader writes, too.
    fn updates(&self, edge: &Edge) -> Option<Because>;
}

/// What is wrong with a history whatever the order of transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// The weakest level that forbids it.
    pub(crate) weakest: Level,
    pub(crate) title: String,
    pub(crate) transactions: Vec<u32>,
    pub(crate) keys: Vec<u32>,
    pub(crate) conclusion: Vec<String>,
    /// As data.
    pub(crate) fault: Fault,
}

/// What was inferred of a history.
#[derive(Debug, Default)]
pub(crate) struct Inferred {
    /// Dependencies between those that committed.
    pub(crate) edges: Edges,
    /// Those as if what is of unknown outcome had not committed, where that makes a difference.
    pub(crate) known: Option<Edges>,
    /// Which transactions committed: those of unknown outcome whose writes were read, too.
    pub(crate) committed: Vec<bool>,
    /// What no order can mend.
    pub(crate) flaws: Vec<Flaw>,
    /// Writers of one key of whose order nothing is known.
    pub(crate) unordered: Vec<Vec<u32>>,
    /// Why the history does not say enough.
    pub(crate) open: Option<String>,
    /// The bug of the search for views, in tests.
    pub(crate) views: views::Mutant,
}

impl Inferred {
    fn edges(&self, level: Level) -> &Edges {
        self.known.as_ref().filter(|_| level.reads_dirty()).unwrap_or(&self.edges)
    }
}

/// Judges by every level, and reports the one asked for or all.
pub(crate) fn judge(
    subject: &impl Subject,
    inferred: &Inferred,
    asked: Option<Level>,
    budget: &mut Budget,
) -> Vec<(Level, Finding)> {
    // Levels of real time are not asked of a history that has no times.
    let is_asked =
        |level: &Level| subject.is_timed() || !rule(*level).kinds.contains(&Kind::RealTime);
    let judged: Vec<Level> = Level::ALL.into_iter().filter(is_asked).collect();
    if let Some(level) = asked.filter(|level| !is_asked(level)) {
        let names: Vec<_> = judged.iter().copied().map(Level::name).collect();
        let reason = format!("{level} is not decided of such a history: {}", names.join(", "));
        return vec![(level, Finding::Unknown { reason, story: None })];
    }
    let strongest: Vec<Level> = match asked {
        None if inferred.flaws.is_empty() => judged.last().copied().into_iter().collect(),
        _ => Vec::new(),
    };
    let decide = |level| decide(subject, inferred, level, budget);
    let mut found = settle(&judged, asked, &strongest, decide);
    found.sort_by_key(|(level, _)| *level);
    found
}

/// The view that a level asks for.
#[cfg(test)]
pub(crate) fn view(level: Level) -> Option<View> {
    View::of(&rule(level))
}

/// Decides one level, and nothing else.
pub(crate) fn decide(
    subject: &impl Subject,
    inferred: &Inferred,
    level: Level,
    budget: &mut Budget,
) -> Finding {
    if let Some(flaw) = inferred.flaws.iter().find(|flaw| level.implies(flaw.weakest)) {
        return Finding::Violated(story::of_flaw(subject, level, flaw));
    }
    if let Some(reason) = &inferred.open {
        return Finding::Unknown { reason: reason.clone(), story: None };
    }
    let mut rule = rule(level);
    rule.overlaps &= inferred.views != views::Mutant::Apart;
    // What is built before the first question asks nobody.
    let finding = budget.check().and_then(|()| match rule.misses {
        Some(misses) => missed(subject, inferred, (level, rule, misses), budget),
        None => decided(subject, inferred, level, rule, budget),
    });
    finding.unwrap_or_else(|met| Finding::Unknown { reason: met.to_string(), story: None })
}

fn decided(
    subject: &impl Subject,
    inferred: &Inferred,
    level: Level,
    rule: Rule,
    budget: &mut Budget,
) -> Result<Finding, Exhausted> {
    let edges = inferred.edges(level);
    let net = Net::new(edges, &[], &rule);
    budget.step(net.bytes() + edges.all.len() * size_of::<Edge>())?;
    let Some(order) = net.order() else {
        if let Some(heavy) = rule.heavy {
            return viewed(subject, inferred, (level, rule, heavy), budget);
        }
        let cycle = cycle::find(&net);
        return Ok(cycle
            .map_or_else(|| Finding::fault("no cycle"), |one| told(subject, level, rule, &one)));
    };
    let order = if rule.snapshots && !rule.overlaps {
        match snapshot::order(edges, rule, &net, order, &inferred.unordered, budget)? {
            Snapshots::Order(order) => order,
            Snapshots::Pair(cycle) => return Ok(told(subject, level, rule, &cycle)),
            Snapshots::None => return Ok(Finding::Violated(story::of_no_order())),
        }
    } else {
        order
    };
    let is_in = |one: &u32| match level {
        dirty if dirty.reads_dirty() => {
            subject.frames().all()[*one as usize].fate == Fate::Committed
        }
        _ => inferred.committed[*one as usize],
    };
    let events: Vec<(u32, bool)> = order
        .iter()
        .filter_map(|node| Some((net.transaction(*node)?, !rule.snapshots || node % 2 == 1)))
        .filter(|(one, _)| is_in(one))
        .collect();
    let commits: Vec<u32> = events.iter().filter(|(_, is)| *is).map(|(one, _)| *one).collect();
    let is_right = if rule.snapshots {
        subject.explains(&mut events.iter().copied(), rule.overlaps)
    } else if rule.reads {
        let mut events = commits.iter().flat_map(|one| [(*one, false), (*one, true)]);
        subject.explains(&mut events, false)
    } else {
        subject.flows(&commits, !level.reads_dirty())
    };
    if !is_right || !verify::in_time(subject.frames(), rule, &events) {
        return Ok(Finding::fault("an order"));
    }
    let order = commits.into_iter().map(|one| one as usize).collect();
    Ok(Finding::Holds { order, checked: true })
}

/// Decides a level that forbids some cycles only, where there is no order of all.
fn viewed(
    subject: &impl Subject,
    inferred: &Inferred,
    (level, rule, heavy): (Level, Rule, heavy::Heavy),
    budget: &mut Budget,
) -> Result<Finding, Exhausted> {
    let count = inferred.edges.transactions;
    let writes: Vec<bool> = (0..count).map(|one| subject.write_same(one, one).is_some()).collect();
    let (edges, writes, mutant) = (&inferred.edges, &writes[..], inferred.views);
    let search = heavy::Search { edges, rule, heavy, writes, mutant };
    let of_key = |writers: &Vec<u32>| writers.iter().copied().map(Writer::from).collect();
    let unordered: Vec<Vec<Writer>> = inferred.unordered.iter().map(of_key).collect();
    let order = match search.run(&unordered, budget)? {
        Views::Order(order) => order,
        Views::Cycle(cycle) => return Ok(told(subject, level, rule, &cycle)),
        Views::None => return Ok(Finding::Violated(story::of_no_order())),
    };
    Ok(seen(subject, inferred, rule, order, budget))
}

/// The finding on an order of nodes that shows that no cycle is light; what each transaction
/// depends on has to show that none has one heavy edge.
fn seen(
    subject: &impl Subject,
    inferred: &Inferred,
    rule: Rule,
    order: Vec<u32>,
    budget: &mut Budget,
) -> Finding {
    let is_in = |one: &u32| inferred.committed.get(*one as usize).is_some_and(|is| *is);
    let commits: Vec<u32> = order.into_iter().filter(is_in).collect();
    let events: Vec<(u32, bool)> = commits.iter().map(|one| (*one, true)).collect();
    if !subject.flows(&commits, true) || !verify::in_time(subject.frames(), rule, &events) {
        return Finding::fault("an order");
    }
    // Half of what is left of the time: the other levels want some, too.
    let left = budget.left();
    let mut own = Budget::new(Limits { time: left.time / 2, ..left });
    let view = View::of(&rule);
    let found = view.map(|view| subject.misses_nothing(&commits, view, &mut own));
    let _ = budget.steps(own.taken(), 0); // whoever asks next is told
    let checked = match found {
        Some(Ok(false)) => return Finding::fault("a view"),
        Some(Ok(true)) => true,
        Some(Err(_)) | None => false,
    };
    let order = commits.into_iter().map(|one| one as usize).collect();
    Finding::Holds { order, checked }
}

/// Decides a level that asks what views miss.
fn missed(
    subject: &impl Subject,
    inferred: &Inferred,
    (level, rule, misses): (Level, Rule, Misses),
    budget: &mut Budget,
) -> Result<Finding, Exhausted> {
    let mut base = Cow::Borrowed(&inferred.edges);
    let mut plain = Rule { kinds: rule.light(), ..rule };
    let is_forced = matches!(misses, Misses::SeenOrOverwritten | Misses::Overwritten);
    if is_forced && inferred.views != views::Mutant::ForgetUnread {
        let mut edges = inferred.edges.only(rule.light());
        subject.forced(&mut edges, misses, budget)?;
        (base, plain) = (Cow::Owned(edges), rule);
    }
    let net = Net::new(&base, &[], &plain);
    budget.step(net.bytes() + base.all.len() * size_of::<Edge>())?;
    let Some(order) = net.order() else {
        return Ok(cycle::find(&net)
            .map_or_else(|| Finding::fault("no cycle"), |one| told(subject, level, rule, &one)));
    };
    let mut order: Vec<u32> = order.into_iter().filter_map(|node| net.transaction(node)).collect();
    let found = if matches!(misses, Misses::BeforeEvents | Misses::Happened) {
        let (edges, unordered) = subject.ways(inferred, misses, budget)?;
        let heavy = heavy::Heavy::Reads;
        let rule = Rule { kinds: rule.ways(), heavy: Some(heavy), ..rule };
        let (edges, mutant) = (&edges, inferred.views);
        let search = heavy::Search { edges, rule, heavy, writes: &[], mutant };
        match search.run(&unordered, budget)? {
            Views::Cycle(cycle) => Some(cycle),
            Views::None => return Ok(Finding::Violated(story::of_no_order())),
            Views::Order(_) if unordered.is_empty() => None,
            Views::Order(found) => {
                order = found;
                None
            }
        }
    } else {
        let pair = subject.unseen(inferred, misses, budget)?;
        pair.map(|edges| cycle::Cycle { edges: edges.to_vec(), shortest: true })
    };
    if let Some(cycle) = found {
        return Ok(told(subject, level, rule, &cycle));
    }
    Ok(seen(subject, inferred, rule, order, budget))
}

fn told(subject: &impl Subject, level: Level, rule: Rule, cycle: &cycle::Cycle) -> Finding {
    match verify::accepts(subject, rule, cycle) {
        Some(because) => Finding::Violated(story::of_cycle(subject, level, cycle, &because)),
        None => Finding::fault("a cycle"),
    }
}

/// The report on a history of transactions in frames.
pub(crate) fn report(
    frames: &Frames,
    findings: Vec<(Level, Finding)>,
    asked: Option<Level>,
    (format, operations, mut notes): (&str, usize, Vec<String>),
    budget: &Budget,
) -> Report {
    notes.push(counted(frames.all().len(), "transaction"));
    let (unknown, failed) = (frames.count(Fate::Unknown), frames.count(Fate::Aborted));
    let answered = frames.count(Fate::Committed);
    let about = About { format, operations, answered, unknown, failed, notes };
    Report::of_levels(about, "transactions", findings, asked, budget)
}
