//! What a cycle of dependencies is called.
//!
//! | name | the cycle (Adya 1999, section 4.2 and 4.3; the last by Kingsbury and Alvaro) |
//! |---|---|
//! | G0, dirty write | write-write edges alone |
//! | G1c, circular information flow | write-write and write-read edges, one of the latter at least |
//! | G-single, read skew | exactly one read-write edge |
//! | lost update (P4) | G-single of two that write the key which one of them read: G-cursor |
//! | G-nonadjacent, long fork | several read-write edges, none next to another |
//! | G2-item, write skew | several read-write edges, two of them side by side |
//!
//! A level's own phenomenon is told with it, where the cycle is one that only that level and what
//! implies it forbid:
//!
//! | phenomenon | forbidden by | the cycle (Adya 1999, chapter 4) |
//! |---|---|---|
//! | G-cursor | cursor stability | one rw edge and ww edges, all of one key |
//! | G-monotonic | monotonic view | one rw edge, out of a read that comes after what leads to it |
//! | G-update | update serializable | of those that write and at most one that only reads |
//! | G-SIa, interference | strong snapshot isolation | ww, wr and real-time edges |
//! | G-SIb, missed effects | snapshot isolation | one rw edge |
//!
//! With an edge of a session or of real time the name ends in `-process` or `-realtime`: without
//! that edge the cycle would be none.

//= §2.3.1 dirty write G0
//= §2.3.1 circular information flow G1c
//= §2.3.1 read skew A5A, G-single
//= §2.3.1 lost update P4
//= §2.3.1 G-nonadjacent
//= §2.3.1 write skew A5B

//= §2.3.1 G-SI

use super::edges::Kind;
use crate::transaction::Level;

/// The name of a cycle that a level forbids, with the level's own phenomenon.
pub(crate) fn name_by(level: Level, edges: &[(Kind, Option<u32>)]) -> String {
    let count = |kind| edges.iter().filter(|(one, _)| *one == kind).count();
    let reads = count(Kind::ReadWrite);
    let is_of_one_key = edges.windows(2).all(|pair| pair[0].1 == pair[1].1);
    let phenomenon = match level {
        // Whichever of two versions is the first, the other one's writer did not read it.
        Level::CursorStability if reads > 0 && is_of_one_key && edges.len() == 2 => {
            return "G-single, lost update (P4), G-cursor".to_owned();
        }
        Level::CursorStability if reads > 0 => ", G-cursor",
        Level::MonotonicView if reads > 0 => ", G-monotonic",
        Level::UpdateSerializable if reads > 0 => ", G-update",
        Level::StrongSnapshotIsolation if reads == 0 && count(Kind::RealTime) > 0 => {
            ", G-SIa, interference"
        }
        Level::SnapshotIsolation
        | Level::StrongSessionSnapshotIsolation
        | Level::StrongSnapshotIsolation
            if reads == 1 =>
        {
            ", G-SIb, missed effects"
        }
        _ => "",
    };
    format!("{}{phenomenon}", name(edges))
}

/// The name of a cycle, from the kinds of its edges and the keys that they rest on.
fn name(edges: &[(Kind, Option<u32>)]) -> String {
    let count = |kind| edges.iter().filter(|(one, _)| *one == kind).count();
    let reads = count(Kind::ReadWrite);
    let next_to_another = |place: usize| {
        let next = (place + 1) % edges.len();
        next != place && edges[place].0 == Kind::ReadWrite && edges[next].0 == Kind::ReadWrite
    };
    let adjacent = (0..edges.len()).any(next_to_another);
    let mut keys: Vec<_> = edges.iter().map(|(_, key)| *key).collect();
    keys.dedup();
    let same_key = keys.len() == 1 && edges.len() == 2;
    let plain = match reads {
        0 if count(Kind::WriteRead) > 0 => "G1c",
        0 => "G0",
        1 => "G-single",
        _ if adjacent => "G2-item",
        _ => "G-nonadjacent",
    };
    let suffix = if count(Kind::RealTime) > 0 {
        "-realtime"
    } else if count(Kind::Process) > 0 {
        "-process"
    } else {
        ""
    };
    let told = match (plain, suffix) {
        (_, "-realtime") if edges.len() == 2 => ", a stale or future view in real time",
        (_, "-realtime" | "-process") => "",
        ("G0", _) => ", dirty write",
        ("G1c", _) => ", circular information flow",
        ("G-single" | "G2-item", _) if same_key && count(Kind::WriteRead) == 0 => {
            ", lost update (P4)"
        }
        ("G-single", _) if keys.len() == 1 && count(Kind::WriteRead) == 0 => {
            ", lost update (P4) among several"
        }
        ("G-single", _) => ", read skew (A5A)",
        ("G-nonadjacent", _) => ", long fork",
        ("G2-item", _) if edges.len() == 2 => ", write skew (A5B)",
        _ => ", anti-dependency cycle",
    };
    format!("{plain}{suffix}{told}")
}
