//! One run: second by second, exchange by exchange.

use super::super::{Class, Drift, IntervalClock, Moment, Published, Verdict};
use super::baseline::Baseline;
use super::host::{Host, SECOND, START};
use super::oscillator::Oscillator;
use super::scenario::{Pauses, Scenario};
use avouch_promise::{Interval, Nanos, Random, WallTime};

/// What came out.
#[derive(Clone, Debug, Default)]
pub(super) struct Outcome {
    /// Looks at the clock, and how many of them told an interval without the true time.
    pub(super) checks: u64,
    pub(super) violations: u64,
    /// The first of these, in seconds.
    pub(super) first: Option<u64>,
    /// Looks to which nothing was claimed.
    pub(super) silent: u64,
    /// Sources that contradicted themselves.
    pub(super) contradictions: u64,
    /// Half the widths, where they are kept.
    pub(super) halves: Vec<u64>,
    /// The baseline's looks, wrong ones among them, and half widths.
    pub(super) baseline: (u64, u64, Vec<u64>),
    /// Polls after which each source was called false or inconsistent for the first time.
    pub(super) named: Vec<Option<u64>>,
}

impl Outcome {
    pub(super) fn median(halves: &[u64]) -> Option<Nanos> {
        let mut sorted = halves.to_vec();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().map(Nanos)
    }
}

/// How closely a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// The clock itself every second.
    Clock,
    /// What is published every second, and the clock itself every 16 seconds.
    Published,
    /// The clock itself, half widths, verdicts and the baseline.
    All,
}

/// Runs a scenario.
pub(super) fn run(scenario: &Scenario, look: Look, mut random: Random) -> Outcome {
    let oscillator = Oscillator::new(scenario.habits, scenario.true_most, random.fork(1));
    let mut host = Host::new(oscillator);
    let count = scenario.servers.len();
    let mut clock = IntervalClock::planted(count, scenario.rho, scenario.mutant);
    let published = Published::new();
    let mut baseline = Baseline::default();
    let phases: Vec<u64> = (0..count).map(|_| random.below(scenario.poll_s)).collect();
    let into_ns: Vec<u64> = (0..count).map(|_| random.below(SECOND * 9 / 10)).collect();
    let check_ns = random.below(SECOND);
    let mut troubles = Troubles::default();
    let mut outcome = Outcome { named: vec![None; count], ..Outcome::default() };
    for second in 0..scenario.seconds {
        host.oscillator.tick(second, troubles.stood(second));
        if troubles.befall(scenario, second, &mut host, &mut clock, &mut random) {
            continue;
        }
        if troubles.woke == Some(second) {
            publish(&published, &clock, &host.moment(0), scenario.rho);
        }
        for source in 0..count {
            if second % scenario.poll_s == phases[source] && second >= troubles.out_until {
                let server = &scenario.servers[source];
                for exchange in 0..scenario.burst {
                    let into = into_ns[source] + exchange * 2_000_000;
                    host.ask((source, server, scenario.path), (second, into), &mut random);
                }
            }
        }
        take(&mut host, (second, check_ns), scenario, &mut clock, |clock, host, made| {
            outcome.contradictions += u64::from(made.1);
            baseline.measure(made.0);
            publish(&published, clock, &host, scenario.rho);
        });
        let now = host.moment(check_ns);
        let truth = WallTime(START.0 + (second * SECOND + check_ns).cast_signed());
        let interval = match look {
            Look::Published if !second.is_multiple_of(16) => published.now(now.steady),
            _ => clock.read(&now).interval,
        };
        outcome.checks += 1;
        outcome.silent += u64::from(interval == Interval::UNKNOWN);
        if !interval.contains(truth) && second >= troubles.blind_until {
            outcome.violations += 1;
            outcome.first = outcome.first.or(Some(second));
        }
        if look == Look::All {
            outcome.note(scenario, second, &clock, &now, &baseline, truth);
        }
        take(&mut host, (second, SECOND), scenario, &mut clock, |clock, host, made| {
            outcome.contradictions += u64::from(made.1);
            baseline.measure(made.0);
            publish(&published, clock, &host, scenario.rho);
        });
    }
    outcome
}

fn publish(published: &Published, clock: &IntervalClock, now: &Moment, rho: Drift) {
    published.publish(now.steady, &clock.read(now), rho);
}

/// Hands the answers that have come to the clock.
fn take(
    host: &mut Host,
    until: (u64, u64),
    scenario: &Scenario,
    clock: &mut IntervalClock,
    mut then: impl FnMut(&IntervalClock, Moment, (&super::super::Measurement, bool)),
) {
    for (source, made) in host.arrived(until, &scenario.servers) {
        let contradicted = clock.measure(source, &made).is_err();
        then(clock, made.received, (&made, contradicted));
    }
}

impl Outcome {
    fn note(
        &mut self,
        scenario: &Scenario,
        second: u64,
        clock: &IntervalClock,
        now: &Moment,
        baseline: &Baseline,
        truth: WallTime,
    ) {
        let reading = clock.read(now);
        if reading.class != Class::None {
            self.halves.extend(reading.epsilon().map(|half| half.0));
        }
        if let Some(claimed) = baseline.claims(now.steady) {
            self.baseline.0 += 1;
            self.baseline.1 += u64::from(!claimed.contains(truth));
            self.baseline.2.push(claimed.latest.0.abs_diff(claimed.earliest.0) / 2);
        }
        for (source, verdict) in clock.verdicts(now).into_iter().enumerate() {
            let named = matches!(verdict, Verdict::Falseticker | Verdict::Inconsistent);
            if named && self.named[source].is_none() {
                self.named[source] = Some(second.div_ceil(scenario.poll_s));
            }
        }
    }
}

/// What is happening to the host.
#[derive(Clone, Debug, Default)]
struct Troubles {
    out_until: u64,
    paused_from: u64,
    paused_until: u64,
    woke: Option<u64>,
    clocks_stand: bool,
    /// No bound can hold before: nobody told the clock that it stood still.
    blind_until: u64,
}

impl Troubles {
    /// Whether the clocks stood still in the second before this one.
    fn stood(&self, second: u64) -> bool {
        self.clocks_stand && second > self.paused_from && second <= self.paused_until
    }

    /// Whether the host stands still in this second.
    fn befall(
        &mut self,
        scenario: &Scenario,
        second: u64,
        host: &mut Host,
        clock: &mut IntervalClock,
        random: &mut Random,
    ) -> bool {
        if self.paused_until > second && second >= self.paused_from {
            // What comes meanwhile finds nobody.
            host.lose();
            return true;
        }
        if self.paused_until == second && second > 0 && self.clocks_stand {
            (self.clocks_stand, self.woke) = (false, Some(second));
            if scenario.pauses == Pauses::Told {
                clock.disrupt();
            } else {
                self.blind_until = second + scenario.poll_s + 2;
            }
        }
        if scenario.outages && random.chance(1.0 / 200_000.0) {
            self.out_until = second + random.between(60, 86_400);
        }
        if scenario.bumps && random.chance(1.0 / 5_000.0) {
            let size = 1.5_f64.powi(6 + random.below(26) as i32) * 1e6;
            host.set_ns += if random.chance(0.5) { size as i64 } else { -(size as i64) };
        }
        if scenario.pauses != Pauses::Never && random.chance(1.0 / 20_000.0) {
            self.paused_from = second + 1;
            self.paused_until = second + 1 + random.between(1, 300);
            self.clocks_stand = scenario.pauses == Pauses::Untold || random.chance(0.5);
        }
        false
    }
}
