//! What is counted and timed, in the text format that Prometheus reads.
//!
//! Written here rather than taken: one counter, one histogram and a list of gauges are all there
//! is. The guarantee's label is one of the table's names without its parameter, or `refused`, so
//! that no client can make labels.

use super::ask::{Gauge, Status};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tonic::Code;

/// Upper bounds of the histogram's buckets in seconds. Close enough together that p95, p99 and
/// p999 read from them are right within a factor of 2.5, from loopback to a cut-off region.
const BOUNDS: [f64; 17] = [
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
    1.0, 2.5, 5.0, 10.0,
];

/// What tells one series of requests from another.
#[derive(Clone, Debug)]
pub struct Labels {
    /// The procedure.
    pub method: &'static str,
    /// The guarantee's name.
    pub guarantee: &'static str,
    /// How it ended.
    pub code: Code,
}

/// Procedure, guarantee and code.
type Key = (&'static str, &'static str, i32);

#[derive(Debug, Default)]
struct Series {
    count: u64,
    /// How many fell into each bucket alone; the last is beyond all bounds.
    buckets: [u64; BOUNDS.len() + 1],
    seconds: f64,
    evidence_count: u64,
    evidence_bytes: u64,
}

/// The measurements of one node's wire.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<BTreeMap<Key, Series>>);

impl Metrics {
    fn series(&self) -> MutexGuard<'_, BTreeMap<Key, Series>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records one request; `evidence` is the length of its evidence as sent, 0 for none.
    pub fn record(&self, labels: &Labels, took: Duration, evidence: usize) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        let mut all = self.series();
        let series = all.entry((labels.method, labels.guarantee, labels.code as i32)).or_default();
        series.count += 1;
        series.seconds += seconds;
        series.evidence_count += u64::from(evidence > 0);
        series.evidence_bytes += evidence as u64;
        if let Some(bucket) = series.buckets.get_mut(bucket) {
            *bucket += 1;
        }
    }

    //= §1.4.2 tail latencies p95/p99/p999
    /// Everything, in Prometheus' text format.
    pub fn text(&self, status: &Status, gauges: &[Gauge]) -> String {
        let mut out = String::new();
        let named = |(method, guarantee, code): &Key| {
            let code = code_name(Code::from_i32(*code));
            format!("method=\"{method}\",guarantee=\"{guarantee}\",code=\"{code}\"")
        };
        let all = self.series();
        head(&mut out, "avouch_requests_total", "counter", "Requests answered or refused.");
        for (key, series) in all.iter() {
            line(&mut out, "avouch_requests_total", &named(key), series.count);
        }
        let help = "Time from a request's arrival to its answer, in seconds.";
        head(&mut out, "avouch_request_seconds", "histogram", help);
        for (key, series) in all.iter() {
            let labels = named(key);
            let mut below = 0;
            let bounds = BOUNDS.iter().map(ToString::to_string).chain([String::from("+Inf")]);
            for (bound, bucket) in bounds.zip(series.buckets) {
                below += bucket;
                let labels = format!("{labels},le=\"{bound}\"");
                line(&mut out, "avouch_request_seconds_bucket", &labels, below);
            }
            line(&mut out, "avouch_request_seconds_sum", &labels, series.seconds);
            line(&mut out, "avouch_request_seconds_count", &labels, series.count);
        }
        let help = "Answers that carried evidence.";
        head(&mut out, "avouch_evidence_total", "counter", help);
        for (key, series) in all.iter().filter(|(_, series)| series.evidence_count > 0) {
            line(&mut out, "avouch_evidence_total", &named(key), series.evidence_count);
        }
        let help = "Bytes of evidence as sent.";
        head(&mut out, "avouch_evidence_bytes_total", "counter", help);
        for (key, series) in all.iter().filter(|(_, series)| series.evidence_count > 0) {
            line(&mut out, "avouch_evidence_bytes_total", &named(key), series.evidence_bytes);
        }
        drop(all);
        of_status(&mut out, status);
        let mut last = "";
        for gauge in gauges {
            if gauge.name != last {
                let kind = if gauge.counter { "counter" } else { "gauge" };
                head(&mut out, gauge.name, kind, gauge.help);
                last = gauge.name;
            }
            let label = |(name, value): &(&str, String)| format!("{name}=\"{}\"", escaped(value));
            let labels: Vec<_> = gauge.labels.iter().map(label).collect();
            line(&mut out, gauge.name, &labels.join(","), gauge.value);
        }
        out
    }
}

fn of_status(out: &mut String, status: &Status) {
    let mut gauge = |name: &str, help: &str, value: u64| {
        head(out, name, "gauge", help);
        line(out, name, "", value);
    };
    let leader = u64::from(status.leader.is_some());
    gauge("avouch_has_leader", "Whether the node knows a leader: 1 or 0.", leader);
    gauge("avouch_ballot_round", "The round of the node's ballot.", status.ballot.round);
    gauge("avouch_commit_index", "How far the log is known to be committed.", status.commit.0);
    gauge("avouch_applied_index", "How far the log is applied.", status.applied.0);
    gauge("avouch_revision", "The revision of the store.", status.revision.max(0).cast_unsigned());
    gauge("avouch_data_bytes", "The space that the data takes, in bytes.", status.size_bytes);
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}"); // a String takes all
}

fn line(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = if labels.is_empty() {
        writeln!(out, "{name} {value}")
    } else {
        writeln!(out, "{name}{{{labels}}} {value}")
    };
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// A code by its name in gRPC's specification.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(method: &'static str, code: Code) -> Labels {
        Labels { method, guarantee: "linearizable", code }
    }

    #[test]
    //= §1.4.2 tail latencies p95/p99/p999 test
    fn the_histogram_is_cumulative_and_counts_every_request_once() {
        let metrics = Metrics::default();
        for micros in [10, 60, 60, 20_000_000] {
            metrics.record(&labels("put", Code::Ok), Duration::from_micros(micros), 0);
        }
        metrics.record(&labels("put", Code::Unavailable), Duration::from_secs(1), 100);
        let text = metrics.text(&Status::default(), &[]);
        let ok = "method=\"put\",guarantee=\"linearizable\",code=\"OK\"";
        for line in [
            format!("avouch_requests_total{{{ok}}} 4"),
            format!("avouch_request_seconds_bucket{{{ok},le=\"0.00005\"}} 1"),
            format!("avouch_request_seconds_bucket{{{ok},le=\"0.0001\"}} 3"),
            format!("avouch_request_seconds_bucket{{{ok},le=\"10\"}} 3"),
            format!("avouch_request_seconds_bucket{{{ok},le=\"+Inf\"}} 4"),
            format!("avouch_request_seconds_count{{{ok}}} 4"),
        ] {
            assert!(text.lines().any(|found| found == line), "no line {line} in\n{text}");
        }
        assert!(text.contains("code=\"UNAVAILABLE\"} 100\n"), "{text}");
        assert!(!text.contains(&format!("avouch_evidence_bytes_total{{{ok}}}")));
    }

    #[test]
    fn every_line_is_a_comment_or_a_sample_and_labels_are_escaped() {
        let gauge = |value| Gauge {
            name: "avouch_follower_lag_entries",
            help: "How far a follower is behind.",
            labels: vec![("follower", String::from("a\"b\\c\nd"))],
            value,
            counter: false,
        };
        let text = Metrics::default().text(&Status::default(), &[gauge(1.0), gauge(2.5)]);
        assert_eq!(text.matches("# TYPE avouch_follower_lag_entries gauge").count(), 1);
        assert!(text.contains(r#"{follower="a\"b\\c\nd"} 2.5"#), "{text}");
        for line in text.lines() {
            let sample =
                line.rsplit_once(' ').is_some_and(|(_, value)| value.parse::<f64>().is_ok());
            assert!(line.starts_with("# ") || (sample && line.starts_with("avouch_")), "{line}");
        }
    }
}
