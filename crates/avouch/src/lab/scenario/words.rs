//! The words of faults in scenarios: one line of a table for each fault of the world, which gives
//! both directions. A fault without a line does not compile.
//!
//! ```text
//!   [[fault]]
//!   at = "2s"
//!   do = "partition"                      # the word
//!   sides = [["n1"], ["n2", "n3"]]        # its members
//!   for = "3s"                            # optional: when what undoes it happens
//! ```

use super::codec::{
    Codec, Flag, Links, MaybeDelay, MaybeRecord, Node, Nodes, Number, PartsPerBillion, Share,
    Sides, SignedSpan, Span, Times,
};
use super::course::MaybeCourse;
use super::reader::Table;
use super::source::Problem;
use avouch_promise::Nanos;
use avouch_world::Fault;

/// A fault's word and the members that belong to it.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub word: &'static str,
    /// Its members.
    pub members: &'static [&'static str],
    /// Whether `for` has a meaning.
    pub ends: bool,
}

macro_rules! undone {
    () => {
        None
    };
    ($fault:expr) => {
        Some($fault)
    };
}

macro_rules! ends {
    () => {
        false
    };
    ($fault:expr) => {
        true
    };
}

macro_rules! vocabulary {
    ($($variant:ident = $word:literal { $($field:ident: $codec:ident as $key:literal),* }
        $(undone by $undo:expr)?;)+) => {
        /// Every word.
        pub const WORDS: &[Word] = &[$(Word {
            word: $word,
            members: &[$($key),*],
            ends: ends!($($undo)?),
        }),+];

        /// A fault's word and its members as they are written.
        pub fn speak(fault: &Fault) -> (&'static str, Vec<(&'static str, String)>) {
            match fault {
                $(Fault::$variant { $($field),* } => {
                    let members: Vec<Option<(&'static str, String)>> = vec![$(
                        (!$codec::is_absent($field)).then(|| ($key, $codec::speak($field)))
                    ),*];
                    ($word, members.into_iter().flatten().collect())
                })+
            }
        }

        /// What undoes a fault, where one other fault does.
        pub fn undo(fault: &Fault) -> Option<Fault> {
            match fault {
                $(Fault::$variant { $($field),* } => {
                    let _: &[&str] = &[$({ let _ = $field; $key }),*];
                    undone!($($undo)?)
                })+
            }
        }

        /// The fault of a word, its members read from a table; none for an unknown word.
        fn of_word(word: &str, table: &Table<'_>) -> Result<Option<Fault>, Problem> {
            Ok(Some(match word {
                $($word => Fault::$variant {
                    $($field: member::<$codec>(table, $key)?),*
                },)+
                _ => return Ok(None),
            }))
        }
    };
}

vocabulary! {
    Crash = "crash" { node: Node as "node" } undone by Fault::Restart { node: *node };
    LostWrites = "lost-writes" { node: Node as "node" } undone by Fault::Restart { node: *node };
    TornWrite = "torn-write" { node: Node as "node" } undone by Fault::Restart { node: *node };
    Outage = "outage" { nodes: Nodes as "nodes" };
    Restart = "restart" { node: Node as "node" };
    Pause = "pause" { node: Node as "node", duration: Span as "duration" };
    Partition = "partition" { sides: Sides as "sides" }
        undone by Fault::Rejoin { sides: sides.clone() };
    Rejoin = "rejoin" { sides: Sides as "sides" };
    OneWay = "one-way" { from: Nodes as "from", to: Nodes as "to" }
        undone by Fault::BothWays { from: from.clone(), to: to.clone() };
    BothWays = "both-ways" { from: Nodes as "from", to: Nodes as "to" };
    Isolate = "isolate" { node: Node as "node" };
    Heal = "heal" {};
    Loss = "loss" { path: Links as "links", probability: Share as "probability" }
        undone by Fault::Loss { path: *path, probability: 0.0 };
    Duplicate = "duplicate" { path: Links as "links", probability: Share as "probability" }
        undone by Fault::Duplicate { path: *path, probability: 0.0 };
    Reorder = "reorder" { path: Links as "links", probability: Share as "probability", by: Span as "by" }
        undone by Fault::Reorder { path: *path, probability: 0.0, by: *by };
    Slow = "slow" { path: Links as "links", delay: MaybeDelay as "delay" }
        undone by Fault::Slow { path: *path, delay: None };
    ClockOffset = "clock-offset" { node: Node as "node", error_ns: SignedSpan as "by" };
    ClockDrift = "clock-drift" { node: Node as "node", rate_ppb: PartsPerBillion as "ppb" };
    ClockStep = "clock-step" { node: Node as "node", by_ns: SignedSpan as "by" };
    RotRecord = "rot-record" { node: Node as "node", seq: MaybeRecord as "record" };
    RotCheckpoint = "rot-checkpoint" { node: Node as "node" };
    DiskSlow = "disk-slow" { node: Node as "node", factor: Times as "factor" }
        undone by Fault::DiskSlow { node: *node, factor: 1 };
    DiskFull = "disk-full" { node: Node as "node", full: Flag as "full" }
        undone by Fault::DiskFull { node: *node, full: false };
    Calm = "calm" {};
    SlowNode = "slow-node" { node: Node as "node", factor: Times as "factor" }
        undone by Fault::SlowNode { node: *node, factor: 1 };
    StopTheWorld = "stop-the-world" {
        node: Node as "node", every: Span as "every", lasting: Span as "lasting"
    } undone by Fault::StopTheWorld { node: *node, every: *every, lasting: Nanos::ZERO };
    Throttle = "throttle" { node: Node as "node", quota: Span as "quota", period: Span as "period" }
        undone by Fault::Throttle { node: *node, quota: *quota, period: Nanos::ZERO };
    DiskSaturated = "disk-saturated" {
        node: Node as "node", utilisation: Number as "utilisation", service: Span as "service"
    } undone by Fault::DiskSaturated { node: *node, utilisation: 0.0, service: *service };
    SegmentLoss = "segment-loss" { path: Links as "links", probability: Share as "probability" }
        undone by Fault::SegmentLoss { path: *path, probability: 0.0 };
    Blackouts = "blackouts" { path: Links as "links", every: Span as "every", lasting: Span as "lasting" }
        undone by Fault::Blackouts { path: *path, every: *every, lasting: Nanos::ZERO };
    CrashStop = "crash-stop" { node: Node as "node" };
    FailStop = "fail-stop" { node: Node as "node" };
    Amnesia = "amnesia" { node: Node as "node" };
    SubsetWrite = "subset-write" { node: Node as "node" } undone by Fault::Restart { node: *node };
    Corrupt = "corrupt" { path: Links as "links", probability: Share as "probability" }
        undone by Fault::Corrupt { path: *path, probability: 0.0 };
    Clog = "clog" { path: Links as "links", duration: Span as "duration" };
    SwizzleClog = "swizzle-clog" {
        clogged: Nodes as "clogged", unclogged: Nodes as "unclogged", step: Span as "step"
    };
    LyingSync = "lying-sync" { node: Node as "node", lies: Flag as "lies" }
        undone by Fault::LyingSync { node: *node, lies: false };
    LyingCheckpoint = "lying-checkpoint" { node: Node as "node", lies: Flag as "lies" }
        undone by Fault::LyingCheckpoint { node: *node, lies: false };
    MisdirectedWrite = "misdirected-write" { node: Node as "node", seq: MaybeRecord as "record" };
    MisdirectedRead = "misdirected-read" { node: Node as "node", probability: Share as "probability" }
        undone by Fault::MisdirectedRead { node: *node, probability: 0.0 };
    ReadError = "read-error" { node: Node as "node", probability: Share as "probability" }
        undone by Fault::ReadError { node: *node, probability: 0.0 };
    ClockWander = "clock-wander" { node: Node as "node", course: MaybeCourse as "course" }
        undone by Fault::ClockWander { node: *node, course: None };
    ClockFreeze = "clock-freeze" { node: Node as "node", frozen: Flag as "frozen" }
        undone by Fault::ClockFreeze { node: *node, frozen: false };
    ClockHoldover = "clock-holdover" { node: Node as "node", growth_ppb: PartsPerBillion as "ppb" }
        undone by Fault::ClockHoldover { node: *node, growth_ppb: 0 };
    ClockLost = "clock-lost" { node: Node as "node", lost: Flag as "lost" }
        undone by Fault::ClockLost { node: *node, lost: false };
    LeapSecond = "leap-second" { nodes: Nodes as "nodes", over: Span as "over" };
    Byzantine = "byzantine" { node: Node as "node", probability: Share as "probability" }
        undone by Fault::Byzantine { node: *node, probability: 0.0 };
}

fn member<C: Codec>(table: &Table<'_>, key: &'static str) -> Result<C::Value, Problem> {
    match C::absent() {
        Some(nothing) => Ok(table.want::<C>(key)?.unwrap_or(nothing)),
        None => table.need::<C>(key),
    }
}

/// Reads one `[[fault]]`: the fault, and what undoes it if it says for how long.
pub fn hear(table: &Table<'_>) -> Result<Vec<(Nanos, Fault)>, Problem> {
    let at = table.need::<Span>("at")?;
    let word = table.need::<super::codec::Text>("do")?;
    let place = table.value("do").map_or_else(|| table.span(), toml::Spanned::span);
    let lasts = table.want::<Span>("for")?;
    let Some(fault) = of_word(&word, table)? else {
        let known = WORDS.iter().map(|known| known.word);
        return Err(Problem::unknown(place, "the word of a fault", &word, known));
    };
    table.end()?;
    let mut faults = vec![(at, fault.clone())];
    if let Some(lasts) = lasts {
        let Some(undo) = undo(&fault) else {
            let place = table.value("for").map_or(place, toml::Spanned::span);
            let got = format!("`for` with {word}");
            let hint = "add a [[fault]] of its own that ends it";
            return Err(Problem::new(place, "a fault that ends by another", got).hint(hint));
        };
        faults.push((at.plus(lasts), undo));
    }
    Ok(faults)
}
