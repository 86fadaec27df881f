//! Which way an answer has to go before it can carry a guarantee, from the kinds of evidence in the
//! one table of guarantees.
//!
//! | route | hops on the answer's causal chain | evidence |
//! |---|---|---|
//! | local | client and the nearest replica | consistent-prefix, eventual, session, closed-timestamp, staleness |
//! | leader | client and leader, through a replica where that is shorter | leader-lease |
//! | quorum | the same, and leader and a majority | write, read-index, commit-wait |
//! | byzantine | client to leader; propose, prepare, commit among two thirds; back | byzantine-quorum |

use avouch_promise::evidence::Kind;
use avouch_promise::guarantee::{Guarantee, Row};

/// A way that an answer has to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    Local,
    Leader,
    Quorum,
    Byzantine,
}

/// A kind of evidence and the way that it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) kind: Kind,
    pub(super) route: Route,
}

const fn route(kind: Kind) -> Route {
    match kind {
        Kind::ConsistentPrefix
        | Kind::Eventual
        | Kind::Session
        | Kind::ClosedTimestamp
        | Kind::StalenessByTime
        | Kind::StalenessByVersions => Route::Local,
        Kind::LeaderLease => Route::Leader,
        Kind::Write | Kind::ReadIndex | Kind::CommitWait => Route::Quorum,
        Kind::ByzantineQuorum => Route::Byzantine,
    }
}

/// The guarantees that are obligations on writes; every other one is asked of a read here.
fn is_of_writes(row: &Row) -> bool {
    matches!(row.plain, Some(Guarantee::MonotonicWrites | Guarantee::WritesFollowReads))
}

/// Every way that a guarantee can take, those first that this version verifies, the shortest first.
pub(super) fn ways(row: &Row) -> Vec<Carried> {
    if is_of_writes(row) {
        return vec![Carried { kind: Kind::Write, route: Route::Quorum }];
    }
    let prefix_of_liars = row.plain == Some(Guarantee::ByzantineConsistentPrefix);
    let mut ways: Vec<Carried> = row
        .evidence
        .iter()
        .filter(|kind| !matches!(kind, Kind::Write | Kind::CommitWait))
        // What two thirds have agreed on already is read beside the client.
        .map(|kind| Carried {
            kind: *kind,
            route: if prefix_of_liars { Route::Local } else { route(*kind) },
        })
        .collect();
    ways.sort_by_key(|way| (!way.kind.is_verified(), way.route));
    ways
}

/// What every write takes, whatever its client asks for.
pub(super) const WRITE: Carried = Carried { kind: Kind::Write, route: Route::Quorum };

#[cfg(test)]
mod tests {
    use super::{Route, ways};
    use avouch_promise::evidence::Kind;
    use avouch_promise::guarantee::ROWS;

    #[test]
    fn every_guarantee_of_the_table_has_a_way_and_the_served_ones_a_verified_one() {
        for row in &ROWS {
            let ways = ways(row);
            let first = ways.first().unwrap_or_else(|| panic!("{} has no way", row.name));
            assert!(!row.served_now || first.kind.is_verified(), "{}", row.name);
            // The table tells hops in words; where it says none, the shortest way is local.
            let none = row.price.starts_with("no wide-area hop");
            let shortest = ways.iter().map(|way| way.route).min().unwrap();
            assert!(!none || shortest == Route::Local, "{}: {}", row.name, row.price);
            let quorum = row.price.starts_with("client to leader and back; leader to a quorum");
            assert!(!quorum || first.route == Route::Quorum, "{}: {}", row.name, row.price);
        }
    }

    #[test]
    fn linearizable_asks_a_quorum_now_and_could_ask_the_leader_alone() {
        let row = ROWS.iter().find(|row| row.name == "linearizable").unwrap();
        let found: Vec<_> = ways(row).into_iter().map(|way| (way.kind, way.route)).collect();
        assert_eq!(found, [(Kind::ReadIndex, Route::Quorum), (Kind::LeaderLease, Route::Leader)]);
    }
}
