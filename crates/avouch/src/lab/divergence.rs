//! `avouch lab divergence`: how many keys differ between which replicas, over time, while a
//! simulated cluster lives through faults; and whether they agree again when all is calm.
//!
//! ```text
//!   n1-n3  ......__--==##==-...........    one column a stretch of time, darker for more keys
//! ```
//!
//! Exit 0: no pair differs in the end. Exit 1: some do, and nothing will mend them.

//= §1.1.2 state divergence mechanics: which keys differ between which replicas, over time

use super::plot::{Axis, Line, Plot};
use crate::exit::Exit;
use crate::quantity::{self, exact, nanos};
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error, Nanos, Random};
use avouch_store::campaign::Plan;
use avouch_store::campaign::divergence::{Meter, Pair, Series};
use avouch_store::node::NodeMutant;
use avouch_world::Fault;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The examples at the end of `avouch lab divergence --help`.
pub const EXAMPLES: &str = "\
Examples:
  avouch lab divergence
  avouch lab divergence --seed 7 --keys 100 --seconds 5s --svg divergence.svg
  avouch lab divergence --seconds 2s --format json

Exit codes:
  0 all replicas agree in the end   1 some differ for good
  3 usage   4 environment   6 a run broke its own promises";

/// `avouch lab divergence`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// How long faults last, in virtual time; a quarter of it, and two seconds, of calm follow
    #[arg(long, value_name = "SPAN", default_value = "8s", value_parser = quantity::span)]
    pub seconds: Duration,
    /// How many replicas
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(2..=9))]
    pub nodes: u32,
    /// On how many keys the clients work
    #[arg(long, value_name = "COUNT", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub keys: u64,
    /// How often the meter looks, in virtual time
    #[arg(long, value_name = "SPAN", default_value = "50ms", value_parser = quantity::span)]
    pub every: Duration,
    /// The run's seed; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
    /// Draw the series into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Plant a bug, to see it as lasting divergence
    #[arg(long, value_enum, value_name = "BUG")]
    pub plant: Option<Plant>,
}

/// A bug that can be planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Plant {
    /// Node 2 does not apply every 40th entry of the log
    SkipEntry,
}

/// The most samples of a run: what a person or a chart can still tell apart, a hundredfold.
const SAMPLES_MAX: u128 = 100_000;
/// How many keys are named in text.
const FEW: usize = 6;
/// Columns of the series in text.
const COLUMNS: usize = 64;
/// From nothing to the most, after a dot for no difference at all.
const SHADES: [char; 5] = ['_', '-', '=', '*', '#'];

/// Meters one run and shows it.
pub fn run(options: &Options, screen: &mut Screen) -> Result<Exit, Error> {
    if options.seconds.as_nanos() / options.every.as_nanos().max(1) > SAMPLES_MAX {
        let got = format!("{:?} in {:?}", options.every, options.seconds);
        return Err(Error::new(Blame::Caller, format!("at most {SAMPLES_MAX} samples"), got)
            .hint("raise --every"));
    }
    let seed = options.seed.unwrap_or_else(Random::seed_from_environment);
    let Metered { series, which, healed } = meter(options, seed)?;
    if let Some(path) = &options.svg {
        std::fs::write(path, plot(&series, healed).svg()).map_err(|error| {
            let expected = format!("to write {}", path.display());
            Error::new(Blame::Environment, expected, error.to_string())
        })?;
        screen.say(&format!("drawn into {}", path.display()));
    }
    let verdict = if series.lasting().is_empty() { Verdict::Holds } else { Verdict::Refuted };
    match screen.format {
        Format::Json => screen.line(&json_of(&series, &which, seed, healed).to_string()),
        Format::Text => {
            let word = if verdict == Verdict::Holds { "agree" } else { "differ" };
            let word = screen.paint(verdict, word);
            screen.data(text(&series, &which, &word, seed, healed).as_bytes());
        }
    }
    if verdict != Verdict::Holds {
        screen.say(&format!("repro: {}", repro(options, seed)));
    }
    Ok(Exit::Verdict(verdict))
}

/// The command that does exactly the same.
fn repro(options: &Options, seed: u64) -> String {
    let Options { seconds, nodes, keys, every, plant, .. } = options;
    let [seconds, every] = [seconds, every].map(|span| exact(nanos(*span)));
    let plant = plant.map_or("", |Plant::SkipEntry| " --plant skip-entry");
    format!(
        "avouch lab divergence --seed {seed} --seconds {seconds} --nodes {nodes} --keys {keys} \
         --every {every}{plant}"
    )
}

/// What a run was found to be.
struct Metered {
    series: Series,
    /// The keys that differ in the end.
    which: Which,
    /// When the faults ended.
    healed: Nanos,
}

/// Which keys differ between which replicas.
type Which = BTreeMap<Pair, Vec<Bytes>>;

fn meter(options: &Options, seed: u64) -> Result<Metered, Error> {
    let healed = nanos(options.seconds);
    let plan = Plan {
        nodes: options.nodes,
        keys: options.keys,
        faults_for: healed,
        story_lines: 0,
        node_mutant: options.plant.map(|Plant::SkipEntry| NodeMutant::SkipEntry),
        ..Plan::default()
    };
    let (mut world, workload) = plan.begin(seed);
    let mut workload = workload.comparing_nothing();
    let mut meter = Meter::new(nanos(options.every));
    meter.run_until(&mut world, &mut workload, healed);
    world.inject(Fault::Calm);
    let end = healed.plus(Nanos(healed.0 / 4)).plus(Nanos::from_secs(2));
    meter.run_until(&mut world, &mut workload, end);
    if let Some(violation) = world.violation() {
        return Err(Error::new(Blame::Corrupt, "a run that keeps its promises", violation)
            .hint(format!("repro: {}", repro(options, seed))));
    }
    meter.sample(&world);
    Ok(Metered { series: meter.into_series(), which: Meter::which(&world), healed })
}

fn name((one, other): Pair) -> String {
    format!("{one}-{other}")
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn real(value: u64) -> f64 {
    value as f64
}

/// The series as a chart.
pub fn plot(series: &Series, healed: Nanos) -> Plot {
    let line = |pair: Pair| Line {
        name: name(pair),
        points: series.of(pair).map(|(at, count)| (real(at.0) / 1e9, real(count))).collect(),
        steps: true,
    };
    Plot {
        title: "Keys that differ, for each pair of replicas".to_owned(),
        x: Axis::linear("virtual time, s"),
        y: Axis::linear("keys"),
        lines: series.pairs().into_iter().map(line).collect(),
        marks: vec![(real(healed.0) / 1e9, "all faults end".to_owned())],
    }
}

/// A pair's series in [`COLUMNS`] characters: a space where one of them was down all the time.
fn shaded(series: &Series, pair: Pair, most: u64) -> String {
    let Some(last) = series.samples.last() else { return String::new() };
    let mut columns: Vec<Option<u64>> = vec![None; COLUMNS];
    for (at, count) in series.of(pair) {
        let column = u128::from(at.0) * COLUMNS as u128 / u128::from(last.at.0 + 1);
        if let Some(column) = columns.get_mut(column as usize) {
            *column = Some(column.unwrap_or(0).max(count));
        }
    }
    let shade = |count: Option<u64>| match count {
        None => ' ',
        Some(0) => '.',
        Some(count) => {
            let place = count.saturating_mul(SHADES.len() as u64).div_ceil(most.max(1));
            SHADES.get(place.saturating_sub(1) as usize).copied().unwrap_or('#')
        }
    };
    columns.into_iter().map(shade).collect()
}

/// A few keys, and how many more there are.
fn named(keys: &[Bytes]) -> String {
    let few: Vec<_> = keys.iter().take(FEW).map(|key| key.escape_ascii().to_string()).collect();
    let more = keys.len().saturating_sub(FEW);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", few.join(" "))
}

fn text(series: &Series, which: &Which, word: &str, seed: u64, healed: Nanos) -> String {
    let (at, most) = series.worst().unwrap_or_default();
    let (lasting, end) = (series.lasting(), series.samples.last().map_or(Nanos::ZERO, |s| s.at));
    let mut lines = vec![match series.converged_since() {
        Some(since) => format!("{word}: no key differs since {since}; faults ended at {healed}"),
        None => format!(
            "{word}: {} still differ at {end}, in up to {} keys; faults ended at {healed}",
            quantity::counted(lasting.len(), "pair"),
            lasting.values().max().unwrap_or(&0)
        ),
    }];
    lines.push(format!("seed {seed}; the most, {most} keys of one pair, at {at}"));
    lines.push(format!("0 s to {end}, . none, {} up to {most}", SHADES.iter().collect::<String>()));
    for pair in series.pairs() {
        let worst = series.of(pair).map(|(_, count)| count).max().unwrap_or(0);
        let shaded = shaded(series, pair, most);
        let rest = which
            .get(&pair)
            .map_or(String::new(), |keys| format!(", {} for good: {}", keys.len(), named(keys)));
        lines.push(format!("{:7} {shaded} {worst}{rest}", name(pair)));
    }
    lines.join("\n") + "\n"
}

fn json_of(series: &Series, which: &Which, seed: u64, healed: Nanos) -> Value {
    let pairs: Vec<_> = series
        .pairs()
        .into_iter()
        .map(|pair| {
            let points: Vec<_> = series.of(pair).map(|(at, count)| json!([at.0, count])).collect();
            json!({ "one": pair.0.0, "other": pair.1.0, "differing": points })
        })
        .collect();
    let lasting: Vec<_> = which
        .iter()
        .map(|(pair, keys)| {
            let keys: Vec<_> = keys.iter().map(|key| key.escape_ascii().to_string()).collect();
            json!({ "one": pair.0.0, "other": pair.1.0, "keys": keys })
        })
        .collect();
    json!({
        "seed": seed,
        "faults_ended_ns": healed.0,
        "converged_since_ns": series.converged_since().map(|since| since.0),
        "worst": series.worst().map(|(at, most)| json!({ "at_ns": at.0, "keys": most })),
        "lasting": lasting,
        "pairs": pairs,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_promise::NodeId;
    use avouch_store::campaign::divergence::Sample;

    #[test]
    fn the_text_shows_when_which_pair_differed_and_when_one_was_down() {
        let pair = (NodeId(1), NodeId(2));
        let sample = |at: u64, count: Option<u64>| Sample {
            at: Nanos::from_millis(at),
            differing: count.map(|count| (pair, count)).into_iter().collect::<BTreeMap<_, _>>(),
        };
        let counts = [Some(0), Some(1), Some(5), None, Some(10), Some(0)];
        let samples =
            (0..6 * COLUMNS as u64).map(|at| sample(at, counts[at as usize / COLUMNS])).collect();
        let series = Series { samples };
        let shaded = shaded(&series, pair, 10);
        assert_eq!(shaded.chars().count(), COLUMNS);
        let mut told: Vec<_> = shaded.chars().collect();
        told.dedup();
        assert_eq!(told.iter().collect::<String>(), "._= #.");
        let told = text(&series, &Which::new(), "agree", 1, Nanos::from_millis(200));
        assert!(told.starts_with("agree: no key differs since 320.00 ms"), "{told}");
        assert!(told.lines().last().unwrap().ends_with(" 10"), "{told}");
    }
}
