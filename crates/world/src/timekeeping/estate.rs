//! The world of clocks: second by second, exchange by exchange.

use super::baseline::Baseline;
use super::grandmaster::Grandmaster;
use super::keeper::{Keeper, Stop, Upstream};
use super::leap::{Manner, Truth};
use super::oscillator::Oscillator;
use super::path::Path;
use super::scenario::{Made, Scenario};
use super::server::Server;
use super::trouble::{Trouble, What};
use avouch_promise::{Interval, Nanos, Random, WallTime};
use avouch_time::interval::{
    Class, IntervalClock, Measurement, Moment, Published, Reading, Verdict, Warning,
};
use avouch_time::ptp::best_master;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000_000;

/// A packet.
#[derive(Clone, Copy, Debug)]
struct Packet {
    keeper: usize,
    source: usize,
    /// How often the keeper had stood still when it asked: what comes to another one is lost.
    life: u64,
    sent: Moment,
    back_ns: u64,
    answer: Option<Answer>,
}

/// What an upstream answers.
#[derive(Clone, Copy, Debug)]
struct Answer {
    received: WallTime,
    error: Nanos,
    warning: Warning,
    held: Nanos,
}

/// The world of clocks.
#[derive(Debug)]
pub struct Estate {
    truth: Truth,
    second: u64,
    /// What is on its way, by when it arrives.
    packets: BTreeMap<(u64, u64), Packet>,
    order: u64,
    servers: Vec<Server>,
    /// Servers of stratum 1.
    pub grandmasters: Vec<Grandmaster>,
    /// Hosts.
    pub keepers: Vec<Keeper>,
    lives: Vec<u64>,
    troubles: Vec<Trouble>,
    next_trouble: usize,
    random: Random,
}

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// By which host.
    pub keeper: usize,
    /// Which of its sources.
    pub source: usize,
    /// The exchange.
    pub made: Measurement,
    /// Whether it contradicted what the source had said before.
    pub contradicted: bool,
}

impl Estate {
    /// The world that a scenario describes.
    pub fn new(scenario: &Scenario, mut random: Random) -> Self {
        let keeper = |(at, made): (usize, &Made)| {
            let random = &mut random.fork(1_000 + at as u64);
            let phase =
                |random: &mut Random| (random.below(made.poll_s), random.below(SECOND * 9 / 10));
            let start = scenario.truth.start.0;
            let sources = if made.follows_best { 1 } else { made.upstreams.len() };
            Keeper {
                oscillator: Oscillator::new(made.habits, made.true_most, random.fork(1)),
                set_ns: start,
                clock: IntervalClock::planted(sources, made.rho, scenario.mutant),
                follows_best: made.follows_best,
                published: Published::new(),
                upstreams: made.upstreams.clone(),
                poll_s: made.poll_s,
                burst: made.burst,
                phases: made.upstreams.iter().map(|_| phase(random)).collect(),
                out_until: 0,
                slanted: (0, 0),
                slewed: (0, 0),
                slid_ns: 0,
                slept: Nanos::ZERO,
                stands: None,
                blind_until: 0,
            }
        };
        let keepers: Vec<Keeper> = scenario.keepers.iter().enumerate().map(keeper).collect();
        let grandmaster =
            |(at, class): (usize, &_)| Grandmaster::new(*class, &random.fork(2_000 + at as u64));
        let grandmasters = scenario.grandmasters.iter().enumerate().map(grandmaster).collect();
        Self {
            truth: scenario.truth,
            second: 0,
            packets: BTreeMap::new(),
            order: 0,
            servers: scenario.servers.clone(),
            grandmasters,
            lives: vec![0; keepers.len()],
            keepers,
            troubles: scenario.troubles.clone(),
            next_trouble: 0,
            random: {
                random.bits();
                random
            },
        }
    }

    /// The second that has begun.
    pub fn second(&self) -> u64 {
        self.second
    }

    /// The true time, so many nanoseconds into this second.
    pub fn now(&self, into_ns: u64) -> WallTime {
        self.truth.at(self.second * SECOND + into_ns)
    }

    /// Begins the next second: clocks tick, troubles befall, hosts ask.
    pub fn begin(&mut self, second: u64) {
        self.second = second;
        for master in &mut self.grandmasters {
            master.tick(second);
        }
        for keeper in &mut self.keepers {
            let stood = keeper.stood(second);
            keeper.oscillator.tick(second, stood);
            let (gains_ns, until) = keeper.slewed;
            if second < until && !stood {
                keeper.set_ns += gains_ns;
                keeper.slid_ns += gains_ns;
            }
        }
        while let Some(trouble) = self.troubles.get(self.next_trouble)
            && trouble.second <= second
        {
            let what = trouble.what;
            self.next_trouble += 1;
            self.befall(what);
        }
        for keeper in 0..self.keepers.len() {
            self.wake(keeper);
            self.ask(keeper);
        }
    }

    fn befall(&mut self, what: What) {
        let second = self.second;
        match what {
            What::Step { keeper, by_ns } => self.keepers[keeper].set_ns += by_ns,
            What::Slew { keeper, ppb, seconds } => {
                self.keepers[keeper].slewed = (ppb, second + seconds);
            }
            What::Outage { keeper, seconds } => self.keepers[keeper].out_until = second + seconds,
            What::Slant { keeper, by_ns, seconds } => {
                self.keepers[keeper].slanted = (by_ns, second + seconds);
            }
            What::Pause { keeper, stop, seconds } => {
                let keeper = &mut self.keepers[keeper];
                if keeper.stands.is_none() {
                    keeper.stands = Some((second, second + seconds, stop));
                }
            }
            What::Warmth { keeper, degrees } => self.keepers[keeper].oscillator.warm(degrees),
            What::Sky { grandmaster, signal } => self.grandmasters[grandmaster].signal = signal,
            What::Excess { grandmaster, times } => self.grandmasters[grandmaster].excess = times,
        }
    }

    /// A host that stood still until now goes on.
    fn wake(&mut self, at: usize) {
        let keeper = &mut self.keepers[at];
        let Some((from, until, stop)) = keeper.stands else { return };
        if from == self.second {
            self.lives[at] += 1;
        }
        if until != self.second {
            return;
        }
        keeper.stands = None;
        match stop {
            Stop::Host => {}
            Stop::Clocks => {
                // What counts on while it sleeps is put right, and the wall clock with it.
                let slept = Nanos::from_secs(until - from);
                keeper.slept = keeper.slept.plus(slept);
                keeper.set_ns = keeper.set_ns.saturating_add_unsigned(slept.0);
                keeper.clock.disrupt();
            }
            Stop::Unknowing => keeper.blind_until = self.second + keeper.poll_s + 2,
        }
        self.publish(at, 0);
    }

    fn publish(&self, at: usize, into_ns: u64) {
        let keeper = &self.keepers[at];
        let now = keeper.moment(into_ns);
        keeper.published.publish(now.steady, &keeper.clock.read(&now), keeper.clock.rho());
    }

    fn ask(&mut self, at: usize) {
        let keeper = &self.keepers[at];
        if keeper.stands(self.second) || self.second < keeper.out_until {
            return;
        }
        let mut sent = Vec::new();
        let best = keeper.follows_best.then(|| self.best(keeper)).flatten();
        for (source, (phase, into_ns)) in keeper.phases.iter().enumerate() {
            if keeper.follows_best && best != Some(source) {
                continue;
            }
            if self.second % keeper.poll_s == *phase {
                let into = |exchange: u64| into_ns + exchange * 2_000_000;
                sent.extend((0..keeper.burst).map(|exchange| (source, into(exchange))));
            }
        }
        for (source, into_ns) in sent {
            let (_, path) = self.keepers[at].upstreams[source];
            let (out_ns, back_ns) = self.delays(at, path);
            let packet = Packet {
                keeper: at,
                source,
                life: self.lives[at],
                sent: self.keepers[at].moment(into_ns),
                back_ns,
                answer: None,
            };
            self.send(self.second * SECOND + into_ns + out_ns, packet);
        }
    }

    /// Of the grandmasters that a host hears, the one that says that it is best.
    fn best(&self, keeper: &Keeper) -> Option<usize> {
        let announced = keeper.upstreams.iter().enumerate().filter_map(|(source, (up, _))| {
            let Upstream::Grandmaster(master) = up else { return None };
            Some((source, self.grandmasters.get(*master)?.announces(*master)))
        });
        let announced: Vec<_> = announced.collect();
        best_master::best(announced.iter().map(|(source, announce)| (*source, announce)))
    }

    fn delays(&mut self, at: usize, path: Path) -> (u64, u64) {
        let (mut out, mut back) = path.delays(&mut self.random);
        let (by_ns, until) = self.keepers[at].slanted;
        if self.second < until {
            let way = if by_ns > 0 { &mut out } else { &mut back };
            *way += by_ns.unsigned_abs();
        }
        (out, back)
    }

    fn send(&mut self, arrives_ns: u64, packet: Packet) {
        self.order += 1;
        self.packets.insert((arrives_ns, self.order), packet);
    }

    /// What arrives in this second before a moment of it, in order.
    pub fn arrive(&mut self, until_ns: u64, mut then: impl FnMut(&Self, &Measured)) {
        let until = self.second * SECOND + until_ns;
        while let Some(first) = self.packets.first_entry()
            && first.key().0 < until
        {
            let ((at_ns, _), mut packet) = first.remove_entry();
            let into_ns = at_ns - self.second * SECOND;
            if packet.answer.is_none() {
                packet.answer = self.answer(&packet, at_ns, into_ns);
                if let Some(answer) = packet.answer {
                    self.send(at_ns + answer.held.0 + packet.back_ns, packet);
                }
            } else if let Some(measured) = self.measured(&packet, into_ns) {
                self.publish(packet.keeper, into_ns);
                then(self, &measured);
            }
        }
    }

    fn answer(&mut self, packet: &Packet, at_ns: u64, into_ns: u64) -> Option<Answer> {
        let held = Nanos(1_000 + self.random.below(20_000));
        let (upstream, _) = self.keepers[packet.keeper].upstreams[packet.source];
        let (received, error, warning) = match upstream {
            Upstream::Server(server) => {
                let server = &self.servers[server];
                let warning = self.truth.warning(server.manner(), at_ns);
                (server.clock(&self.truth, at_ns, &mut self.random), server.error, warning)
            }
            Upstream::Grandmaster(master) => {
                let master = &self.grandmasters[master];
                let time = WallTime(self.truth.at(at_ns).0 + master.error_ns(into_ns));
                (time, master.claims(), self.truth.warning(Manner::Steps, at_ns))
            }
            Upstream::Keeper(keeper) if self.keepers[keeper].stands(self.second) => return None,
            Upstream::Keeper(keeper) => {
                let reading = self.keepers[keeper].reading(into_ns);
                let (time, error) = Keeper::serves(&reading)?;
                let warning = match reading.leap {
                    Some(leap) if leap.deletion => Warning::Deletion,
                    Some(_) => Warning::Insertion,
                    None => Warning::None,
                };
                (time, error, warning)
            }
        };
        Some(Answer { received, error, warning, held })
    }

    fn measured(&mut self, packet: &Packet, into_ns: u64) -> Option<Measured> {
        let (at, source, answer) = (packet.keeper, packet.source, packet.answer?);
        let keeper = &mut self.keepers[at];
        if keeper.stands(self.second) || packet.life != self.lives[at] {
            return None;
        }
        let made = Measurement {
            sent: packet.sent,
            server_received: answer.received,
            server_sent: answer.received.plus(answer.held),
            received: keeper.moment(into_ns),
            server_error: answer.error,
            warning: answer.warning,
        };
        let voice = if keeper.follows_best { 0 } else { source };
        let contradicted = keeper.clock.measure(voice, &made).is_err();
        Some(Measured { keeper: at, source, made, contradicted })
    }
}

/// What came out.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Looks at the clocks, and how many of them told an interval without the true time.
    pub checks: u64,
    /// These.
    pub violations: u64,
    /// The same right after a host's clocks stood still without its knowledge: until its next
    /// exchanges nothing can tell it.
    pub unknowing: u64,
    /// The first violation: the second, and which host.
    pub first: Option<(u64, usize)>,
    /// Looks to which nothing was claimed.
    pub silent: u64,
    /// Sources that contradicted themselves.
    pub contradictions: u64,
    /// Half the widths of the last host, where they are kept.
    pub halves: Vec<u64>,
    /// The baseline's looks, wrong ones among them, and half widths.
    pub baseline: (u64, u64, Vec<u64>),
    /// Polls after which each source of the last host was called false or inconsistent for the
    /// first time.
    pub named: Vec<Option<u64>>,
}

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The clocks themselves every second.
    Clock,
    /// What is published every second, and the clocks themselves every 16 seconds.
    Published,
    /// The clocks themselves; half widths, verdicts and the baseline of the last host.
    All,
}

/// Runs a scenario to its end.
pub fn run(scenario: &Scenario, look: Look, mut random: Random) -> Outcome {
    let check_ns = random.below(SECOND);
    let mut estate = Estate::new(scenario, random);
    let last = estate.keepers.len().saturating_sub(1);
    let count = estate.keepers.last().map_or(0, |keeper| keeper.upstreams.len());
    let mut baseline = Baseline::default();
    let mut outcome = Outcome { named: vec![None; count], ..Outcome::default() };
    for second in 0..scenario.seconds {
        estate.begin(second);
        for until in [check_ns, SECOND] {
            estate.arrive(until, |_, measured| {
                outcome.contradictions += u64::from(measured.contradicted);
                if look == Look::All && measured.keeper == last {
                    baseline.measure(&measured.made);
                }
            });
            if until == check_ns {
                outcome.look(&estate, look, check_ns);
                if look == Look::All {
                    outcome.note(&estate, check_ns, &baseline);
                }
            }
        }
    }
    outcome
}

impl Outcome {
    /// The middle of half widths.
    pub fn median(halves: &[u64]) -> Option<Nanos> {
        let mut sorted = halves.to_vec();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().map(Nanos)
    }

    fn look(&mut self, estate: &Estate, look: Look, into_ns: u64) {
        let (second, truth) = (estate.second, estate.now(into_ns));
        for (at, keeper) in estate.keepers.iter().enumerate() {
            if keeper.stands(second) {
                continue;
            }
            let interval = match look {
                Look::Published if !second.is_multiple_of(16) => keeper.published(into_ns),
                _ => keeper.reading(into_ns).interval,
            };
            self.checks += 1;
            self.silent += u64::from(interval == Interval::UNKNOWN);
            if !interval.contains(truth) && second < keeper.blind_until {
                self.unknowing += 1;
            } else if !interval.contains(truth) {
                self.violations += 1;
                self.first = self.first.or(Some((second, at)));
            }
        }
    }

    fn note(&mut self, estate: &Estate, into_ns: u64, baseline: &Baseline) {
        let (Some(keeper), truth) = (estate.keepers.last(), estate.now(into_ns)) else { return };
        let now = keeper.moment(into_ns);
        let reading: Reading = keeper.clock.read(&now);
        if reading.class != Class::None {
            self.halves.extend(reading.epsilon().map(|half| half.0));
        }
        if let Some(claimed) = baseline.claims(now.steady) {
            self.baseline.0 += 1;
            self.baseline.1 += u64::from(!claimed.contains(truth));
            self.baseline.2.push(claimed.latest.0.abs_diff(claimed.earliest.0) / 2);
        }
        for (source, verdict) in keeper.clock.verdicts(&now).into_iter().enumerate() {
            let named = matches!(verdict, Verdict::Falseticker | Verdict::Inconsistent);
            if named && self.named[source].is_none() {
                self.named[source] = Some(estate.second.div_ceil(keeper.poll_s));
            }
        }
    }
}
