//! `plan queue`: what the formulas say of a queue, beside a simulation of it.

use super::arguments::Queue as Asked;
use super::{seed, thousands};
use crate::screen::{Format, Screen};
use avouch_promise::{Blame, Error};
use avouch_world::queueing::{
    Deviation, Estimate, Measured, Model, Queue, Simulation, Solution, deviations, simulate,
};
use serde_json::{Value, json};

pub(super) fn run(asked: &Asked, screen: &mut Screen) -> Result<(), Error> {
    let customers = asked.customers.unwrap_or(if asked.errors { 1_000_000 } else { 4_000_000 });
    let simulation = Simulation::new(customers, seed(asked.seed));
    if asked.errors {
        return errors(asked, &simulation, screen);
    }
    let (Some(model), Some(arrival), Some(service)) = (asked.model, asked.arrival, asked.service)
    else {
        let expected = "--model, --arrival and --service";
        return Err(Error::new(Blame::Caller, expected, "fewer").hint("`avouch plan queue --help`"));
    };
    let variations = (asked.arrival_variation, asked.service_variation);
    let queue = Queue::new(model, asked.servers, (arrival, service), variations)?;
    let solution = queue.solve();
    let measured = simulate(&queue, &simulation);
    match screen.format {
        Format::Json => {
            screen.line(&to_json(&queue, &solution, &measured, &simulation).to_string());
        }
        Format::Text => text(&queue, &solution, &measured, &simulation, screen),
    }
    Ok(())
}

/// The model's name with its number of servers.
fn named(queue: &Queue) -> String {
    let servers = queue.servers().to_string();
    let name = queue.model().name();
    if queue.model().has_many_servers() { name.replace('c', &servers) } else { name.to_owned() }
}

/// Where a mean comes from.
fn authority(solution: &Solution) -> &'static str {
    if solution.exact { "exact" } else { "Allen-Cunneen's approximation" }
}

/// A number to four figures after the point, or to four figures where it is small.
fn number(value: f64) -> String {
    if value == 0.0 || value.abs() >= 0.01 { format!("{value:.4}") } else { format!("{value:.3e}") }
}

/// One line of the comparison.
struct Row {
    name: &'static str,
    formula: Option<f64>,
    simulated: f64,
    half_width: Option<f64>,
}

impl Row {
    fn of(name: &'static str, formula: Option<f64>, simulated: f64) -> Self {
        Self { name, formula, simulated, half_width: None }
    }

    fn estimated(name: &'static str, formula: Option<f64>, estimate: Estimate) -> Self {
        let half_width = Some(estimate.half_width);
        Self { name, formula, simulated: estimate.mean, half_width }
    }

    fn line(&self) -> String {
        let measured = match self.half_width {
            Some(half_width) => format!("{} +- {}", number(self.simulated), number(half_width)),
            None => number(self.simulated),
        };
        let by = match self.formula {
            Some(formula) if self.simulated > 0.0 => {
                format!("{:+.2} %", (formula / self.simulated - 1.0) * 100.0)
            }
            _ => "-".to_owned(),
        };
        let formula = self.formula.map_or("-".to_owned(), number);
        format!("  {:18} {formula:>12}  {measured:>24}  {by:>10}", self.name)
    }
}

fn rows(queue: &Queue, solution: &Solution, measured: &Measured) -> Vec<Row> {
    let (wait, response) = (solution.wait_quantiles, solution.response_quantiles);
    let inside = |span: f64| queue.arrival() * span;
    vec![
        Row::of("utilisation", Some(solution.utilisation), measured.utilisation),
        Row::of("waits at all", solution.waits, measured.waits),
        Row::estimated("mean wait", Some(solution.wait), measured.wait),
        Row::estimated("mean response", Some(solution.response), measured.response),
        Row::estimated("p95 wait", wait.map(|q| q.p95), measured.wait_tails.p95),
        Row::estimated("p99 wait", wait.map(|q| q.p99), measured.wait_tails.p99),
        Row::estimated("p95 response", response.map(|q| q.p95), measured.response_tails.p95),
        Row::estimated("p99 response", response.map(|q| q.p99), measured.response_tails.p99),
        Row::of("waiting", Some(solution.waiting), inside(measured.wait.mean)),
        Row::of("waiting or served", Some(solution.inside), inside(measured.response.mean)),
    ]
}

fn text(
    queue: &Queue,
    solution: &Solution,
    measured: &Measured,
    simulation: &Simulation,
    screen: &mut Screen,
) {
    screen.line(&format!(
        "{} at utilisation {:.4}: mean wait {}, mean response {} ({})",
        named(queue),
        solution.utilisation,
        number(solution.wait),
        number(solution.response),
        authority(solution)
    ));
    let head = format!("  {:18} {:>12}  {:>24}  {:>10}", "", "formula", "simulated", "formula is");
    screen.line(&head);
    for row in rows(queue, solution, measured) {
        screen.line(&row.line());
    }
    screen.line(&format!(
        "  variations Ca^2 {}, Cs^2 {}; {} customers simulated, seed {}; +- is half of a 95 % confidence interval",
        queue.arrival_variation(),
        queue.service_variation(),
        thousands(measured.customers),
        simulation.seed
    ));
    if solution.wait_quantiles.is_none() {
        let why = if queue.model() == Model::MD1 {
            "so full a queue takes too long to compute exactly"
        } else {
            "two moments do not determine quantiles"
        };
        screen.line(&format!("  {why}: they are simulated only"));
    }
}

fn estimate(estimate: Estimate) -> Value {
    json!({ "mean": estimate.mean, "half_width": estimate.half_width })
}

fn to_json(
    queue: &Queue,
    solution: &Solution,
    measured: &Measured,
    simulation: &Simulation,
) -> Value {
    let quantiles = |q: avouch_world::queueing::Quantiles| json!({ "p95": q.p95, "p99": q.p99 });
    let tails = |t: avouch_world::queueing::Tails| json!({ "p95": estimate(t.p95), "p99": estimate(t.p99) });
    json!({
        "model": named(queue), "servers": queue.servers(),
        "arrival": queue.arrival(), "service": queue.service(),
        "arrival_variation": queue.arrival_variation(),
        "service_variation": queue.service_variation(),
        "formula": {
            "exact": solution.exact, "authority": authority(solution),
            "utilisation": solution.utilisation, "waits": solution.waits,
            "wait": solution.wait, "response": solution.response,
            "waiting": solution.waiting, "inside": solution.inside,
            "wait_quantiles": solution.wait_quantiles.map(quantiles),
            "response_quantiles": solution.response_quantiles.map(quantiles),
        },
        "simulated": {
            "customers": measured.customers, "seed": simulation.seed, "confidence": 0.95,
            "utilisation": measured.utilisation, "waits": measured.waits,
            "wait": estimate(measured.wait), "response": estimate(measured.response),
            "wait_quantiles": tails(measured.wait_tails),
            "response_quantiles": tails(measured.response_tails),
        },
    })
}

fn errors(asked: &Asked, simulation: &Simulation, screen: &mut Screen) -> Result<(), Error> {
    let all = deviations(asked.servers, asked.utilisation, simulation)?;
    if screen.format == Format::Json {
        let rows: Vec<Value> = all
            .iter()
            .map(|one| {
                json!({ "arrival_variation": one.arrival_variation,
                        "service_variation": one.service_variation,
                        "approximated": one.approximated, "simulated": estimate(one.simulated),
                        "error": one.error() })
            })
            .collect();
        screen.line(&Value::from(rows).to_string());
        return Ok(());
    }
    let worst = all.iter().max_by(|a, b| a.error().abs().total_cmp(&b.error().abs()));
    let Some(worst) = worst else { return Ok(()) };
    screen.line(&format!(
        "Allen-Cunneen is off by up to {:+.1} % (Ca^2 {}, Cs^2 {}), with {} servers at utilisation {}",
        worst.error() * 100.0,
        worst.arrival_variation,
        worst.service_variation,
        asked.servers,
        asked.utilisation
    ));
    screen.line("  Ca^2   Cs^2    formula             simulated  off by");
    for one in &all {
        screen.line(&deviation(one));
    }
    screen.line(&format!(
        "  {} customers simulated for each, seed {}; +- is half of a 95 % confidence interval",
        thousands(simulation.customers),
        simulation.seed
    ));
    Ok(())
}

fn deviation(one: &Deviation) -> String {
    let simulated =
        format!("{} +- {}", number(one.simulated.mean), number(one.simulated.half_width));
    let chance =
        if one.error().abs() <= one.uncertainty() { "  (no more than chance)" } else { "" };
    format!(
        "  {:<5}  {:<5} {:>9}  {simulated:>20}  {:+.1} %{chance}",
        one.arrival_variation,
        one.service_variation,
        number(one.approximated),
        one.error() * 100.0
    )
}
