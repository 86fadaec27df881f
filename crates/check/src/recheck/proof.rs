//! A cycle, or the cases of which each ends in one: whether it is there, is forbidden, and is
//! called by its name.

use super::claim::{Case, Edge, Fact, Witness};
use super::edge::Ask;
use super::rule::Side;
use super::told::Said;
use super::view::View;
use super::{Held, told};
use crate::transaction::Level;

/// Looks at all of it.
pub(super) fn check(view: View<'_>, shown: &[usize], level: Level, witness: &Witness) -> Vec<Said> {
    let mut ask = Ask::new(view, shown, level);
    let mut said = Vec::new();
    facts(&mut ask, &witness.facts, &mut said);
    if !witness.cycle.is_empty() {
        cycle(&ask, &witness.cycle, &mut said);
        let name = name(view, level, &witness.cycle);
        said.push(Said::of("its name", is_named(&witness.title, &name)));
        return said;
    }
    let mut names = Vec::new();
    cases(&mut ask, &witness.cases, None, &mut names, &mut said);
    if let Some(first) = names.first() {
        said.push(Said::of("its name, of the first case", is_named(&witness.title, first)));
    }
    said
}

/// Facts, each of which may rest on those before it.
fn facts<'a>(ask: &mut Ask<'a>, all: &'a [Fact], said: &mut Vec<Said>) {
    for fact in all {
        said.push(Said::of(told::fact(fact), is_fact(ask, fact)));
        ask.facts.insert(fact.number, fact);
    }
}

/// Whether two write the key, and what is told of it.
fn are_writers(ask: &Ask<'_>, fact: &Fact) -> Held {
    if fact.first == fact.second {
        return Err(format!("T{} is not before itself", fact.first));
    }
    for (one, value) in [(fact.first, &fact.written), (fact.second, &fact.next)] {
        ask.took_effect(one)?;
        let last = ask.view.last_write(one, &fact.key).map(|value| ask.view.value(value));
        if last.is_none() || last != *value {
            let value = value.as_deref().unwrap_or("nothing");
            return Err(format!("T{one} does not leave {value} in {}", fact.key));
        }
    }
    Ok(())
}

fn is_fact(ask: &Ask<'_>, fact: &Fact) -> Held {
    are_writers(ask, fact)?;
    let (Some(first), Some(last)) = (fact.way.first(), fact.way.last()) else {
        return Err("nothing shows it".to_owned());
    };
    for edge in &fact.way {
        ask.edge(edge)?;
        if !ask.rule.counts(&edge.kind) {
            return Err(format!("{} knows no {} edges", ask.level, edge.kind));
        }
        if ask.rule.weighs(ask.view, edge) {
            return Err(format!("{} does not order by such an rw edge", ask.level));
        }
    }
    let goes_on = |pair: &[Edge]| {
        let (end, next) = (ask.rule.sides(&pair[0].kind).1, ask.rule.sides(&pair[1].kind).0);
        pair[0].to == pair[1].from && ask.rule.goes_on(end, next)
    };
    let (begins, ends) = (ask.rule.sides(&first.kind).0, ask.rule.sides(&last.kind).1);
    let (from, to, ends_at) = match fact.reader {
        Some(reader) => {
            let next = fact.next.as_deref().unwrap_or_default();
            let (_, value) = ask.wrote(fact.second, &fact.key, next)?;
            ask.reads(reader, &fact.key, value)?;
            (Side::Commit, reader, Side::Start)
        }
        None if ask.rule.apart => (Side::Start, fact.second, Side::Commit),
        None => (Side::Commit, fact.second, Side::Commit),
    };
    let is_way = (first.from, last.to) == (Some(fact.first), Some(to))
        && ask.rule.goes_on(from, begins)
        && ask.rule.goes_on(ends, ends_at)
        && fact.way.windows(2).all(goes_on);
    is_way.then_some(()).ok_or_else(|| format!("its way does not lead from T{} there", fact.first))
}

fn cycle(ask: &Ask<'_>, all: &[Edge], said: &mut Vec<Said>) {
    for edge in all {
        said.push(Said::of(told::edge(edge), ask.edge(edge)));
    }
    let forbidden = if is_commit_order(ask.view, ask.level) {
        is_cycle_of_commits(ask.level, all)
    } else {
        ask.rule.forbids(ask.view, ask.level, all)
    };
    said.push(Said::of(format!("a cycle that {} forbids", ask.level), forbidden));
}

/// Whether the edges say who commits before whom, because of what was seen.
fn is_commit_order(view: View<'_>, level: Level) -> bool {
    matches!(view, View::Registers(_))
        && matches!(level, Level::MonotonicAtomicView | Level::ReadAtomic | Level::Causal)
}

fn is_cycle_of_commits(level: Level, all: &[Edge]) -> Held {
    let closes = (0..all.len()).all(|at| all[at].to == all[(at + 1) % all.len()].from);
    if !closes {
        return Err("the edges do not close a cycle".to_owned());
    }
    let counts = |edge: &&Edge| match edge.kind.as_str() {
        "initial" | "wr" | "process" => true,
        kind => kind == "ww" && !edge.via.is_empty(),
    };
    match all.iter().find(|edge| !counts(edge)) {
        Some(other) => Err(format!("{level} knows no such {} edges", other.kind)),
        None => Ok(()),
    }
}

/// The two cases that stand within one, and whether they leave no third.
fn cases<'a>(
    ask: &mut Ask<'a>,
    all: &'a [Case],
    within: Option<usize>,
    names: &mut Vec<String>,
    said: &mut Vec<Said>,
) {
    let mine: Vec<usize> = (0..all.len()).filter(|at| all[*at].within == within).collect();
    let pair = |at: usize| all[at].assumed.first().map(|fact| (fact.first, fact.second));
    let leave_no_third = match mine[..] {
        [one, other] => {
            pair(one).is_some() && pair(one) == pair(other).map(|(first, second)| (second, first))
        }
        _ => false,
    };
    // A case within itself, or within a later one, would go round.
    let later = mine.iter().all(|at| within.is_none_or(|within| *at > within));
    let held = (leave_no_third && later).then_some(());
    let told = "of two writers either is first";
    said.push(Said::of(told, held.ok_or_else(|| "the cases leave another one".to_owned())));
    if !later {
        return;
    }
    for at in mine {
        let case = &all[at];
        let before = ask.facts.clone();
        for fact in &case.assumed {
            let is_same = pair(at) == Some((fact.first, fact.second));
            let same = is_same.then_some(()).ok_or_else(|| "it is of another pair".to_owned());
            let held = same.and_then(|()| are_writers(ask, fact));
            said.push(Said::of(format!("if {}", told::fact(fact)), held));
            ask.facts.insert(fact.number, fact);
        }
        facts(ask, &case.facts, said);
        if case.cycle.is_empty() {
            cases(ask, all, Some(at), names, said);
        } else {
            cycle(ask, &case.cycle, said);
            names.push(name(ask.view, ask.level, &case.cycle));
        }
        ask.facts = before;
    }
}

/// What a cycle is called: by Adya's names with the suffix of what else it needs; of an order of
/// commits by what was seen.
fn name(view: View<'_>, level: Level, cycle: &[Edge]) -> String {
    let count = |kind: &str| cycle.iter().filter(|edge| edge.kind == kind).count();
    if is_commit_order(view, level) {
        let seen: Vec<&Edge> = cycle.iter().filter(|edge| !edge.via.is_empty()).collect();
        return match seen[..] {
            [] => "G1c",
            _ if seen.iter().any(|edge| edge.via.len() > 2) => "causality violation",
            _ if level == Level::MonotonicAtomicView => "non-repeatable read (P2)/observed",
            _ => "non-repeatable read (P2)/fractured read",
        }
        .to_owned();
    }
    let mut keys: Vec<_> = cycle.iter().map(|edge| &edge.key).collect();
    keys.dedup();
    // Of one key either writer missed the other's write, whichever was first.
    if level == Level::CursorStability && count("rw") > 0 && keys.len() == 1 && cycle.len() == 2 {
        return "G-single".to_owned();
    }
    let is_rw = |at: usize| cycle[at % cycle.len()].kind == "rw";
    let plain = match (count("rw"), count("wr")) {
        (0, 0) => "G0",
        (0, _) => "G1c",
        (1, _) => "G-single",
        _ if (0..cycle.len()).any(|at| is_rw(at) && is_rw(at + 1)) => "G2-item",
        _ => "G-nonadjacent",
    };
    let suffix = match (count("realtime"), count("process")) {
        (0, 0) => "",
        (0, _) => "-process",
        _ => "-realtime",
    };
    format!("{plain}{suffix}")
}

/// Whether a title begins with one of the names, and with no longer one.
fn is_named(title: &str, names: &str) -> Held {
    let is = |name: &str| {
        let rest = title.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([',', ':', ' ']))
    };
    let right = names.split('/').any(is);
    right.then_some(()).ok_or_else(|| format!("it is {names}, not `{title}`"))
}
