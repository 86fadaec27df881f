//! The comparison as people and programs read it.

use super::level::Level;
use super::options::Options;
use super::perturbed::Perturbed;
use super::shift::{CONFIDENCE, Estimate, Findings, QUANTILES, Row};
use crate::arguments::Switch;
use avouch_promise::Nanos;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// With fewer operations a 99th percentile is the longest of them.
const FEWEST: u64 = 100;

/// The comparison for people.
pub(super) fn text(options: &Options, findings: &Findings, perturbed: &Perturbed) -> String {
    let mut out = String::new();
    let delays = if options.delay == Switch::On { "measured delays" } else { "no delays" };
    let _ = writeln!(
        out,
        "five nodes, {delays} between them; {} operations/s for {:?} in {} blocks, each with every \
         level once in an order drawn from seed {}\n",
        options.rate,
        options.seconds,
        options.blocks,
        options.seed()
    );
    let _ = writeln!(
        out,
        "{:8} {:>6}  {:>9} {:>9} {:>9}  {:>12}  {:>8} {:>10} {:>7}",
        "monitor", "ops", "p50", "p95", "p99", "CPU/op", "scrapes", "recorded", "failed"
    );
    for row in &findings.rows {
        let [p50, p95, p99] = row.quantiles.map(|ns| time(real(ns)));
        let _ = writeln!(
            out,
            "{:8} {:>6}  {p50:>9} {p95:>9} {p99:>9}  {:>12}  {:>8} {:>10} {:>7}",
            row.level.name(),
            row.operations,
            time(row.cpu.mean),
            row.scrapes,
            row.recorded,
            row.failed
        );
    }
    let percent = CONFIDENCE * 100.0;
    let _ = writeln!(out, "\nshift against off, mean over blocks [{percent:.0} % interval]");
    for row in watched(findings) {
        for ((name, _), shift) in QUANTILES.iter().zip(&row.shifts) {
            let _ = writeln!(out, "{:8} {name:>6}  {}", row.level.name(), interval(shift));
        }
        let _ =
            writeln!(out, "{:8} {:>6}  {}", row.level.name(), "CPU/op", interval(&row.cpu_more));
    }
    let _ = writeln!(out);
    for row in watched(findings) {
        let _ = writeln!(out, "{}", budget(options, row));
    }
    let fewest = findings.rows.iter().map(|row| row.operations).min().unwrap_or(0);
    if fewest < FEWEST * u64::from(options.blocks) {
        let _ = writeln!(
            out,
            "with fewer than {FEWEST} operations a window its p99 is its longest: raise --rate or \
             --seconds"
        );
    }
    let _ = writeln!(out, "\n{}", schedules(perturbed));
    out
}

fn watched(findings: &Findings) -> impl Iterator<Item = &Row> {
    findings.rows.iter().filter(|row| row.level != Level::Off)
}

/// One line to budget with.
fn budget(options: &Options, row: &Row) -> String {
    let [.., p99] = row.shifts;
    let cores = row.cpu_more.high.max(0.0) * f64::from(options.rate) / 1e9;
    let [.., observed] = row.quantiles;
    format!(
        "budget {}: allow {} at p99 (observed {}) and {} of CPU an operation, {:.1} % of a core at \
         {} operations/s",
        row.level.name(),
        time(p99.high.max(0.0)),
        time(real(observed)),
        time(row.cpu_more.high.max(0.0)),
        cores * 100.0,
        options.rate
    )
}

fn schedules(perturbed: &Perturbed) -> String {
    let Perturbed { base, extra, seeds, order, leaders, history, control, first } = perturbed;
    let first = first.map_or(String::new(), |first| format!(", from {first} on at the median"));
    format!(
        "simulated: a step takes {base} while sampled and {extra} more with full monitoring; under the same seed, \
         of {seeds} runs\n  {order} took their steps in another order{first}\n  {leaders} had \
         other leaders\n  {history} decided another history\n  {control} changed without the cost"
    )
}

fn interval(estimate: &Estimate) -> String {
    let sure = if estimate.is_clear() { "" } else { "   (no clear difference)" };
    format!(
        "{:>10}  [{} to {}]{sure}",
        signed(estimate.mean),
        signed(estimate.low),
        signed(estimate.high)
    )
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn real(ns: u64) -> f64 {
    ns as f64
}

fn time(ns: f64) -> String {
    #[expect(clippy::cast_sign_loss, reason = "its sign is told apart")]
    let time = Nanos(ns.abs() as u64);
    time.to_string()
}

fn signed(ns: f64) -> String {
    format!("{}{}", if ns < 0.0 { '-' } else { '+' }, time(ns))
}

/// The comparison for programs.
pub(super) fn json(options: &Options, findings: &Findings, perturbed: &Perturbed) -> Value {
    let estimate =
        |one: &Estimate| json!({"mean_ns": one.mean, "low_ns": one.low, "high_ns": one.high});
    let rows: Vec<_> = findings
        .rows
        .iter()
        .map(|row| {
            let named = |values: Vec<Value>| -> Value {
                QUANTILES.iter().map(|(name, _)| (*name).to_owned()).zip(values).collect()
            };
            json!({
                "monitoring": row.level.name(),
                "operations": row.operations,
                "failed": row.failed,
                "scrapes": row.scrapes,
                "steps_recorded": row.recorded,
                "quantiles_ns": named(row.quantiles.iter().map(|ns| (*ns).into()).collect()),
                "shift": named(row.shifts.iter().map(estimate).collect()),
                "cpu_an_operation": estimate(&row.cpu),
                "cpu_more_an_operation": estimate(&row.cpu_more),
                "steps_an_operation": row.steps_an_operation,
                "budget": (row.level != Level::Off).then(|| budget(options, row)),
            })
        })
        .collect();
    json!({
        "rate_hz": options.rate,
        "seconds": options.seconds.as_secs_f64(),
        "blocks": options.blocks,
        "seed": options.seed(),
        "confidence": CONFIDENCE,
        "levels": rows,
        "schedules": {
            "step_ns": perturbed.base.0,
            "step_more_ns": perturbed.extra.0,
            "seeds": perturbed.seeds,
            "order_changed": perturbed.order,
            "leaders_changed": perturbed.leaders,
            "history_changed": perturbed.history,
            "changed_without_cost": perturbed.control,
            "first_change_ns": perturbed.first.map(|first| first.0),
        },
    })
}
