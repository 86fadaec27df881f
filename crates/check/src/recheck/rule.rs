//! Which cycles of dependencies each level forbids, written down a second time: from Adya 1999 and
//! Cerone, Bernardi and Gotsman 2015, not from the judge.
//!
//! ```text
//!   a transaction reads at its start and writes at its commit; where a level has snapshots
//!
//!     wr, process, realtime   from a commit to a start
//!     rw                      from a start to a commit
//!     ww                      from a commit to a start; to a commit where writers may overlap
//!
//!   a cycle turns where an edge ends at a commit and the next begins at that start. Of a turn and
//!   another of the cycle that write one key, one commits before the other starts: still a cycle
//! ```

use super::Held;
use super::claim::Edge;
use super::view::{Did, View};
use crate::transaction::Level;

/// What a level looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    kinds: &'static [&'static str],
    /// Whether a transaction has a start and a commit.
    split: bool,
    /// Whether two that write one key may not overlap.
    pub(super) apart: bool,
    /// Of whose rw edges a cycle may have one.
    light: Light,
    /// What of others a transaction may not miss.
    sight: Option<Sight>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Light {
    Any,
    AtMostOne,
    AtMostOneOfReaders,
}

/// What one that sees another must see, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sight {
    /// Of a key that it writes, what comes between what it read and its own.
    Updated,
    /// From then on, what that one depends on.
    Dependencies,
    /// From then on, all of that one.
    Later,
    /// All of that one.
    Whole,
    /// The same, and of two that write one key one sees the other.
    WholeOrBefore,
    /// What happened before.
    Past,
}

/// Where an edge begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Start,
    Commit,
}

impl Rule {
    pub(super) fn of(level: Level) -> Self {
        const WRITES: &[&str] = &["ww"];
        const FLOW: &[&str] = &["ww", "wr"];
        const ALL: &[&str] = &["ww", "wr", "rw"];
        let plain =
            |kinds| Self { kinds, split: false, apart: false, light: Light::Any, sight: None };
        let snapshots = |kinds| Self { split: true, apart: true, ..plain(kinds) };
        let sees = |sight| Self { sight: Some(sight), ..plain(SESSION) };
        match level {
            Level::ReadUncommitted => plain(WRITES),
            Level::StrongSessionReadUncommitted => plain(&["ww", "process"]),
            Level::StrongReadUncommitted => plain(&["ww", "process", "realtime"]),
            Level::ReadCommitted => plain(FLOW),
            Level::CursorStability => Self { sight: Some(Sight::Updated), ..plain(ALL) },
            Level::StrongSessionReadCommitted => plain(&["ww", "wr", "process"]),
            Level::StrongReadCommitted => plain(&["ww", "wr", "process", "realtime"]),
            Level::MonotonicView => Self { sight: Some(Sight::Dependencies), ..plain(ALL) },
            Level::MonotonicAtomicView => sees(Sight::Later),
            Level::ReadAtomic => sees(Sight::Whole),
            Level::UpdateAtomic => sees(Sight::WholeOrBefore),
            Level::Causal => sees(Sight::Past),
            Level::Prefix => Self { apart: false, ..snapshots(SESSION) },
            Level::ConsistentView => Self { light: Light::AtMostOne, ..plain(ALL) },
            Level::ParallelSnapshotIsolation => Self { light: Light::AtMostOne, ..plain(SESSION) },
            Level::UpdateSerializable => Self { light: Light::AtMostOneOfReaders, ..plain(ALL) },
            Level::SnapshotIsolation => snapshots(ALL),
            Level::StrongSessionSnapshotIsolation => snapshots(SESSION),
            Level::StrongSnapshotIsolation => snapshots(TIMED),
            Level::RepeatableRead | Level::Serializable => plain(ALL),
            Level::StrongSessionSerializable => plain(SESSION),
            Level::StrictSerializable => plain(TIMED),
        }
    }

    pub(super) fn sight(&self) -> Option<Sight> {
        self.sight
    }

    pub(super) fn counts(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }

    /// Where an edge begins and ends.
    pub(super) fn sides(&self, kind: &str) -> (Side, Side) {
        match kind {
            "rw" => (Side::Start, Side::Commit),
            "ww" if !self.apart => (Side::Commit, Side::Commit),
            _ => (Side::Commit, Side::Start),
        }
    }

    /// Whether what ends here goes on there: a transaction starts before it commits.
    pub(super) fn goes_on(&self, end: Side, next: Side) -> bool {
        !self.split || end == next || end == Side::Start
    }

    /// Whether an edge is one of those of which a cycle may have one, and a way none.
    pub(super) fn weighs(&self, view: View<'_>, edge: &Edge) -> bool {
        let writes = |one: Option<usize>| one.is_some_and(|one| view.write_same(one, one));
        edge.kind == "rw"
            && match self.light {
                Light::Any => false,
                Light::AtMostOne => true,
                Light::AtMostOneOfReaders => !writes(edge.from),
            }
    }

    /// Whether a cycle, whose edges are true, is one that the level forbids.
    pub(super) fn forbids(&self, view: View<'_>, level: Level, cycle: &[Edge]) -> Held {
        let closes = (0..cycle.len()).all(|at| {
            let next = &cycle[(at + 1) % cycle.len()];
            cycle[at].to == next.from
        });
        if cycle.is_empty() || !closes {
            return Err("the edges do not close a cycle".to_owned());
        }
        if let Some(other) = cycle.iter().find(|edge| !self.counts(&edge.kind)) {
            return Err(format!("{level} knows no {} edges", other.kind));
        }
        let heavy = cycle.iter().filter(|edge| self.weighs(view, edge)).count();
        if heavy > 1 {
            return Err(format!("{level} allows a cycle with {heavy} such rw edges"));
        }
        self.turns(view, level, cycle)?;
        match self.sight {
            Some(sight) if !sight.forbids(view, cycle) => {
                Err(format!("{level} allows such a cycle: nothing of what is seen is missed"))
            }
            _ => Ok(()),
        }
    }

    fn turns(&self, view: View<'_>, level: Level, cycle: &[Edge]) -> Held {
        let is_turn = |at: &usize| {
            let (_, end) = self.sides(&cycle[*at].kind);
            let (next, _) = self.sides(&cycle[(*at + 1) % cycle.len()].kind);
            !self.goes_on(end, next)
        };
        let turns: Vec<usize> =
            (0..cycle.len()).filter(is_turn).filter_map(|at| cycle[at].to).collect();
        let same = |one: usize, other: usize| one != other && view.write_same(one, other);
        let is_held = match turns[..] {
            [] => true,
            _ if !self.apart => false,
            [one] => cycle.iter().filter_map(|edge| edge.to).any(|other| same(one, other)),
            [one, other] => same(one, other),
            _ => false,
        };
        if is_held {
            return Ok(());
        }
        let all: Vec<_> = turns.iter().map(|one| format!("T{one}")).collect();
        Err(format!(
            "{level} allows such a cycle: {} may start before, and commit after, the others",
            all.join(" and ")
        ))
    }
}

const SESSION: &[&str] = &["ww", "wr", "rw", "process"];
const TIMED: &[&str] = &["ww", "wr", "rw", "process", "realtime"];

impl Sight {
    /// Whether a cycle of lists' dependencies shows that something is missed.
    fn forbids(self, view: View<'_>, cycle: &[Edge]) -> bool {
        let count = |kind: &str| cycle.iter().filter(|edge| edge.kind == kind).count();
        let Some(at) = cycle.iter().position(|edge| edge.kind == "rw") else { return true };
        let (into, out) = (&cycle[(at + cycle.len() - 1) % cycle.len()], &cycle[at]);
        let (single, short) = (count("rw") == 1, cycle.len() == 2);
        match self {
            Self::Updated => cycle.iter().filter(|edge| edge.kind == "rw").all(|edge| {
                let (Some(from), Some(key)) = (edge.from, &edge.key) else { return false };
                view.last_write(from, key).is_some()
            }),
            Self::Dependencies => single && is_earlier(view, into, out),
            Self::Later => single && short && into.kind == "wr" && is_earlier(view, into, out),
            Self::Whole => single && short && into.kind != "ww",
            Self::WholeOrBefore => {
                let same = |edge: &&Edge| match (edge.from, edge.to) {
                    (Some(from), Some(to)) => view.write_same(from, to),
                    _ => false,
                };
                (single && short) || cycle.iter().filter(|edge| edge.kind == "rw").all(|e| same(&e))
            }
            Self::Past => single && count("ww") == 0,
        }
    }
}

/// Whether what an edge into a transaction rests on stands before what the rw edge out of it does.
fn is_earlier(view: View<'_>, into: &Edge, out: &Edge) -> bool {
    let Some(one) = out.from else { return false };
    let steps = view.steps(one);
    let is = |key: u32, told: &Option<String>| Some(&view.key(key)) == told.as_ref();
    let value = |value: i64, told: &Option<String>| Some(&view.value(value)) == told.as_ref();
    let shows = steps.iter().position(|step| match step.did {
        Did::List(list) if into.kind == "wr" => {
            is(step.key, &into.key) && list.iter().any(|one| value(*one, &into.written))
        }
        Did::Wrote(written) => {
            into.kind == "ww" && is(step.key, &into.key) && value(written, &into.next)
        }
        _ => false,
    });
    let lacks = steps.iter().rposition(|step| match step.did {
        Did::List(list) => {
            is(step.key, &out.key)
                && Some(list.len()) == out.length
                && !list.iter().any(|one| value(*one, &out.next))
        }
        _ => false,
    });
    matches!((shows, lacks), (Some(shows), Some(lacks)) if shows < lacks)
}
