//! What a transaction's view must not miss: levels that ask what else is seen of whom.
//!
//! ```text
//!   R sees T, R misses S's write        S is T, or on the way to T (by the edges of the level)
//!   ------------------------------------------------------------------------------------------
//!   cursor stability (PL-CS) R writes the key itself, after S's version
//!   monotonic view (PL-2L)   an operation of R misses what an earlier one depends on: ww, wr
//!   monotonic atomic view    an operation of R misses what an earlier one read of
//!   read atomic              R misses what it read of, or what its session did before
//!   update atomic            the same, and whose versions R's are after
//!   causal                   R misses what happened before it: sessions and wr, over and again
//! ```
//!
//! Who reads a list sees each transaction that appended to it. That R misses S's write is an rw
//! edge from R to S, next version or later.
//!
//! Of update atomic, two writes of one key that nobody read may come in either order, unless one's
//! transaction misses the other: then it comes first. Those rw edges count as ww edges do.
//!
//! Cursor stability: Adya's G-cursor(x) is a cycle of one rw edge and ww edges, all of the object
//! x. As x has one order of versions, that is one who reads x and writes a version of it that is
//! not the next: a lost update. So an rw edge from one that writes the key, too, counts as a ww
//! edge does: if its end were before its beginning, that would be a G-cursor. His edges are of
//! reads by a cursor; no history says which those are, so every read is taken for one.
//!
//! References: Adya 1999, section 4.2 (PL-CS; PL-2L, over events); Cerone, Bernardi and Gotsman, "A
//! framework for transactional consistency models with atomic visibility" (CONCUR 2015); Bailis et
//! al., "Highly available transactions" (VLDB 2013).

use super::cycle::Cycle;
use super::edges::{Edge, Kind};
use super::heavy::Heavy;
use super::judge::Subject;
use super::levels::Rule;

/// What of others a level's views must not miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misses {
    /// Of a key that it writes, what comes between the version that it read and its own.
    Overwritten,
    /// What earlier operations depend on.
    BeforeEvents,
    /// Those that earlier operations read of.
    SeenEarlier,
    /// Those that were read of, and what the session did before.
    Seen,
    /// The same, and those whose versions were overwritten.
    SeenOrOverwritten,
    /// All that happened before.
    Happened,
}

impl Misses {
    /// Whether what operations show counts in their order.
    pub(super) fn by_operation(self) -> bool {
        matches!(self, Self::BeforeEvents | Self::SeenEarlier)
    }

    /// Whether a cycle with rw edges is one that the level forbids.
    pub(super) fn forbids(self, subject: &impl Subject, cycle: &Cycle) -> bool {
        let edges = &cycle.edges;
        let count = |kind| edges.iter().filter(|edge| edge.kind == kind).count();
        let Some(at) = edges.iter().position(|edge| edge.kind == Kind::ReadWrite) else {
            return true;
        };
        if self == Self::Overwritten {
            let mut reads = edges.iter().filter(|edge| edge.kind == Kind::ReadWrite);
            return reads.all(|edge| subject.updates(edge).is_some());
        }
        let (into, out) = (&edges[(at + edges.len() - 1) % edges.len()], &edges[at]);
        let (single, short) = (count(Kind::ReadWrite) == 1, edges.len() == 2);
        match self {
            Self::Overwritten => false,
            Self::BeforeEvents => single && subject.earlier(into, out).is_some(),
            Self::SeenEarlier => {
                let reads = into.kind == Kind::WriteRead;
                single && short && reads && subject.earlier(into, out).is_some()
            }
            Self::Seen => single && short && into.kind != Kind::WriteWrite,
            Self::SeenOrOverwritten => {
                let same = |edge: &Edge| subject.write_same(edge.from, edge.to).is_some();
                let mut reads = edges.iter().filter(|edge| edge.kind == Kind::ReadWrite);
                (single && short) || reads.all(same)
            }
            Self::Happened => single && count(Kind::WriteWrite) == 0,
        }
    }
}

/// Whose writes a transaction must have seen, as the verifier of orders asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own to a level")]
pub(crate) struct View {
    /// What its session did before.
    pub(crate) sessions: bool,
    /// Those whose versions its own are after.
    pub(crate) writes: bool,
    /// What these had to see themselves.
    pub(crate) transitive: bool,
    /// Each operation sees what the earlier ones depend on; the whole, otherwise.
    pub(crate) by_operation: bool,
    /// Those that only read miss nothing, and those that write read all.
    pub(crate) readers_only: bool,
    /// Of each key that it writes all that is there, and nothing else.
    pub(crate) own_keys: bool,
}

impl View {
    /// The view of a rule; nothing if it asks for none.
    pub(super) fn of(rule: &Rule) -> Option<Self> {
        let sessions = rule.kinds.contains(&Kind::Process);
        let whole = Self {
            sessions,
            writes: true,
            transitive: true,
            by_operation: false,
            readers_only: rule.heavy == Some(Heavy::ReadersOnly),
            own_keys: false,
        };
        let Some(misses) = rule.misses else { return rule.heavy.map(|_| whole) };
        Some(match misses {
            Misses::Overwritten => {
                Self { own_keys: true, writes: false, transitive: false, ..whole }
            }
            Misses::BeforeEvents => Self { by_operation: true, ..whole },
            Misses::SeenEarlier => Self {
                sessions: false,
                writes: false,
                transitive: false,
                by_operation: true,
                ..whole
            },
            Misses::Seen => Self { writes: false, transitive: false, ..whole },
            Misses::SeenOrOverwritten => Self { transitive: false, ..whole },
            Misses::Happened => Self { writes: false, ..whole },
        })
    }
}
