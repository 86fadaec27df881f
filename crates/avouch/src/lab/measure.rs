//! The figures of a run, under the names that outline section 1.4.2 gives them. A running node's
//! metrics have `avouch_request_seconds` of these so far, by other labels.
//!
//! | figure | name | of what |
//! |---|---|---|
//! | utilisation (rho) | `avouch_utilization_ratio` | share of time in which a node's disk, uplink and processor were busy |
//! | latencies | `avouch_request_seconds` | histogram of what clients waited, by guarantee |
//! | closed-timestamp age | `avouch_closed_timestamp_age_seconds` | not served yet: no sample, never a made-up zero |
//! | conflicts | `avouch_conflicts_total` | compare-and-swaps that met another value |
//! | follower lag | `avouch_follower_lag_seconds`, `_entries` | per node, on a grid of virtual time |

use super::verdicts::took;
use super::watch::{RESOURCES, Watch};
use crate::quantile::nearest_rank;
use avouch_promise::Nanos;
use avouch_promise::history::{Action, Outcome};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Requests of one guarantee, reads and writes apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// How many were asked.
    pub asked: u64,
    /// What the answered ones took, ascending.
    pub took: Vec<Nanos>,
}

/// Guarantee and whether it is a write.
pub type Kind = (String, bool);

/// The figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Virtual seconds.
    pub seconds: f64,
    /// Of each node's disk, uplink and processor: the share of time in which it was busy.
    pub utilisation: BTreeMap<String, [f64; 3]>,
    /// By kind.
    pub requests: BTreeMap<Kind, Requests>,
    /// Compare-and-swaps that met another value, and all that were answered.
    pub conflicts: (u64, u64),
    /// Of each node: for how long what it lacks had been decided, ascending.
    pub lag: BTreeMap<String, Vec<Nanos>>,
    /// Of each node: how many decided entries it lacked, ascending.
    pub lag_entries: BTreeMap<String, Vec<u64>>,
    /// Entries decided.
    pub decided: usize,
}

/// The upper ends of the histogram's buckets, in milliseconds.
const BUCKETS_MS: [u64; 14] =
    [1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000];

#[expect(clippy::cast_precision_loss, reason = "for people and dashboards")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Nanoseconds as seconds.
pub fn seconds(span: Nanos) -> f64 {
    float(span.0) / 1e9
}

impl Requests {
    /// The share that was answered.
    pub fn answered(&self) -> f64 {
        if self.asked == 0 { 1.0 } else { float(self.took.len() as u64) / float(self.asked) }
    }

    /// p50, p95, p99 and p999.
    pub fn quantiles(&self) -> [Option<Nanos>; 4] {
        [0.5, 0.95, 0.99, 0.999].map(|share| nearest_rank(&self.took, share))
    }
}

impl Measured {
    /// The figures of a watched run that has ended.
    pub fn of(watch: &Watch, ended: Nanos) -> Self {
        let mut measured =
            Self { seconds: seconds(ended), decided: watch.decided(), ..Self::default() };
        for call in &watch.workload.findings.history.calls {
            let kind = (call.guarantee.to_string(), call.is_write());
            let requests = measured.requests.entry(kind).or_default();
            requests.asked += 1;
            requests.took.extend(took(call));
            if let (Action::CompareAndSwap { .. }, Some(Outcome::Swapped(done))) =
                (&call.action, &call.answer)
            {
                measured.conflicts.0 += u64::from(!done);
                measured.conflicts.1 += 1;
            }
        }
        measured.requests.values_mut().for_each(|requests| requests.took.sort_unstable());
        for (number, sampled) in (1..).zip(&watch.nodes) {
            let name = format!("n{number}");
            let (mut lag, mut entries) = (sampled.lag.clone(), sampled.lag_entries.clone());
            lag.sort_unstable();
            entries.sort_unstable();
            let rho = sampled.busy.map(|busy| float(busy) / float(sampled.looks.max(1)));
            measured.utilisation.insert(name.clone(), rho);
            measured.lag.insert(name.clone(), lag);
            measured.lag_entries.insert(name, entries);
        }
        measured
    }

    /// All requests together.
    pub fn all(&self) -> Requests {
        let mut all = Requests::default();
        for requests in self.requests.values() {
            all.asked += requests.asked;
            all.took.extend(&requests.took);
        }
        all.took.sort_unstable();
        all
    }

    /// The figures for programs.
    //= §1.4.2 utilisation, tail latencies, closed-timestamp age, conflict rates, follower lag
    pub fn to_json(&self) -> Value {
        let span = |span: Option<Nanos>| span.map_or(Value::Null, |span| seconds(span).into());
        let quantiles = |of: [Option<Nanos>; 4]| {
            let [p50, p95, p99, p999] = of.map(span);
            json!({ "p50": p50, "p95": p95, "p99": p99, "p999": p999 })
        };
        let requests = self.requests.iter().map(|((guarantee, write), requests)| {
            json!({
                "guarantee": guarantee, "kind": kind(*write), "asked": requests.asked,
                "answered": requests.took.len(), "seconds": quantiles(requests.quantiles()),
            })
        });
        let lag = self.lag.iter().map(|(node, lag)| {
            let entries = self.lag_entries.get(node).map_or(&[][..], Vec::as_slice);
            let entries = [0.5, 0.95, 0.99, 0.999].map(|share| nearest_rank(entries, share));
            let [p50, p95, p99, p999] = entries;
            let of = [0.5, 0.95, 0.99, 0.999].map(|share| nearest_rank(lag, share));
            json!({
                "node": node, "seconds": quantiles(of),
                "entries": { "p50": p50, "p95": p95, "p99": p99, "p999": p999 },
            })
        });
        let (met, asked) = self.conflicts;
        json!({
            "virtual_seconds": self.seconds,
            "entries_decided": self.decided,
            "utilization": self.utilisation.iter()
                .flat_map(|(node, all)| RESOURCES.into_iter().zip(all).map(move |(resource, rho)| {
                    json!({ "resource": resource, "node": node, "ratio": rho })
                }))
                .collect::<Vec<_>>(),
            "requests": requests.collect::<Vec<_>>(),
            "closed_timestamp_age": "not served",
            "conflicts": {
                "compare_and_swap": met, "of": asked,
                "rate": if asked == 0 { 0.0 } else { float(met) / float(asked) },
            },
            "follower_lag": lag.collect::<Vec<_>>(),
        })
    }

    /// The figures in Prometheus' text format.
    pub fn to_prometheus(&self) -> String {
        let mut page = String::new();
        // Writing to a string cannot fail.
        let mut line = |text: String| {
            let _ = writeln!(page, "{text}");
        };
        head(&mut line, "avouch_utilization_ratio", "gauge", "Share of time in which it was busy");
        for (node, rho) in &self.utilisation {
            for (resource, rho) in RESOURCES.into_iter().zip(rho) {
                let labels = format!("resource=\"{resource}\",node=\"{node}\"");
                line(format!("avouch_utilization_ratio{{{labels}}} {rho}"));
            }
        }
        head(&mut line, "avouch_request_seconds", "histogram", "What clients waited");
        for ((guarantee, write), requests) in &self.requests {
            let labels = format!("guarantee=\"{guarantee}\",kind=\"{}\"", kind(*write));
            for end in BUCKETS_MS {
                let within = requests.took.partition_point(|took| *took <= Nanos::from_millis(end));
                let end = float(end) / 1e3;
                line(format!("avouch_request_seconds_bucket{{{labels},le=\"{end}\"}} {within}"));
            }
            let (count, sum) =
                (requests.took.len(), requests.took.iter().map(|took| seconds(*took)));
            line(format!("avouch_request_seconds_bucket{{{labels},le=\"+Inf\"}} {count}"));
            line(format!("avouch_request_seconds_sum{{{labels}}} {}", sum.sum::<f64>()));
            line(format!("avouch_request_seconds_count{{{labels}}} {count}"));
        }
        let name = "avouch_requests_unanswered_total";
        head(&mut line, name, "counter", "Requests that nobody answered in time");
        for ((guarantee, write), requests) in &self.requests {
            let missing = requests.asked - requests.took.len() as u64;
            let kind = kind(*write);
            line(format!("{name}{{guarantee=\"{guarantee}\",kind=\"{kind}\"}} {missing}"));
        }
        let age = "avouch_closed_timestamp_age_seconds";
        head(&mut line, age, "gauge", "Not served in this version: there is no closed timestamp");
        head(&mut line, "avouch_conflicts_total", "counter", "Writes that met another value");
        let met = self.conflicts.0;
        line(format!("avouch_conflicts_total{{kind=\"compare-and-swap\"}} {met}"));
        for name in ["avouch_follower_lag_seconds", "avouch_follower_lag_entries"] {
            head(&mut line, name, "summary", "How far a node is behind what is decided");
            for node in self.lag.keys() {
                for share in [0.5, 0.95, 0.99, 0.999] {
                    let value = if name.ends_with("seconds") {
                        nearest_rank(&self.lag[node], share).map(seconds)
                    } else {
                        nearest_rank(&self.lag_entries[node], share).map(float)
                    };
                    // A node that was never up has no lag, which is not a lag of 0.
                    let Some(value) = value else { continue };
                    line(format!("{name}{{node=\"{node}\",quantile=\"{share}\"}} {value}"));
                }
            }
        }
        page
    }
}

fn head(line: &mut impl FnMut(String), name: &str, kind: &str, help: &str) {
    line(format!("# HELP {name} {help}"));
    line(format!("# TYPE {name} {kind}"));
}

fn kind(write: bool) -> &'static str {
    if write { "write" } else { "read" }
}
