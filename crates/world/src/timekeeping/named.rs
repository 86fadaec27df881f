//! Faults of clocks by name: one host under each, and whether the clock's assumptions still hold.
//!
//! | name | what breaks |
//! |---|---|
//! | `none` .. `falsetickers` | nothing that the clock assumes: the true time is in every reading |
//! | `lying-majority` .. | an assumption, and so a reading may be wrong until it is found out, if it can be |

use super::keeper::{Stop, Upstream};
use super::leap::{Manner, Truth};
use super::oscillator::Habits;
use super::path::Path;
use super::receiver::{Signal, TAI_S};
use super::scenario::{Made, Scenario};
use super::server::{Lie, Server, bump_ns};
use super::trouble::{Trouble, What};
use avouch_promise::{Nanos, WallTime};
use avouch_time::calendar;
use avouch_time::detect::holdover::Oscillator as Class;
use avouch_time::interval::mutant::Mutant;
use avouch_time::interval::{Drift, Warning};

/// 2026-06-30T12:00:00Z: half a day before the end of a month.
const NOON: WallTime = WallTime(1_782_820_800_000_000_000);
/// When most faults begin.
const BEGINS: u64 = 3_600;

/// A fault by its name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// The name that a command takes.
    pub name: &'static str,
    /// What happens.
    pub about: &'static str,
    /// Whether what the clock assumes still holds.
    pub is_assumed: bool,
    change: fn(&mut Scenario),
}

/// All faults that have a name.
pub const ALL: [Named; 24] = [
    held("none", "nothing", |_| {}),
    held("step", "the wall clock is set forward by 100 ms", |all| {
        at(all, BEGINS, What::Step { keeper: 0, by_ns: 100_000_000 });
    }),
    held("bump", "the wall clock is set back by 288 s", |all| {
        at(all, BEGINS, What::Step { keeper: 0, by_ns: bump_ns(25, false) });
    }),
    held("strobe", "the wall clock goes forth and back by 4 s every second for 32 s", |all| {
        all.troubles.extend(Trouble::strobe(BEGINS, 0, Nanos::from_secs(4), 32));
    }),
    held("slew", "the wall clock is slewed by 500 ppm for ten minutes", |all| {
        at(all, BEGINS, What::Slew { keeper: 0, ppb: 500_000, seconds: 600 });
    }),
    held("temperature", "the host's room is 20 degrees warmer from an hour on", |all| {
        all.keepers[0].habits.per_degree = 150.0;
        at(all, BEGINS, What::Warmth { keeper: 0, degrees: 20.0 });
    }),
    held("outage", "no server is reached for six hours", |all| {
        at(all, BEGINS, What::Outage { keeper: 0, seconds: 6 * 3_600 });
    }),
    held("asymmetry", "the way back takes 50 ms longer for two hours", |all| {
        at(all, BEGINS, What::Slant { keeper: 0, by_ns: -50_000_000, seconds: 7_200 });
    }),
    held(
        "suspend",
        "the host and its clocks stand still for five minutes, which it notices",
        |all| {
            at(all, BEGINS, What::Pause { keeper: 0, stop: Stop::Clocks, seconds: 300 });
        },
    ),
    held("gps-jamming", "grandmaster 0 has no satellites for eleven hours", |all| {
        sky(all, 0, Signal::Jammed);
        at(all, 12 * BEGINS, What::Sky { grandmaster: 0, signal: Signal::Clear });
    }),
    held("gps-outage", "no grandmaster has satellites from an hour on", |all| {
        (0..all.grandmasters.len()).for_each(|master| sky(all, master, Signal::Jammed));
    }),
    held("gps-spoofing", "the receiver of grandmaster 0 is pulled off by 100 ppb", |all| {
        let (jump_ns, since) = (0, BEGINS);
        sky(all, 0, Signal::Spoofed { jump_ns, pull_ppb: 100, since });
    }),
    held("gps-jump", "the receiver of grandmaster 0 is spoofed, and jumps by 5 ms", |all| {
        let (pull_ppb, since) = (0, BEGINS);
        sky(all, 0, Signal::Spoofed { jump_ns: 5_000_000, pull_ppb, since });
    }),
    held("tai", "grandmaster 0 serves TAI, 37 s ahead", |all| {
        sky(all, 0, Signal::Scale(TAI_S));
    }),
    held(
        "holdover-excess",
        "grandmaster 0 in holdover for eleven hours drifts by five times its budget",
        |all| {
            sky(all, 0, Signal::Jammed);
            at(all, 0, What::Excess { grandmaster: 0, times: 5.0 });
            at(all, 12 * BEGINS, What::Sky { grandmaster: 0, signal: Signal::Clear });
        },
    ),
    held("leap-step", "a second is inserted at 12 h, as announced", |all| {
        all.truth.leap = Warning::Insertion;
    }),
    held(
        "leap-missed",
        "a second is inserted at 12 h, of which one server of four does not know",
        |all| {
            all.truth.leap = Warning::Insertion;
            leaping(all, Manner::Misses);
        },
    ),
    held("leap-smear", "a second is inserted at 12 h, which one server of four smears", |all| {
        all.truth.leap = Warning::Insertion;
        leaping(all, Manner::Smears);
    }),
    held("falsetickers", "one server of four steps by up to 288 s, and back", |all| {
        with_server(all, Lie::Bumps);
    }),
    broken("drift", "the oscillator is off by 60 ppm, where rho is 15", |all| {
        all.keepers[0].habits.offset = 60_000.0;
        all.keepers[0].true_most = Drift::ppm(100);
    }),
    broken(
        "vm-pause",
        "the host and its clocks stand still for five minutes, of which nobody tells",
        |all| {
            at(all, BEGINS, What::Pause { keeper: 0, stop: Stop::Unknowing, seconds: 300 });
        },
    ),
    broken(
        "lying-majority",
        "two grandmasters of three are pulled off together by 100 ppb",
        |all| {
            for master in 0..2 {
                let (jump_ns, since) = (0, BEGINS);
                sky(all, master, Signal::Spoofed { jump_ns, pull_ppb: 100, since });
            }
        },
    ),
    broken(
        "rogue-grandmaster",
        "a PTP host follows the best grandmaster, which is spoofed by 5 ms",
        |all| {
            all.keepers[0].follows_best = true;
            let (pull_ppb, since) = (0, BEGINS);
            sky(all, 0, Signal::Spoofed { jump_ns: 5_000_000, pull_ppb, since });
        },
    ),
    broken("leap-unannounced", "a second is inserted at 12 h, and no server announces it", |all| {
        all.truth.leap = Warning::Insertion;
        all.grandmasters.clear();
        all.servers = vec![Server { error: Nanos::ZERO, lie: None }; 3];
        for server in &mut all.servers {
            server.lie = Some(Lie::Leap(Manner::StepsUnannounced));
        }
        all.keepers[0].upstreams = (0..3).map(|at| (Upstream::Server(at), Path::Local)).collect();
    }),
];

const fn held(name: &'static str, about: &'static str, change: fn(&mut Scenario)) -> Named {
    Named { name, about, is_assumed: true, change }
}

const fn broken(name: &'static str, about: &'static str, change: fn(&mut Scenario)) -> Named {
    Named { name, about, is_assumed: false, change }
}

fn at(all: &mut Scenario, second: u64, what: What) {
    all.troubles.push(Trouble { second, what });
}

fn sky(all: &mut Scenario, grandmaster: usize, signal: Signal) {
    at(all, BEGINS, What::Sky { grandmaster, signal });
}

/// A fourth source beside the grandmasters, which lies.
fn with_server(all: &mut Scenario, lie: Lie) {
    all.servers.push(Server { error: Nanos::ZERO, lie: Some(lie) });
    all.keepers[0].upstreams.push((Upstream::Server(0), Path::Local));
}

fn leaping(all: &mut Scenario, manner: Manner) {
    with_server(all, Lie::Leap(manner));
}

/// The fault of a name.
pub fn find(name: &str) -> Option<&'static Named> {
    ALL.iter().find(|named| named.name == name)
}

impl Named {
    /// A host on a quartz that asks three grandmasters of a class every 16 s, and the fault.
    pub fn scenario(&self, class: Class, rho: Drift, seconds: u64) -> Scenario {
        let upstreams = (0..3).map(|at| (Upstream::Grandmaster(at), Path::Local)).collect();
        let most = f64::from(rho.parts());
        let habits = Habits {
            offset: most * 0.5,
            hourly_step: most * 0.1,
            white: most * 0.001,
            flicker: most * 0.005,
            ..Habits::default()
        };
        let mut all = Scenario {
            truth: Truth { start: NOON, leap: Warning::None },
            servers: Vec::new(),
            grandmasters: vec![class; 3],
            keepers: vec![Made::new(rho, 16, habits, upstreams)],
            troubles: Vec::new(),
            seconds,
            mutant: Mutant::None,
        };
        debug_assert_eq!(calendar::month_end(NOON).0 - NOON.0, 43_200_000_000_000);
        (self.change)(&mut all);
        all.troubles.sort_by_key(|trouble| trouble.second);
        all
    }
}
