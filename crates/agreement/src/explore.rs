//! The worlds in which the replicated log is explored exhaustively, and what it is held to.
//!
//! Leaders are not elected here: any node may try to lead at any firing of its election timer, so
//! whatever holds here holds under every election. Bounds are small and every report prints them.

use crate::log::{Command, Config, Image, Log, Output, Payload, Place, Proposal, Snapshot, Timer};
use crate::membership::Membership;
use crate::mutant::Mutant;
use avouch_machine::explorer::{Act, Bounds, Explorer, Fact, Network, Sync, System, UNBOUNDED};
use avouch_promise::{
    Ack, Decode, Digest, Encode, LogIndex, Nanos, NodeId, Reader, Scope, Signed, Writer,
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// A machine that only knows how far it is: enough for checkpoints of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reached(pub LogIndex);

impl Snapshot for Reached {
    fn decode_image(bytes: &[u8]) -> Option<Image<Self>> {
        let mut input = Reader::new(bytes);
        let place = Place::decode(&mut input).ok()?;
        let membership = Membership::decode(&mut input).ok()?;
        let state = Self(LogIndex::decode(&mut input).ok()?);
        input.end().ok()?;
        Some(Image { place, membership, state })
    }
}

/// A checkpoint of [`Reached`] as bytes.
pub fn image_bytes(image: &Image<Reached>) -> Bytes {
    let mut out = Writer::new();
    image.place.encode(&mut out);
    image.membership.encode(&mut out);
    image.state.0.encode(&mut out);
    out.finish()
}

/// What a run has shown to clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The chain that some node put out as decided, by position.
    decided: BTreeMap<LogIndex, Digest>,
    /// The furthest position that any client was told of.
    told: LogIndex,
    /// For each read under way, what had been told when it was asked.
    asked: BTreeMap<u64, LogIndex>,
    /// Reads that were answered.
    answered: u32,
    /// What went wrong.
    wrong: Option<&'static str>,
}

/// The log over [`Reached`].
pub type Explored = Log<Reached>;

fn record(shown: &mut Shown, fact: &Fact<Explored>) {
    match fact {
        Fact::Command { command: Command::Read { ticket, .. }, .. } => {
            shown.asked.insert(*ticket, shown.told);
        }
        Fact::Output { value, .. } => match value {
            Output::Decided(entries) => {
                for entry in entries {
                    let chain = *shown.decided.entry(entry.index()).or_insert(entry.chain());
                    if chain != entry.chain() {
                        shown.wrong = Some("two nodes decided differently");
                    }
                    shown.told = shown.told.max(entry.index());
                }
            }
            Output::Installed(image) => {
                let known = shown.decided.get(&image.place.index);
                if known.is_some_and(|chain| *chain != image.place.chain) {
                    shown.wrong = Some("a checkpoint contradicts what was decided");
                }
            }
            Output::Readable(readable) => {
                for ticket in &readable.tickets {
                    shown.answered += 1;
                    if shown.asked.remove(ticket).is_some_and(|floor| readable.index < floor) {
                        shown.wrong = Some("a read was granted below what had been told before");
                    }
                }
                if readable.acks.iter().any(|ack| beyond(ack, readable.index)) {
                    shown.wrong =
                        Some("a read was granted below an acknowledgement that proves it");
                }
            }
            Output::Certified(certificate)
                if certificate.acks.iter().any(|ack| !beyond_or_at(ack, certificate.covers)) =>
            {
                shown.wrong = Some("a certificate covers more than it shows");
            }
            _ => {}
        },
        _ => {}
    }
}

fn accepted(ack: &Signed) -> Option<LogIndex> {
    Ack::from_bytes(&ack.bytes).ok().map(|ack| ack.accepted)
}
fn beyond(ack: &Signed, index: LogIndex) -> bool {
    accepted(ack).is_none_or(|accepted| accepted > index)
}
fn beyond_or_at(ack: &Signed, index: LogIndex) -> bool {
    accepted(ack).is_some_and(|accepted| accepted >= index)
}

/// The configurations of `count` voters.
pub fn configs(count: u32, mutant: Option<Mutant>) -> Vec<Config> {
    let voters = Membership::founding((1..=count).map(NodeId).collect());
    let config = |me| {
        let mut config = Config::new(me, Scope::default(), voters.clone(), Nanos::from_millis(100));
        config.heartbeats = false;
        config.gather = false;
        config.mutant = mutant;
        config
    };
    (1..=count).map(|number| config(NodeId(number))).collect()
}

/// A request to decide.
pub fn request(name: u8, attest: bool) -> Command<Reached> {
    let payload = Payload::new(Bytes::copy_from_slice(&[name]));
    Command::Propose(vec![Proposal { payload, attest }])
}

/// A read.
pub fn read(ticket: u64, attest: bool) -> Command<Reached> {
    Command::Read { ticket, digest: Digest([ticket as u8; 32]), attest }
}

/// As often as all three together may.
pub const ANY: [u32; 3] = [UNBOUNDED; 3];

/// How much happens in one exploration.
#[derive(Clone, Copy, Debug)]
pub struct Scope3 {
    /// Attempts to lead.
    pub elections: u32,
    /// Attempts to lead among them, of each node.
    pub elections_of: [u32; 3],
    /// Looks for what was not answered.
    pub resends: u32,
    /// Crashes.
    pub crashes: u32,
    /// Crashes among them, of each node.
    pub crashes_of: [u32; 3],
    /// Crashes among them that lose durable records.
    pub doubtful: u32,
    /// Messages received twice.
    pub duplicates: u32,
    /// Messages on their way at once.
    pub in_flight: u32,
    /// Steps from the start.
    pub depth: u32,
    /// Unique states at most.
    pub states: u64,
}

/// Three nodes in which these commands are asked.
pub fn three(
    scope: Scope3,
    commands: Vec<(NodeId, Command<Reached>)>,
    mutant: Option<Mutant>,
) -> Explorer<Explored, Shown> {
    let bounds = Bounds {
        crashes: scope.crashes,
        doubtful_tails: scope.doubtful,
        duplicates: scope.duplicates,
        in_flight: scope.in_flight,
        depth: scope.depth,
        states: scope.states,
        ..Bounds::default()
    };
    let explorer = Explorer::with_history(configs(3, mutant), Shown::default(), record)
        .network(Network::Multiset)
        .disk(Sync::Whole)
        .image_bytes(image_bytes)
        .bounds(bounds)
        .commands(commands)
        .commands_in_order()
        .timer_limit("elections", scope.elections, |timer| *timer == Timer::Election)
        .timer_limit("resends", scope.resends, |timer| *timer == Timer::Resend)
        .check("one log, no stale read, honest certificates", |system| {
            system.history().wrong.map_or(Ok(()), |wrong| Err(wrong.to_owned()))
        })
        .check("decided logs are prefixes of one log", decided_agree)
        .reaches("something is decided", |system| system.history().told > LogIndex(1));
    limited_each(explorer, scope)
}

/// Limits what each node may do by itself, where that binds it more than the bounds of all.
fn limited_each(
    mut explorer: Explorer<Explored, Shown>,
    scope: Scope3,
) -> Explorer<Explored, Shown> {
    let each = (1..).map(NodeId).zip(scope.elections_of.into_iter().zip(scope.crashes_of));
    for (id, (elections, crashes)) in each {
        if elections < scope.elections {
            let attempts = move |node, act: &Act<Explored>| {
                node == id && matches!(act, Act::Fire(Timer::Election))
            };
            explorer = explorer.act_limit(format!("elections of {id}"), elections, attempts);
        }
        if crashes < scope.crashes {
            let falls =
                move |node, act: &Act<Explored>| node == id && matches!(act, Act::Crash(..));
            explorer = explorer.act_limit(format!("crashes of {id}"), crashes, falls);
        }
    }
    explorer
}

/// Every node's decided entries against every other's, also those no client was told of.
fn decided_agree(system: &System<'_, Explored, Shown>) -> Result<(), String> {
    let states: Vec<_> = system.states().collect();
    for (at, (a, one)) in states.iter().enumerate() {
        for (b, other) in &states[at + 1..] {
            let common = one.decided().min(other.decided());
            let (x, y) = (one.tail().at(common), other.tail().at(common));
            if let (Some(x), Some(y)) = (x, y)
                && x.chain != y.chain
            {
                return Err(format!("{a} and {b} decided differently at {common}"));
            }
        }
    }
    Ok(())
}
