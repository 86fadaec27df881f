//! The verdict on a whole history by its stamps.

use super::follow::{At, Axiom, Follow, Found, Tally};
use super::history::{Stamped, Transaction, Who};
use super::mutant::Mutant;
use super::ties::{self, Answer, Checked, Plan, Unserved};
use super::{story, verify};
use crate::limits::{Budget, Exhausted, Limits};
use crate::progress;
use crate::report::{About, Finding, Part, Report, Word, of_some};
use crate::transaction::Level;
use avouch_promise::quantity::counted;
use avouch_promise::{Blame, Error};

/// The levels that stamps decide. None of them implies another by stamps but those of sessions the
/// same without: a store may read what is newer than its start, and be serializable by its commits.
pub(super) const LEVELS: [Level; 4] = [
    Level::SnapshotIsolation,
    Level::StrongSessionSnapshotIsolation,
    Level::Serializable,
    Level::StrongSessionSerializable,
];

/// What a level asks for: where the snapshot is, and the axioms.
fn asks(level: Level) -> Option<(At, &'static [Axiom])> {
    Some(match level {
        Level::SnapshotIsolation => (At::Start, &[Axiom::Int, Axiom::NoConflict, Axiom::Ext]),
        Level::StrongSessionSnapshotIsolation => {
            (At::Start, &[Axiom::Int, Axiom::Session, Axiom::NoConflict, Axiom::Ext])
        }
        Level::Serializable => (At::Commit, &[Axiom::Int, Axiom::Ext]),
        Level::StrongSessionSerializable => (At::Commit, &[Axiom::Int, Axiom::Session, Axiom::Ext]),
        _ => return None,
    })
}

/// Refuses a level that stamps do not decide.
pub(super) fn decidable(level: Level) -> Result<Level, Error> {
    if asks(level).is_some() {
        return Ok(level);
    }
    let names: Vec<_> = LEVELS.into_iter().map(Level::name).collect();
    let expected = format!("one of {}, by the store's own stamps", names.join(", "));
    Err(Error::new(Blame::Caller, expected, level.name())
        .hint("--ignore-stamps asks whether any order fits, whatever the stamps: by every level"))
}

/// How a level's name stands in a report.
pub(super) fn name(level: Level) -> String {
    format!("{level} by stamps")
}

/// Where a transaction stands among others (I1 of `follow`).
pub(super) fn rank(who: &Who, mutant: Mutant) -> (super::Stamp, bool, u64) {
    let (commit, instant) = who.rank();
    (commit, instant != (mutant == Mutant::InstantsFirst), who.place)
}

/// The places of a history's transactions in the order in which they are judged.
pub(super) fn order(history: &Stamped, mutant: Mutant) -> Vec<usize> {
    let all = history.transactions();
    let mut keyed: Vec<_> = all.iter().map(|one| (rank(&one.who, mutant), one.who.place)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, place)| place as usize).collect()
}

/// Follows a whole history.
pub(super) fn follow(
    history: &Stamped,
    order: &[usize],
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<Found, Exhausted> {
    let mut follow = Follow::new(u64::MAX, mutant);
    let all = history.transactions();
    for one in all {
        follow.arrived(&one.who);
    }
    let mut group: Vec<&Transaction> = Vec::new();
    for (done, one) in order.iter().filter_map(|place| all.get(*place)).enumerate() {
        progress::place(done, order.len() + order.len() / 4);
        if group.first().is_some_and(|first| first.who.rank() != one.who.rank()) {
            budget.step(follow.bytes())?;
            follow.group(&group);
            group.clear();
        }
        group.push(one);
    }
    follow.group(&group);
    Ok(follow.found)
}

/// What was found of a level; nothing where nothing speaks against it.
pub(super) fn against(found: &Found, level: Level) -> Option<&Tally> {
    let (at, axioms) = asks(level)?;
    axioms.iter().find_map(|axiom| found.wrong.get(&(at, *axiom)))
}

/// Why a level is not known, if nothing speaks against it.
pub(super) fn unknown(names: &Stamped, found: &Found, level: Level) -> Option<String> {
    let (at, _) = asks(level)?;
    // What had been committed is always there; only older snapshots are gone.
    if let Some(who) = found.late.as_ref().filter(|_| at == At::Start) {
        return Some(format!(
            "T{} of line {} starts at {}, before the oldest versions that are kept: judge the \
             history whole",
            who.name, who.line, who.start
        ));
    }
    let tie = found.ties.get(&at)?;
    Some(format!(
        "stamps that are equal leave it open: what T{} of line {} reads of {} fits only if those \
         of one stamp that write it come in another order than they arrived in: judge the history \
         whole, which tries the others",
        tie.who.name,
        tie.who.line,
        names.key(tie.key)
    ))
}

/// So many steps each search for an order of equal stamps has at first: one that is hard leaves
/// something to the others.
const STEPS_AT_FIRST: u64 = 1 << 20;

/// What is known of a level.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Something speaks against it, in every order of equal stamps.
    Violated(Tally),
    /// An order that shows it.
    Holds(Vec<usize>),
    /// No order of equal stamps serves these reads.
    Unserved(Plan, Unserved),
    Unknown(String),
}

//= §2.3.2 snapshot isolation (SI) decided
//= §2.3.2 serializability decided
/// Decides the levels, as they are found.
pub(super) fn known(
    history: &Stamped,
    budget: &mut Budget,
    mutant: Mutant,
) -> Result<[Known; 4], Exhausted> {
    let order = order(history, mutant);
    let found = follow(history, &order, budget, mutant)?;
    let mut known = LEVELS.map(|level| match against(&found, level) {
        Some(tally) => Some(Known::Violated(tally.clone())),
        None if unknown(history, &found, level).is_none() => Some(Known::Holds(order.clone())),
        None => None,
    });
    for steps in [STEPS_AT_FIRST, u64::MAX] {
        // Levels with sessions first: what keeps them serves the levels without as well.
        for place in (0..LEVELS.len()).rev() {
            let open = known[place].as_ref().is_none_or(|known| {
                steps == u64::MAX && matches!(known, Known::Unknown(_)) && !budget.is_spent()
            });
            let Some((at, axioms)) = asks(LEVELS[place]).filter(|_| open) else { continue };
            let plan = Plan { at, sessions: axioms.contains(&Axiom::Session) };
            let of_sessions = LEVELS.iter().zip(&known).find_map(|(level, known)| {
                let is = !plan.sessions && asks(*level)?.0 == at;
                known.clone().filter(|known| is && matches!(known, Known::Holds(_)))
            });
            known[place] = of_sessions.or_else(|| {
                budget.slice(steps);
                Some(match ties::look(history, &order, plan, budget, mutant) {
                    Answer::Order(order) => Known::Holds(order),
                    Answer::None(unserved) => Known::Unserved(plan, unserved),
                    Answer::Met(met) => Known::Unknown(format!(
                        "stamps that are equal leave it open, and not all of their orders were \
                         tried: {met}"
                    )),
                })
            });
        }
    }
    budget.slice(u64::MAX);
    Ok(known.map(|known| known.unwrap_or_else(|| Known::Unknown("nothing was asked".to_owned()))))
}

/// The findings on the levels.
pub(super) fn findings(
    history: &Stamped,
    budget: &mut Budget,
    mutant: Mutant,
) -> Vec<(Level, Finding)> {
    match known(history, budget, mutant) {
        Ok(known) => LEVELS
            .into_iter()
            .zip(known)
            .map(|(level, known)| (level, decided(history, known, level)))
            .collect(),
        Err(met) => {
            let reason = met.to_string();
            let unknown = |level| (level, Finding::Unknown { reason: reason.clone(), story: None });
            LEVELS.into_iter().map(unknown).collect()
        }
    }
}

fn decided(history: &Stamped, known: Known, level: Level) -> Finding {
    match known {
        Known::Violated(tally) => {
            if !verify::accepts(history, &tally.first) {
                return Finding::fault("a violation");
            }
            let of = |place: u64| history.transactions().get(place as usize);
            Finding::Violated(story::tell(history, &name(level), &tally, of))
        }
        Known::Unserved(plan, unserved) => match ties::check(history, plan, &unserved) {
            Checked::Served => Finding::fault("equal stamps that no order fits"),
            checked => Finding::Violated(ties::tell(history, &name(level), &unserved, &checked)),
        },
        Known::Unknown(reason) => Finding::Unknown { reason, story: None },
        Known::Holds(order) => {
            let at = asks(level).map_or(At::Commit, |(at, _)| at);
            match verify::accepts_order(history, at, &order) {
                Some(false) => Finding::fault("an order"),
                checked => Finding::Holds { order, checked: checked.is_some() },
            }
        }
    }
}

/// The report on what was found.
pub(super) fn report(
    about: About<'_>,
    findings: Vec<(Level, Finding)>,
    asked: Option<Level>,
    budget: &Budget,
) -> Report {
    let operations = about.operations;
    let mut notes = vec![
        "said of the store's own stamps: each transaction at its start and commit stamp".to_owned(),
    ];
    if findings.iter().any(|(_, finding)| finding.word() == Word::Violated) {
        notes.push(
            "another order, which the stamps do not say, may explain what was read: \
             --ignore-stamps looks for one"
                .to_owned(),
        );
    }
    let words: Vec<_> = findings.iter().map(|(level, of)| (*level, of.word())).collect();
    let mut parts = Vec::new();
    for (level, finding) in findings {
        if asked.is_none_or(|asked| asked == level) {
            parts.push(Part { guarantee: name(level), operations, finding });
        } else {
            notes.push(format!("{}: {}", name(level), finding.word()));
        }
    }
    let mut report = Report::of_parts(about, parts, budget);
    report.unit = "transactions";
    report.models = of_some(&words, name);
    report.notes.extend(notes);
    report
}

/// Judges a history by its stamps: by one level, or by all that stamps decide.
///
/// # Errors
/// `Caller` for a level that stamps do not decide.
pub fn judge(history: &Stamped, asked: Option<Level>, limits: &Limits) -> Result<Report, Error> {
    asked.map(decidable).transpose()?;
    let mut budget = Budget::new(*limits);
    let findings = findings(history, &mut budget, Mutant::None);
    let mut notes = history.notes.clone();
    notes.push(counted(history.transactions().len(), "transaction"));
    let about = About {
        format: history.format,
        operations: history.operations(),
        answered: history.transactions().len(),
        unknown: 0,
        failed: 0,
        notes,
    };
    Ok(report(about, findings, asked, &budget))
}
