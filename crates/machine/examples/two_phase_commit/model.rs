//! The worlds in which two-phase commit is explored, and what it is held to.

use crate::protocol::{Config, Mutant, Phase, TwoPhaseCommit};
use avouch_machine::explorer::{Bounds, Explorer, Network, Sync, System};

fn somebody(system: &System<'_, TwoPhaseCommit>, phase: Phase) -> bool {
    system.states().any(|(_, state)| state.phase == phase)
}

/// The world of the TLA+ specification: messages ever sent, a disk that is part of the step, no
/// restarts.
pub(crate) fn specification(participants: u32, mutant: Option<Mutant>) -> Explorer<TwoPhaseCommit> {
    Explorer::new(Config::system(participants, mutant))
        .network(Network::EverSent)
        .disk(Sync::Immediate)
        .invariant("all or nothing", |system| {
            !(somebody(system, Phase::Committed) && somebody(system, Phase::Aborted))
        })
        .check("committed only with every vote", |system| {
            let committed = system.nodes().skip(1).filter(|node| {
                node.state.as_ref().is_some_and(|state| state.phase == Phase::Committed)
            });
            for node in committed {
                let voted = node.disk.records.iter().any(|(_, phase)| *phase == Phase::Prepared);
                if !voted {
                    return Err(format!("{} has committed without a vote", node.id));
                }
            }
            Ok(())
        })
        .reaches("everyone committed", |system| {
            system.states().all(|(_, state)| state.phase == Phase::Committed)
        })
        .reaches("everyone aborted", |system| {
            system.states().all(|(_, state)| state.phase == Phase::Aborted)
        })
}

/// A real world: disks that sync when they like, crashes, each message received once or twice.
pub(crate) fn faults(participants: u32, mutant: Option<Mutant>) -> Explorer<TwoPhaseCommit> {
    specification(participants, mutant)
        .network(Network::Multiset)
        .disk(Sync::AnyPrefix)
        .bounds(Bounds { crashes: 2, duplicates: 1, ..Bounds::default() })
}
