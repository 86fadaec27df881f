//! What is simulated: who serves whom, how each is made, and what befalls them.

use super::keeper::{Stop, Upstream};
use super::leap::Truth;
use super::oscillator::Habits;
use super::path::Path;
use super::receiver::{GPS_S, Signal, TAI_S};
use super::server::{Lie, Server, bump_ns};
use super::trouble::{Trouble, What};
use avouch_promise::{Nanos, Random, WallTime};
use avouch_time::calendar;
use avouch_time::detect::holdover::Oscillator as Class;
use avouch_time::interval::mutant::Mutant;
use avouch_time::interval::{Drift, Warning};

/// 2026-05-28T20:26:40Z.
const SOME_DAY: WallTime = WallTime(1_780_000_000_000_000_000);

/// How a keeper is made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What its clock is told of its oscillator.
    pub rho: Drift,
    /// What the oscillator really keeps to; rho, unless it is the trouble.
    pub true_most: Drift,
    /// How it misbehaves within that.
    pub habits: Habits,
    /// Whom it asks, and over what.
    pub upstreams: Vec<(Upstream, Path)>,
    /// How often.
    pub poll_s: u64,
    /// Exchanges of one poll, one soon after the other.
    pub burst: u64,
    /// Whether it follows one grandmaster alone, the best of those it hears, as in PTP. Its clock
    /// then has a sole source.
    pub follows_best: bool,
}

/// A part of the world.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// True time, and a leap in it.
    pub truth: Truth,
    /// Servers that need no explanation.
    pub servers: Vec<Server>,
    /// Servers of stratum 1, by the class of their oscillators.
    pub grandmasters: Vec<Class>,
    /// Hosts; each asks only those before it.
    pub keepers: Vec<Made>,
    /// What befalls them, in order of time.
    pub troubles: Vec<Trouble>,
    /// How long it lasts.
    pub seconds: u64,
    /// A planted bug of the hosts' clocks.
    pub mutant: Mutant,
}

impl Made {
    /// A host that asks some upstreams over one kind of path.
    pub fn new(rho: Drift, poll_s: u64, habits: Habits, upstreams: Vec<(Upstream, Path)>) -> Self {
        Self { rho, true_most: rho, habits, upstreams, poll_s, burst: 1, follows_best: false }
    }

    fn draw(rho: Drift, upstreams: Vec<(Upstream, Path)>, random: &mut Random) -> Self {
        let poll_s = [16, 64, 256, 1_024][random.below(4) as usize];
        let habits = Habits::draw(rho, random);
        Self { burst: 1 + random.below(2) * 3, ..Self::new(rho, poll_s, habits, upstreams) }
    }
}

impl Scenario {
    /// One host, and so many honest and exact servers on local paths.
    pub fn plain(servers: usize, rho: Drift, poll_s: u64, habits: Habits, days: u64) -> Self {
        let upstreams = (0..servers).map(|at| (Upstream::Server(at), Path::Local)).collect();
        Self {
            truth: Truth { start: SOME_DAY, leap: Warning::None },
            servers: vec![Server { error: Nanos::ZERO, lie: None }; servers],
            grandmasters: Vec::new(),
            keepers: vec![Made::new(rho, poll_s, habits, upstreams)],
            troubles: Vec::new(),
            seconds: days * 86_400,
            mutant: Mutant::None,
        }
    }

    /// Anything that keeps to what the clock assumes: of each host's sources fewer than half ever
    /// lie.
    pub fn draw(random: &mut Random, seconds: u64) -> Self {
        let into = random.between(seconds / 8, seconds * 7 / 8);
        let start = calendar::month_end(SOME_DAY).minus(Nanos::from_secs(into));
        let leap = [Warning::None, Warning::Insertion, Warning::Insertion, Warning::Deletion];
        let truth = Truth { start, leap: leap[random.below(4) as usize] };
        let flat = Self { truth, ..Self::plain(0, Drift::ppm(1), 16, Habits::default(), 0) };
        let mut drawn = Self { seconds, keepers: Vec::new(), ..flat };
        if random.chance(0.5) {
            drawn.site(random);
        } else {
            drawn.strata(random);
        }
        for keeper in 0..drawn.keepers.len() {
            drawn.befall(keeper, random);
        }
        drawn.troubles.sort_by_key(|trouble| trouble.second);
        drawn
    }

    /// One host and its servers.
    fn site(&mut self, random: &mut Random) {
        let count = 1 + random.below(7) as usize;
        let error = [Nanos::ZERO, Nanos(300_000), Nanos(2_000_000)][random.below(3) as usize];
        let lying = random.below(1 + (count as u64 - 1) / 2) as usize;
        for at in 0..count {
            let lie = (at < lying).then(|| Lie::draw(random));
            let error = if lie.is_some() { Nanos::ZERO } else { error };
            self.servers.push(Server { error, lie });
        }
        let path = [Path::Local, Path::Asymmetric, Path::Spikes][random.below(3) as usize];
        let upstreams = (0..count).map(|at| (Upstream::Server(at), path)).collect();
        let rho = some_rho(random);
        self.keepers.push(Made::draw(rho, upstreams, random));
    }

    //= §3.1.1 ntp-stratum
    /// Grandmasters, of which fewer than half are deceived; keepers of stratum 2 and 3 below them.
    fn strata(&mut self, random: &mut Random) {
        let count = 3 + random.below(3) as usize;
        let deceived = random.below(1 + (count as u64 - 1) / 2) as usize;
        for at in 0..count {
            let class = [Class::Tcxo, Class::Ocxo, Class::Rubidium][random.below(3) as usize];
            self.grandmasters.push(class);
            self.skies(at, at < deceived, random);
        }
        let masters: Vec<_> =
            (0..count).map(|at| (Upstream::Grandmaster(at), Path::Local)).collect();
        let seconds = random.between(1, 3) as usize;
        for _ in 0..seconds {
            let rho = some_rho(random);
            self.keepers.push(Made::draw(rho, masters.clone(), random));
        }
        let path = [Path::Local, Path::Asymmetric, Path::Spikes][random.below(3) as usize];
        let upstreams = (0..seconds).map(|at| (Upstream::Keeper(at), path)).collect();
        let rho = some_rho(random);
        self.keepers.push(Made::draw(rho, upstreams, random));
    }

    /// What a grandmaster's receiver gets over the time.
    fn skies(&mut self, grandmaster: usize, deceived: bool, random: &mut Random) {
        let mut second = random.below(self.seconds);
        while second < self.seconds {
            let signal = if deceived { deception(second, random) } else { Signal::Jammed };
            let lasts = random.between(600, 100_000);
            let sky = |second, signal| {
                let what = What::Sky { grandmaster, signal };
                Trouble { second, what }
            };
            self.troubles.push(sky(second, signal));
            self.troubles.push(sky(second + lasts, Signal::Clear));
            second += lasts + random.between(3_600, 400_000);
        }
        if deceived && random.chance(0.3) {
            let what = What::Excess { grandmaster, times: 5.0 };
            self.troubles.push(Trouble { second: 0, what });
        }
    }

    /// What befalls a host over the time.
    fn befall(&mut self, keeper: usize, random: &mut Random) {
        let (outages, steps, pauses) = (random.chance(0.5), random.chance(0.5), random.chance(0.5));
        let seconds = self.seconds;
        let times = |mean: u64, random: &mut Random| {
            let mut all = Vec::new();
            let mut at = random.below(2 * mean);
            while at < seconds {
                all.push(at);
                at += random.below(2 * mean) + 400;
            }
            all
        };
        let mut add = |second, what| self.troubles.push(Trouble { second, what });
        if outages {
            for at in times(200_000, random) {
                add(at, What::Outage { keeper, seconds: random.between(60, 86_400) });
            }
        }
        for at in times(100_000, random) {
            add(at, What::Warmth { keeper, degrees: 20.0 * random.unit() - 10.0 });
            let by_ns = random.below(40_000_000).cast_signed() - 20_000_000;
            add(at, What::Slant { keeper, by_ns, seconds: random.between(60, 20_000) });
        }
        if pauses {
            for at in times(20_000, random) {
                let stop = if random.chance(0.5) { Stop::Host } else { Stop::Clocks };
                add(at + 1, What::Pause { keeper, stop, seconds: random.between(1, 300) });
            }
        }
        if steps {
            for at in times(5_000, random) {
                add(
                    at,
                    What::Step { keeper, by_ns: bump_ns(random.below(26), random.chance(0.5)) },
                );
            }
            for at in times(50_000, random) {
                let by = Nanos(4_000_000 << random.below(17));
                self.troubles.extend(Trouble::strobe(at, keeper, by, random.between(2, 32)));
            }
        }
    }
}

fn some_rho(random: &mut Random) -> Drift {
    [Drift::ppm(15), Drift::ppm(50), Drift::ppm(1)][random.below(3) as usize]
}

fn deception(since: u64, random: &mut Random) -> Signal {
    match random.below(4) {
        0 => Signal::Scale(TAI_S),
        1 => Signal::Scale(GPS_S),
        2 => Signal::Spoofed { jump_ns: bump_ns(random.below(26), true), pull_ppb: 0, since },
        _ => {
            let pull_ppb = random.between(1, 20_000).cast_signed() - 10_000;
            Signal::Spoofed { jump_ns: 0, pull_ppb, since }
        }
    }
}
