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
//! With an edge of a session or of real time the name ends in `-process` or `-realtime`: without
//! that edge the cycle would be none.

//= §2.3.1 dirty write G0
//= §2.3.1 circular information flow G1c
//= §2.3.1 read skew A5A, G-single
//= §2.3.1 lost update P4
//= §2.3.1 G-nonadjacent
//= §2.3.1 write skew A5B

use super::edges::Kind;

/// The name of a cycle, from the kinds of its edges and the keys that they rest on.
pub(crate) fn name(edges: &[(Kind, Option<u32>)]) -> String {
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
