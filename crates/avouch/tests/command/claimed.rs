//! What others claim of this host's clock: a real chronyd over its command protocol, and segments
//! of shared memory; each beside what was measured, and refuted by it.

use crate::daemon::{Daemon, await_time, chronyd, free_ports, harmless, is_here};
use crate::place::Place;
use crate::time_server::{Manner, serving};
use serde_json::Value;
use std::os::unix::fs::DirBuilderExt as _;

fn json(place: &Place, words: &[&str]) -> (i32, Value) {
    let ran = place.avouch(&[&["clock", "audit", "--format", "json"], words].concat());
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

/// A chronyd that follows another one, at a command port and at a socket.
pub(crate) struct Followed {
    _daemons: [Daemon; 2],
    pub(crate) source: String,
    pub(crate) port: String,
    pub(crate) socket: String,
}

pub(crate) fn followed(place: &Place) -> Option<Followed> {
    if !is_here(harmless(place, "chronyd").arg("--version")) {
        println!("skipped: no chronyd on this machine, or no right to take its capabilities away");
        return None;
    }
    // chronyd answers at a socket only in a folder that is closed to others.
    std::fs::DirBuilder::new().mode(0o700).create(place.path("closed")).unwrap();
    let socket = place.path("closed/chronyd.sock").display().to_string();
    let ports = free_ports(3);
    let first = format!("local stratum 3\nport {}\ncmdport 0\nbindcmdaddress /", ports[0]);
    let second = format!(
        "server 127.0.0.1 port {} minpoll -4 maxpoll -4 iburst\nport {}\ncmdport {}\n\
         bindcmdaddress 127.0.0.1\nbindcmdaddress {socket}",
        ports[0], ports[1], ports[2]
    );
    let start = |name, lines: &str| {
        Daemon::start(&mut chronyd(place, name, lines, harmless(place, "chronyd")))
    };
    let daemons = [start("first", &first), start("second", &second)];
    let source = format!("127.0.0.1:{}", ports[1]);
    await_time(|| json(place, &["--samples", "1", "--source", &source]));
    Some(Followed { _daemons: daemons, source, port: format!("127.0.0.1:{}", ports[2]), socket })
}

#[test]
//= §3.1.2 sync-health test
fn what_chronyd_claims_stands_beside_what_was_measured() {
    let place = Place::new("claimed-chronyd");
    let Some(followed) = followed(&place) else { return };
    let words = ["--samples", "2", "--interval", "50ms", "--source", &followed.source];
    for door in [&followed.port, &followed.socket] {
        let (code, told) = json(&place, &[&words[..], &["--chrony", door]].concat());
        let claim = &told["claims"][0];
        assert_eq!(
            (code, &claim["by"], &claim["at"]),
            (0, &"chrony".into(), &door.as_str().into())
        );
        assert_eq!((&claim["class"], &claim["refuted"]), (&"statistical".into(), &false.into()));
        let bound = claim["bound_ns"].as_u64().unwrap();
        assert!((1..100_000_000).contains(&bound), "{told:#}");
        assert!(claim["says"].as_str().unwrap().contains("127.0.0.1 at stratum 4"), "{told:#}");
    }
    let told = place.avouch(&["clock", "audit", "--chrony", &followed.port]);
    assert!(told.out.starts_with("holds: nothing was measured"), "{told:?}");
    assert!(told.out.contains("likely and no bound"), "{told:?}");
    assert_eq!(json(&place, &["--chrony", &followed.port, "--within", "1ns"]).0, 2);
    let (code, told) = json(&place, &["--chrony", "127.0.0.1:1"]);
    assert_eq!((code, told["claims"][0]["bound_ns"].is_null()), (2, true), "{told:#}");
    chronyc_says_the_same(&place, &followed);
}

/// chronyc's own reading of the same report, field by field.
fn chronyc_says_the_same(place: &Place, followed: &Followed) {
    if !is_here(place.command("chronyc").arg("--version").stdout(std::process::Stdio::null())) {
        println!("skipped in part: no chronyc on this machine");
        return;
    }
    let port = followed.port.rsplit(':').next().unwrap();
    let csv = place.runs("chronyc", &["-c", "-h", "127.0.0.1", "-p", port, "tracking"]).well();
    let theirs: Vec<&str> = csv.trim().split(',').collect();
    let words = ["clock", "audit", "--chrony", &followed.port, "--format", "prometheus"];
    let ours = place.avouch(&words).well();
    let metric = |name: &str| -> f64 {
        let name = format!("chrony_tracking_{name} ");
        let line = ours.lines().find_map(|line| line.strip_prefix(&name));
        line.unwrap_or_else(|| panic!("{name}: {ours}")).parse().unwrap()
    };
    for (at, name) in [(2, "stratum"), (7, "frequency_ppms"), (9, "skew_ppms")] {
        let theirs: f64 = theirs[at].parse().unwrap();
        // It goes on measuring between the two askings.
        assert!((metric(name) - theirs).abs() <= 1.0 + theirs.abs() / 2.0, "{name}: {csv} {ours}");
    }
    let theirs: f64 = theirs[3].parse().unwrap();
    assert!((metric("reference_timestamp_seconds") - theirs).abs() < 60.0, "{csv} {ours}");
}

/// The names of `chrony_exporter`, with all collectors that its source had when it was read.
const EXPORTED: [&str; 47] = [
    "chrony_up",
    "chrony_tracking_info",
    "chrony_tracking_last_offset_seconds",
    "chrony_tracking_reference_timestamp_seconds",
    "chrony_tracking_system_time_seconds",
    "chrony_tracking_remote_reference",
    "chrony_tracking_rms_offset_seconds",
    "chrony_tracking_root_delay_seconds",
    "chrony_tracking_root_dispersion_seconds",
    "chrony_tracking_frequency_ppms",
    "chrony_tracking_residual_frequency_ppms",
    "chrony_tracking_skew_ppms",
    "chrony_tracking_update_interval_seconds",
    "chrony_tracking_stratum",
    "chrony_sources_last_sample_age_seconds",
    "chrony_sources_last_sample_offset_seconds",
    "chrony_sources_last_sample_error_margin_seconds",
    "chrony_sources_polling_interval_seconds",
    "chrony_sources_state_info",
    "chrony_sources_stratum",
    "chrony_sources_reachability_ratio",
    "chrony_sources_reachability_success",
    "chrony_sourcestats_samples",
    "chrony_sourcestats_runs",
    "chrony_sourcestats_span_seconds",
    "chrony_sourcestats_stddev",
    "chrony_sourcestats_frequency_ppms",
    "chrony_sourcestats_frequency_skew_ppms",
    "chrony_sourcestats_offset",
    "chrony_serverstats_ntp_packets_received_total",
    "chrony_serverstats_nts_ke_connections_accepted_total",
    "chrony_serverstats_command_packets_received_total",
    "chrony_serverstats_ntp_packets_dropped_total",
    "chrony_serverstats_nts_ke_connections_dropped_total",
    "chrony_serverstats_command_packets_dropped_total",
    "chrony_serverstats_client_log_records_dropped_total",
    "chrony_serverstats_authenticated_ntp_packets_total",
    "chrony_serverstats_interleaved_ntp_packets_total",
    "chrony_serverstats_ntp_timestamps_held",
    "chrony_serverstats_ntp_timestamp_span",
    "chrony_serverstats_ntp_daemon_rx_timestamps_total",
    "chrony_serverstats_ntp_daemon_tx_timestamps_total",
    "chrony_serverstats_ntp_kernel_rx_timestamps_total",
    "chrony_serverstats_ntp_kernel_tx_timestamps_total",
    "chrony_serverstats_ntp_hw_rx_timestamps_total",
    "chrony_serverstats_ntp_hw_tx_timestamps_total",
    "avouch_clock_epsilon_seconds",
];

/// Every line is a comment or `name{label="value",...} number`, below the comment that names it.
fn parsed(text: &str) -> Vec<(String, f64)> {
    let mut described = None;
    let samples = text.lines().filter_map(|line| {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            described = rest.split(' ').next();
            return None;
        }
        if line.starts_with("# TYPE ") {
            return None;
        }
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        assert_eq!(Some(name), described, "{line}");
        let value = rest.rsplit(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{line}"));
        Some((name.to_owned(), value))
    });
    samples.collect()
}

#[test]
//= §3.1.2 sync-health test
fn metrics_have_the_names_of_chrony_exporter_and_ours() {
    let place = Place::new("claimed-metrics");
    let source = ["clock", "audit", "--format", "prometheus", "--samples", "1", "--source"];
    serving(&[Manner::Honest], |port| {
        let address = format!("127.0.0.1:{port}");
        let source = [&source[..], &[&address]].concat();
        let alone = parsed(&place.avouch(&source).well());
        assert!(alone.iter().all(|(name, _)| name.starts_with("avouch_clock_")), "{alone:?}");
        let watched = place.avouch(&[&source[..], &["--watch"]].concat());
        assert_eq!(watched.code, 3, "{watched:?}");
    });
    let explained =
        place.avouch(&["clock", "explain", "6a28ec5b1eb80003", "--format", "prometheus"]);
    assert_eq!(explained.code, 3, "{explained:?}");
    let Some(followed) = followed(&place) else { return };
    let words = [&source[..], &[&followed.source, "--chrony", &followed.socket]].concat();
    let told = place.avouch(&words).well();
    let all = parsed(&told);
    let value = |name: &str| all.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    for name in EXPORTED {
        assert!(value(name).is_some(), "{name}: {told}");
    }
    assert_eq!(value("chrony_up"), Some(1.0));
    assert_eq!(value("chrony_tracking_stratum"), Some(4.0));
    assert!(value("chrony_serverstats_ntp_packets_received_total") > Some(0.0), "{told}");
    let gone =
        place.avouch(&["clock", "audit", "--format", "prometheus", "--chrony", "127.0.0.1:1"]);
    assert!(gone.out.contains("\nchrony_up 0\n"), "{gone:?}");
}

#[test]
//= §3.1.2 sync-health test
fn a_segment_says_what_was_measured_and_is_refuted_by_what_excludes_it() {
    let place = Place::new("claimed-segment");
    let quick = ["--samples", "2", "--interval", "10ms"];
    let bound = serving(&[Manner::Honest; 3], |port| {
        let source = |at: usize| format!("127.0.0.{at}:{port}");
        let sources = [source(1), source(2), source(3)];
        let sources = sources.iter().flat_map(|source| ["--source", source]);
        let words: Vec<&str> = quick.into_iter().chain(sources).collect();
        let (code, told) = json(&place, &[&words[..], &["--publish", "clock.segment"]].concat());
        assert_eq!(code, 0, "{told:#}");
        let most = |name: &str| told["clock"][name].as_i64().unwrap().unsigned_abs();
        most("ahead_least_ns").max(most("ahead_most_ns"))
    });
    assert_eq!(std::fs::read(place.path("clock.segment")).unwrap().len(), 80);
    let (code, told) = json(&place, &["--segment", "clock.segment", "--within", "1s"]);
    let claim = &told["claims"][0];
    assert_eq!((code, &claim["by"]), (0, &"clockbound".into()), "{told:#}");
    let claimed = claim["bound_ns"].as_u64().unwrap();
    assert!(claimed >= bound && claimed < bound + 10_000_000, "{claimed} of {bound}");
    assert!(claim["says"].as_str().unwrap().starts_with("synchronised"), "{told:#}");
    // Servers that agree that this host is 50 ms behind.
    serving(&[Manner::Ahead(50_000_000)], |port| {
        let source = format!("127.0.0.1:{port}");
        let words = [&quick[..], &["--source", &source, "--segment", "clock.segment"]].concat();
        let (code, told) = json(&place, &words);
        assert_eq!((code, &told["claims"][0]["refuted"]), (1, &true.into()), "{told:#}");
        let text = place.avouch(&[&["clock", "audit"], &words[..]].concat()).out;
        assert!(text.starts_with("refuted: this host's clock is behind by"), "{text}");
        assert!(text.contains("and is refuted"), "{text}");
    });
    let (code, told) = json(&place, &["--segment", "no.segment"]);
    assert_eq!(code, 2, "{told:#}");
    std::fs::write(place.path("other"), "no segment").unwrap();
    let (code, told) = json(&place, &["--segment", "other"]);
    assert_eq!((code, &told["claims"][0]["why"]), (2, &"10 bytes where a segment has 80".into()));
    let sole = ["clock", "audit", "--source", "127.0.0.1:9", "--samples", "1"];
    let published = place.avouch(&[&sole[..], &["--publish", "told.segment"]].concat());
    let says = "wrote what is known to told.segment (generation ";
    assert!(published.err.contains(says), "{published:?}");
    let wrong = place.avouch(&[&sole[..], &["--publish", "other"]].concat());
    assert_eq!(wrong.code, 3, "{wrong:?}");
    assert_eq!(std::fs::read(place.path("other")).unwrap(), b"no segment");
    assert_eq!(place.avouch(&["clock", "audit"]).code, 3, "nothing is asked");
}
