//! The report as metrics, in the text format that Prometheus reads.
//!
//! What this host measured is `avouch_clock_*`. What chronyd says has the names that
//! `chrony_exporter` gives it, so that what is drawn of those goes on.

use super::finding::Finding;
use super::{Wish, told};
use avouch_store::clock::address::Place;
use avouch_store::clock::chronyd::Chronyd;
use avouch_time::chrony::{Peer, SourceReport, SourceStatistics, Tracking};
use std::fmt::{Display, Write as _};
use std::net::IpAddr;

/// The text; a metric's samples stand together.
#[derive(Default)]
struct Metrics {
    text: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Gauge,
    Counter,
}

type Labels<'a> = Vec<(&'a str, String)>;

impl Metrics {
    /// A metric and its samples, none if there are none.
    fn all<'a>(
        &mut self,
        (name, help): (&str, &str),
        kind: Kind,
        samples: impl IntoIterator<Item = (Labels<'a>, f64)>,
    ) {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return;
        }
        let kind = if matches!(kind, Kind::Counter) { "counter" } else { "gauge" };
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in samples {
            let labels: Vec<String> = labels
                .iter()
                .map(|(label, value)| format!("{label}=\"{}\"", escaped(value)))
                .collect();
            let labels =
                if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.all((name, help), Kind::Gauge, [(Vec::new(), value)]);
    }

    fn perhaps(&mut self, name: &str, help: &str, value: Option<f64>) {
        self.all((name, help), Kind::Gauge, value.map(|value| (Vec::new(), value)));
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn label<'a>(name: &'a str, value: &impl Display) -> (&'a str, String) {
    (name, value.to_string())
}

#[expect(clippy::cast_precision_loss, reason = "for graphs")]
fn seconds(nanos: i64) -> f64 {
    nanos as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "for graphs")]
fn span(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}

#[expect(clippy::cast_precision_loss, reason = "for graphs")]
fn count(number: u64) -> f64 {
    number as f64
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// All of the report.
pub(super) fn text(wish: &Wish, finding: &Finding) -> String {
    let mut metrics = Metrics::default();
    clock(&mut metrics, wish, finding);
    sources(&mut metrics, wish, finding);
    claims(&mut metrics, finding);
    if let Some(said) = &finding.chronyd {
        let up = said.is_ok();
        metrics.gauge("chrony_up", "Whether chronyd answered.", truth(up));
        if let Ok(chronyd) = said {
            tracking(&mut metrics, &chronyd.tracking);
            chrony_sources(&mut metrics, chronyd);
            chrony_statistics(&mut metrics, chronyd);
            served(&mut metrics, chronyd);
        }
    }
    metrics.text
}

fn clock(metrics: &mut Metrics, wish: &Wish, finding: &Finding) {
    let verdict = told::word(finding.verdict);
    metrics.all(
        ("avouch_clock_verdict", "The verdict on this host's clock."),
        Kind::Gauge,
        ["holds", "refuted", "unknown"]
            .map(|word| (vec![label("verdict", &word)], truth(word == verdict))),
    );
    metrics.all(
        ("avouch_clock_class_info", "What the bound rests on, and why."),
        Kind::Gauge,
        [(
            vec![label("class", &finding.reading.class), label("reason", &finding.reading.reason)],
            1.0,
        )],
    );
    let ahead = finding.ahead;
    let least = ahead.map(|ahead| seconds(ahead.least));
    let most = ahead.map(|ahead| seconds(ahead.most));
    let epsilon = finding.reading.epsilon().map(|epsilon| span(epsilon.0));
    metrics.perhaps(
        "avouch_clock_ahead_least_seconds",
        "The clock is ahead by this at least.",
        least,
    );
    metrics.perhaps("avouch_clock_ahead_most_seconds", "The clock is ahead by this at most.", most);
    metrics.perhaps("avouch_clock_epsilon_seconds", "Half the width of the true time.", epsilon);
    let within = wish.within.map(|within| span(within.0));
    metrics.perhaps("avouch_clock_within_seconds", "How far off it may be.", within);
    let holdover = finding.holdover.map(|holdover| span(holdover.0));
    let help = "Until epsilon is what it may be off, if nobody answers.";
    metrics.perhaps("avouch_clock_holdover_seconds", help, holdover);
    let drift = f64::from(wish.rho.parts()) / 1e3;
    metrics.gauge("avouch_clock_drift_bound_ppm", "What the oscillator may be off.", drift);
    let estimate = finding.estimate.map(|(offset, _)| -offset / 1e9);
    metrics.perhaps("avouch_clock_estimate_ahead_seconds", "RFC 5905's estimate.", estimate);
    let step = finding.changes.step_ns.map_or(0.0, seconds);
    metrics.gauge("avouch_clock_step_seconds", "By what it was set meanwhile.", step);
    let slewed = finding.changes.slew_ppb.map_or(0.0, |ppb| seconds(ppb) * 1e6);
    metrics.gauge("avouch_clock_slew_ppm", "By what it was slewed meanwhile.", slewed);
    let suspended = finding.changes.suspended.map_or(0.0, |asleep| span(asleep.0));
    metrics.gauge("avouch_clock_suspended_seconds", "How long the host stood still.", suspended);
    let alarms = finding.alarms.iter().map(|(source, alarm)| {
        let name = source.and_then(|source| wish.sources.get(source)).map(|(name, _)| name.clone());
        (vec![label("alarm", &alarm.name()), ("source", name.unwrap_or_default())], 1.0)
    });
    metrics.all(("avouch_clock_alarm", "What detectors found since."), Kind::Gauge, alarms);
    let found = count(finding.alarms.len() as u64);
    metrics.gauge("avouch_clock_alarms", "How many alarms there are.", found);
}

fn sources(metrics: &mut Metrics, wish: &Wish, finding: &Finding) {
    let all = || wish.sources.iter().zip(&finding.sources);
    let named = |name: &String, place: &Result<Place, String>| {
        let address =
            place.as_ref().map_or_else(|_| String::new(), |place| place.address.to_string());
        vec![("source", name.clone()), ("address", address)]
    };
    let mut each = |name, help, value: &dyn Fn(&super::finding::SourceFinding) -> Option<f64>| {
        let samples = all()
            .filter_map(|((source, place), finding)| Some((named(source, place), value(finding)?)));
        metrics.all((name, help), Kind::Gauge, samples);
    };
    each("avouch_clock_source_offset_seconds", "The source is ahead of this host.", &|source| {
        source.ahead.map(|ahead| seconds(ahead.middle().0))
    });
    each("avouch_clock_source_error_seconds", "How far off that may be.", &|source| {
        source.ahead.map(|ahead| span(ahead.middle().1))
    });
    each("avouch_clock_source_delay_seconds", "The least round trip.", &|source| {
        source.delay_ns.map(seconds)
    });
    each("avouch_clock_source_jitter_seconds", "RFC 5905's jitter.", &|source| {
        source.jitter_ns.map(|jitter| jitter / 1e9)
    });
    each("avouch_clock_source_stratum", "Its stratum.", &|source| {
        source.answer.map(|answer| f64::from(answer.packet.stratum))
    });
    each("avouch_clock_source_root_delay_seconds", "Its root delay.", &|source| {
        source.answer.map(|answer| span(answer.packet.root_delay.span().0))
    });
    each("avouch_clock_source_root_dispersion_seconds", "Its root dispersion.", &|source| {
        source.answer.map(|answer| span(answer.packet.root_dispersion.span().0))
    });
    each("avouch_clock_source_reach_ratio", "Of eight askings, answered.", &|source| {
        Some(f64::from(source.reach.count_ones()) / 8.0)
    });
    each("avouch_clock_source_contradictions", "How often it contradicted itself.", &|source| {
        Some(count(source.contradictions))
    });
    let judged = all().map(|((source, place), finding)| {
        let mut labels = named(source, place);
        labels.push(label("verdict", &finding.judged));
        let authentication = place.as_ref().map_or("none", Place::authentication);
        labels.push(label("authentication", &authentication));
        (labels, 1.0)
    });
    let about = ("avouch_clock_source_verdict_info", "What is thought of it.");
    metrics.all(about, Kind::Gauge, judged);
}

fn claims(metrics: &mut Metrics, finding: &Finding) {
    let bounds = finding.claims.iter().filter_map(|claim| {
        Some((vec![label("by", &claim.by)], span(claim.bound.as_ref().ok()?.0)))
    });
    let about = ("avouch_clock_claim_seconds", "What others claim that it is off at most.");
    metrics.all(about, Kind::Gauge, bounds);
    let refuted = finding
        .claims
        .iter()
        .map(|claim| (vec![label("by", &claim.by)], truth(claim.is_refuted(finding.ahead))));
    let about = ("avouch_clock_claim_refuted", "Whether a measurement excludes that.");
    metrics.all(about, Kind::Gauge, refuted);
}

/// Four letters, where they are some.
fn letters(id: u32) -> String {
    let letters = id.to_be_bytes();
    letters.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| *byte as char).collect()
}

fn tracking(metrics: &mut Metrics, said: &Tracking) {
    let name = match said.peer {
        Peer::Unspecified => letters(said.reference_id),
        peer => peer.to_string(),
    };
    metrics.all(
        ("chrony_tracking_info", "Whom chronyd follows."),
        Kind::Gauge,
        [(
            vec![
                label("tracking_address", &said.peer),
                ("tracking_name", name),
                ("tracking_refid", format!("{:08X}", said.reference_id)),
            ],
            1.0,
        )],
    );
    let local = said.peer == Peer::Address(IpAddr::from([127, 127, 1, 1]))
        || said.reference_id == 0x7f7f_0101;
    for (name, help, value) in [
        ("last_offset_seconds", "The offset of the last measurement.", said.last_offset),
        ("reference_timestamp_seconds", "When it was made.", seconds(said.reference_time.0)),
        ("system_time_seconds", "What is left to correct.", said.correction),
        ("remote_reference", "Whether it follows anybody but itself.", truth(!local)),
        ("rms_offset_seconds", "The long-term average of offsets.", said.rms_offset),
        ("root_delay_seconds", "The round trip to the reference.", said.root_delay),
        ("root_dispersion_seconds", "How far off that may be.", said.root_dispersion),
        ("frequency_ppms", "The oscillator's rate as it is corrected.", said.frequency_ppm),
        ("residual_frequency_ppms", "What is left of it.", said.residual_frequency_ppm),
        ("skew_ppms", "How far off the rate may be.", said.skew_ppm),
        ("update_interval_seconds", "Between the last measurements.", said.update_interval),
        ("stratum", "Its stratum.", f64::from(said.stratum)),
    ] {
        metrics.gauge(&format!("chrony_tracking_{name}"), help, value);
    }
}

/// A source's labels, by its address and its name.
fn chrony_labels(source: &SourceReport) -> Labels<'static> {
    let address = source.peer.to_string();
    let name = match source.peer {
        Peer::Address(IpAddr::V4(id)) if source.mode == avouch_time::chrony::Mode::Reference => {
            letters(u32::from(id))
        }
        _ => address.clone(),
    };
    vec![("source_address", address), ("source_name", name)]
}

fn chrony_sources(metrics: &mut Metrics, chronyd: &Chronyd) {
    type Value = fn(&SourceReport) -> Option<f64>;
    let all: [(&str, &str, Value); 7] = [
        ("last_sample_age_seconds", "Since the last measurement.", |said| said.age.map(f64::from)),
        ("last_sample_offset_seconds", "Its offset.", |said| Some(said.offset)),
        ("last_sample_error_margin_seconds", "How far off it may be.", |said| Some(said.error)),
        ("polling_interval_seconds", "Between polls.", |said| {
            Some(2.0_f64.powi(i32::from(said.poll)))
        }),
        ("stratum", "Its stratum.", |said| Some(f64::from(said.stratum))),
        ("reachability_ratio", "Of eight polls, answered.", |said| Some(said.reach.ratio())),
        ("reachability_success", "Whether the last poll was.", |said| {
            Some(truth(said.reach.last()))
        }),
    ];
    for (name, help, value) in all {
        let name = format!("chrony_sources_{name}");
        let samples = chronyd
            .sources
            .iter()
            .filter_map(|(source, _)| Some((chrony_labels(source), value(source)?)));
        metrics.all((&name, help), Kind::Gauge, samples);
    }
    let states = chronyd.sources.iter().map(|(source, _)| {
        let mut labels = chrony_labels(source);
        labels.push(label("source_state", &source.state));
        labels.push(label("source_mode", &source.mode));
        (labels, 1.0)
    });
    let about = ("chrony_sources_state_info", "What the source is to chronyd.");
    metrics.all(about, Kind::Gauge, states);
}

fn chrony_statistics(metrics: &mut Metrics, chronyd: &Chronyd) {
    type Value = fn(&SourceStatistics) -> f64;
    let all: [(&str, &str, Value); 7] = [
        ("samples", "Measurements that are kept.", |said| f64::from(said.samples)),
        ("runs", "Runs of residuals of one sign.", |said| f64::from(said.runs)),
        ("span_seconds", "From the oldest to the newest.", |said| f64::from(said.span_seconds)),
        ("stddev", "The standard deviation of a measurement.", |said| said.deviation),
        ("frequency_ppms", "The rate that is left.", |said| said.residual_frequency_ppm),
        ("frequency_skew_ppms", "How far off that may be.", |said| said.skew_ppm),
        ("offset", "The offset by the regression.", |said| said.offset),
    ];
    for (name, help, value) in all {
        let name = format!("chrony_sourcestats_{name}");
        let samples =
            chronyd.sources.iter().map(|(source, made)| (chrony_labels(source), value(made)));
        metrics.all((&name, help), Kind::Gauge, samples);
    }
}

fn served(metrics: &mut Metrics, chronyd: &Chronyd) {
    let Ok(said) = &chronyd.served else { return };
    let [daemon_rx, daemon_tx, kernel_rx, kernel_tx, card_rx, card_tx] = said.stamped;
    for (name, help, value) in [
        ("ntp_packets_received_total", "NTP requests.", said.ntp_hits),
        ("nts_ke_connections_accepted_total", "Connections for keys.", said.nts_hits),
        ("command_packets_received_total", "Commands.", said.command_hits),
        ("ntp_packets_dropped_total", "NTP requests beyond the rate.", said.ntp_drops),
        ("nts_ke_connections_dropped_total", "Connections beyond it.", said.nts_drops),
        ("command_packets_dropped_total", "Commands beyond it.", said.command_drops),
        ("client_log_records_dropped_total", "Clients without a record.", said.log_drops),
        ("authenticated_ntp_packets_total", "Authenticated.", said.authenticated_hits),
        ("interleaved_ntp_packets_total", "Interleaved.", said.interleaved_hits),
        ("ntp_daemon_rx_timestamps_total", "Received, stamped by the daemon.", daemon_rx),
        ("ntp_daemon_tx_timestamps_total", "Sent, stamped by the daemon.", daemon_tx),
        ("ntp_kernel_rx_timestamps_total", "Received, stamped by the kernel.", kernel_rx),
        ("ntp_kernel_tx_timestamps_total", "Sent, stamped by the kernel.", kernel_tx),
        ("ntp_hw_rx_timestamps_total", "Received, stamped by the card.", card_rx),
        ("ntp_hw_tx_timestamps_total", "Sent, stamped by the card.", card_tx),
    ] {
        let name = format!("chrony_serverstats_{name}");
        metrics.all((&name, help), Kind::Counter, [(Vec::new(), count(value))]);
    }
    for (name, help, value) in [
        ("ntp_timestamps_held", "Pairs of stamps that are kept.", said.stamps_held),
        ("ntp_timestamp_span", "The seconds that these cover.", said.stamps_span_seconds),
    ] {
        metrics.gauge(&format!("chrony_serverstats_{name}"), help, count(value));
    }
}
