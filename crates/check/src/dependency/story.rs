//! A witness in words: the transactions that it needs, then each of its edges and why it is there.

use super::cycle::Cycle;
use super::edges::{Edge, Kind};
use super::frame::{Fate, NEVER};
use super::judge::{Flaw, Subject};
use super::verify::Because;
use crate::history::Record;
use crate::operation::Moment;
use crate::report::{Dependency, Line, Story, UNKNOWN};
use crate::transaction::Level;
use std::collections::BTreeSet;

fn line(
    subject: &impl Subject,
    level: Level,
    transaction: u32,
    keys: &BTreeSet<u32>,
) -> Option<Line> {
    let frame = subject.frames().all().get(transaction as usize)?;
    let at = |line: u32, rank: u32| Record {
        line: line as usize,
        time: None,
        moment: Moment(u64::from(rank)),
    };
    let answer = match frame.fate {
        Fate::Committed => "committed",
        Fate::Aborted => "aborted",
        Fate::Unknown => UNKNOWN,
    };
    let process = subject.frames().process(frame.process).unsigned_abs();
    Some(Line {
        call: transaction as usize,
        process: Some(process),
        whose: format!("process {process}"),
        place: None,
        began: at(frame.line, frame.began),
        ended: (frame.ended != NEVER).then(|| at(frame.ended_line, frame.ended)),
        action: format!("T{transaction}: {}", subject.told(transaction, keys)),
        answer: answer.to_owned(),
        effect: (frame.fate == Fate::Unknown)
            .then(|| subject.effect(transaction, keys))
            .flatten()
            .map(|told| format!("it took effect: {told}")),
        guarantee: level.name().to_owned(),
    })
}

fn lines(
    subject: &impl Subject,
    level: Level,
    transactions: &BTreeSet<u32>,
    keys: &BTreeSet<u32>,
) -> Vec<Line> {
    transactions.iter().filter_map(|one| line(subject, level, *one, keys)).collect()
}

/// The story of a cycle, whose edges rest on these.
pub(super) fn of_cycle(
    subject: &impl Subject,
    level: Level,
    cycle: &Cycle,
    because: &[(Kind, Because)],
) -> Story {
    let keys: BTreeSet<u32> = because.iter().filter_map(|(_, because)| because.key).collect();
    let mut needed: BTreeSet<u32> = cycle.edges.iter().map(|edge| edge.from).collect();
    needed.extend(because.iter().filter_map(|(_, because)| because.witness));
    let told = |(edge, (_, because)): (&Edge, &(Kind, Because))| {
        format!("T{} -{}-> T{}: {}", edge.from, edge.kind.name(), edge.to, because.told)
    };
    let mut conclusion: Vec<String> = cycle.edges.iter().zip(because).map(told).collect();
    let turns = super::verify::turns(cycle);
    if level_has_snapshots(level) && !turns.is_empty() {
        let of = turns.iter().map(|one| format!("T{one}")).collect::<Vec<_>>().join(" and ");
        conclusion.push(format!(
            "{of} write a key that another one of the cycle writes too, so one of them must have \
             committed before the other started: either way is a cycle"
        ));
    }
    let reads = cycle.edges.iter().filter(|edge| edge.kind == Kind::ReadWrite).count();
    if level == Level::UpdateAtomic && reads > 1 {
        conclusion.push(
            "of two of these that write one key one must see the other, and who misses the other's \
             write is first"
                .to_owned(),
        );
    }
    if level == Level::CursorStability && reads > 0 {
        conclusion.push(
            "who writes a key that it read writes the next version of it: any other writer is \
             before the one that was read, or after"
                .to_owned(),
        );
    }
    if !cycle.shortest {
        conclusion.push("a shorter cycle may exist".into());
    }
    let kinds: Vec<_> = because.iter().map(|(kind, because)| (*kind, because.key)).collect();
    let name = super::anomaly::name_by(level, &kinds);
    let title = format!("{name}: a cycle of {}", cycle.edges.len());
    let lines = lines(subject, level, &needed, &keys);
    let bond = |(edge, (_, because)): (&Edge, &(Kind, Because))| Dependency {
        from: Some(edge.from as usize),
        to: Some(edge.to as usize),
        kind: edge.kind.name(),
        because: because.told.clone(),
        basis: because.basis.clone(),
    };
    let minimal = cycle.shortest;
    let cycle = cycle.edges.iter().zip(because).map(bond).collect();
    Story { title, lines, conclusion, minimal, cycle, ..Story::default() }
}

fn level_has_snapshots(level: Level) -> bool {
    let rule = super::levels::rule(level);
    rule.snapshots && !rule.overlaps
}

/// The story of a read or write that a level does not allow whatever the others are.
pub(super) fn of_flaw(subject: &impl Subject, level: Level, flaw: &Flaw) -> Story {
    let transactions = flaw.transactions.iter().copied().collect();
    let keys = flaw.keys.iter().copied().collect();
    let lines = lines(subject, level, &transactions, &keys);
    let (title, conclusion) = (flaw.title.clone(), flaw.conclusion.clone());
    let fault = Some(Box::new(flaw.fault.clone()));
    Story { title, lines, conclusion, minimal: true, fault, ..Story::default() }
}

/// The story of unread writes that fit in no order.
pub(super) fn of_no_order() -> Story {
    Story {
        title: "writes that nobody read fit in no order: each way ends in a cycle".to_owned(),
        ..Story::default()
    }
}
