//! Bugs planted in the log, each killed by the explorer in a world that holds little more than the
//! bug's story: who leads, who crashes, whose disk is slow.
//!
//! The same world is explored to its end without the bug, and must hold: what kills the mutant is
//! the rule that it removes, and the bounds leave room for the rule to matter.
#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_agreement::explore::{Explored, Scope3, Shown, read, request, three};
use avouch_agreement::log::Command;
use avouch_agreement::{Killer, Mutant};
use avouch_machine::explorer::{Explorer, Network, Sync};
use avouch_promise::NodeId;

/// What a client asks of a node.
#[derive(Clone, Copy)]
enum Ask {
    Write(u32),
    Read(u32),
    /// To say farewell, and to go on all the same.
    Depart(u32),
}

/// A world of three nodes; who does what is counted per node.
#[derive(Clone, Copy)]
struct World {
    network: Network,
    /// The node whose records wait to become durable; other disks are part of the step.
    slow: Option<u32>,
    elections: [u32; 3],
    crashes: [u32; 3],
    /// Crashes among them that lose durable records.
    doubtful: u32,
    duplicates: u32,
    in_flight: u32,
    asked: &'static [Ask],
    /// What the planted bug leads to.
    wrong: &'static str,
}

const TWO_LOGS: &str = "two nodes decided differently";
const STALE: &str = "a read was granted below what had been told before";

/// n1 and n2 each try to lead once; nothing fails.
const CALM: World = World {
    network: Network::Fifo,
    slow: None,
    elections: [1, 1, 0],
    crashes: [0, 0, 0],
    doubtful: 0,
    duplicates: 0,
    in_flight: 4,
    asked: &[],
    wrong: TWO_LOGS,
};

impl World {
    fn explorer(&self, mutant: Option<Mutant>) -> Explorer<Explored, Shown> {
        let scope = Scope3 {
            elections: self.elections.iter().sum(),
            elections_of: self.elections,
            resends: 0,
            crashes: self.crashes.iter().sum(),
            crashes_of: self.crashes,
            doubtful: self.doubtful,
            duplicates: self.duplicates,
            in_flight: self.in_flight,
            depth: u32::MAX,
            states: 3_000_000,
        };
        let commands = self.asked.iter().zip(1..).map(|(ask, name)| match ask {
            Ask::Write(node) => (NodeId(*node), request(name, false)),
            Ask::Read(node) => (NodeId(*node), read(u64::from(name), false)),
            Ask::Depart(node) => (NodeId(*node), Command::Depart),
        });
        let explorer =
            three(scope, commands.collect(), mutant).network(self.network).disk(Sync::Immediate);
        match self.slow {
            Some(node) => explorer.disk_of(NodeId(node), Sync::Whole),
            None => explorer,
        }
    }
}

fn killed(mutant: Mutant, world: &World) {
    let report = world.explorer(Some(mutant)).run();
    let violation = report.violation.expect("the planted bug survived");
    assert_eq!(violation.detail, world.wrong, "{violation}");
    let (states, steps) = (report.unique, violation.choices.len() - 1);
    println!("{mutant:?}: {} after {states} states, {steps} steps\n{violation}", world.wrong);

    let report = world.explorer(None).run();
    println!("without {mutant:?}\n{report}");
    report.verdict().unwrap();
    assert!(report.exhausted, "without {mutant:?} not all states were explored");
}

/// One test for each bug, and the list of all of them.
macro_rules! killed {
    ($($(#[doc = $story:literal])+ $test:ident: $mutant:ident = $world:expr;)+) => {
        const KILLED: &[Mutant] = &[$(Mutant::$mutant),+];

        $(
            $(#[doc = $story])+
            #[test]
            fn $test() {
                killed(Mutant::$mutant, &$world);
            }
        )+
    };
}

killed! {
    /// n1 leads and decides on n3's acknowledgement and its own log, which it loses in a crash.
    /// Its vote, without the entry, makes n2 leader.
    skip_the_sync: SkipSync = World { slow: Some(1), crashes: [1, 0, 0], ..CALM };

    /// n3 acknowledges n1's entry, which is decided, and loses it in a crash. Its vote makes n2
    /// leader.
    acknowledge_before_persisting: AcknowledgeBeforePersisting =
        World { slow: Some(3), crashes: [0, 0, 1], ..CALM };

    /// n3 promises to the second leader and forgets it in a crash: it accepts for the first one
    /// what the second cannot know of.
    forget_the_promise_at_restart: ForgetPromise =
        World { crashes: [0, 0, 1], asked: &[Ask::Write(1)], ..CALM };

    /// The same, but the promise was never durable: n3 promises to n1 and then to n2, loses both
    /// in a crash, accepts n1's entry, which is decided, and then n2's in its place.
    promise_before_persisting: PromiseBeforePersisting =
        World { network: Network::Multiset, slow: Some(3), crashes: [0, 0, 1], ..CALM };

    /// The same, but nobody forgets: n1 leads, n3 has accepted its first entry, and in its own log
    /// n1 puts what n2 sends in a lower ballot in that entry's place.
    take_entries_from_a_deposed_leader: IgnorePromise = World { asked: &[Ask::Write(1)], ..CALM };

    /// n3 acknowledges n1's entry, which is decided, and its disk loses it. Its vote makes n2
    /// leader.
    vote_in_doubt: VoteInDoubt = World {
        network: Network::Multiset,
        crashes: [0, 0, 1],
        doubtful: 1,
        in_flight: 3,
        ..CALM
    };

    /// n1 and n2 both lead and decide alone.
    decide_without_a_quorum: DecideWithoutQuorum = World { in_flight: 6, ..CALM };

    /// n2 and n3 say farewell to n1, which leads and decides alone; and they have not stopped.
    count_out_who_said_farewell: CountOutTheDeparted =
        World { in_flight: 6, asked: &[Ask::Depart(2), Ask::Depart(3)], ..CALM };

    /// n1 leads, and nobody hears of its first entry. n2 leads with n3's vote, and the first
    /// entry of its ballot is decided. n1 leads again with n3's vote: its own log is no shorter,
    /// so it keeps that one.
    adopt_the_longest_log: AdoptLongest = World { elections: [2, 1, 0], in_flight: 5, ..CALM };

    /// n2 leads and synchronises n3 with its first entry, and again, because n3's promise came
    /// twice, with the second one. n3 accepts both entries, which are decided; then the first
    /// message arrives and takes the second entry back. With n3's vote n1, whose promise was
    /// slow, leads next.
    truncate_in_the_same_ballot: TruncateSameBallot = World {
        network: Network::Multiset,
        slow: Some(1),
        duplicates: 1,
        in_flight: 3,
        asked: &[Ask::Write(2)],
        ..CALM
    };

    /// n1 does not know that n2 leads and has decided.
    grant_a_read_without_a_quorum: ReadWithoutQuorum =
        World { asked: &[Ask::Read(1)], wrong: STALE, ..CALM };

    /// n2 leads and has what n1 decided, but does not know that it is decided.
    grant_a_read_before_an_own_entry_is_decided: ReadBeforeOwnEntry =
        World { asked: &[Ask::Write(1), Ask::Read(2)], wrong: STALE, ..CALM };

    /// n2 asks, crashes, and takes the answer for one to what it asks later.
    reuse_an_incarnation: ReuseIncarnation = World {
        elections: [1, 0, 0],
        crashes: [0, 1, 0],
        asked: &[Ask::Read(2), Ask::Write(1), Ask::Read(2)],
        wrong: STALE,
        ..CALM
    };
}

/// What stories told step by step kill, and the files that tell them.
const TOLD: [(Mutant, &str); 6] = [
    (Mutant::FoldAcrossGap, include_str!("rot.rs")),
    (Mutant::CountOldWords, include_str!("rejoin.rs")),
    (Mutant::HearOldQuestions, include_str!("rejoin.rs")),
    (Mutant::OverhearOwnLoss, include_str!("rejoin.rs")),
    (Mutant::FlightUnbounded, include_str!("flight.rs")),
    (Mutant::FoldBelowDecided, include_str!("rot.rs")),
];

#[test]
fn every_bug_is_killed_where_it_says() {
    for mutant in Mutant::ALL {
        let explored = KILLED.contains(mutant);
        assert_eq!(explored, mutant.killer() == Killer::Explorer, "{mutant:?}");
        let planted = format!("Some(Mutant::{mutant:?})");
        let told = TOLD.iter().any(|(bug, file)| bug == mutant && file.contains(&planted));
        assert_eq!(told, mutant.killer() == Killer::Story, "{mutant:?}");
    }
}
