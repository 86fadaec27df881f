//! `avouch tour`: a cluster of its own, clients that rely on it, faults, and the verdict.
//!
//! ```text
//!   crowd: 20 clients in 5 regions --ask--> cluster: 5 nodes, real sockets and disks
//!       |                                      ^ kill, cut, pause
//!       v                                   script
//!   notebook: history + evidence --(files)--> judge: verify, cross_check, check --> table
//! ```
//!
//! Everything is what ships: the nodes, the client, the verifier, the judge. Nothing in the verdict
//! leans on the cluster: when the judges read the files, it has stopped.
//!
//! A tour that did not show what it promises (no election, nobody who ran into the cut, a final
//! read without an answer) ends as unknown, never as holds.

mod cluster;
mod crowd;
mod folder;
mod judge;
mod notebook;
pub mod options;
mod script;
mod table;
mod ways;
mod wish;

use crate::exit::{Exit, worse};
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Verdict;
use avouch_promise::history::Header;
use avouch_promise::{Error, Random};
use avouch_store::host::TRUST_FILE;
use cluster::Cluster;
use crowd::Crowd;
use folder::Folder;
use judge::Findings;
use notebook::{Notebook, Notes};
use options::{Options, Plant};
use script::{Course, Director};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use table::Row;

/// How long the cluster may take to elect its first leader.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a tour.
pub fn run(options: &Options, screen: &mut Screen) -> Result<Exit, Error> {
    let folder = Folder::new(options.keep.clone())?;
    let seed = options.seed();
    let most = if options.plant.is_some() { "at most " } else { "" };
    screen.say(&format!(
        "a tour of {most}{} s, seed {seed}: five regions, twenty clients, real sockets and disks",
        options.seconds.as_secs()
    ));
    if let Some(plant) = options.plant {
        screen.say(&format!("planted in this cluster only: {}", plant.name()));
    }
    let (regions, course, notes) = travel(options, &folder, seed, screen)?;
    screen.say("the cluster is stopped; judging its answers from the files alone");
    let findings = Findings::of(&notes, &folder.path.join("cluster").join(TRUST_FILE))?;
    let rows = table::rows(&notes.samples, &findings, course.cut, regions.len());
    let missing = missing(&course, &rows, &notes, options.plant);
    let end = match options.plant {
        None => plain(&findings, &rows, &missing),
        Some(plant) => planted(plant, &findings, &notes, &course, &missing),
    };
    let told = Told { regions, course, rows, findings, end };
    told.show(screen);
    folder.leave(&told.end, options.plant, screen);
    Ok(Exit::Verdict(told.end.verdict))
}

/// Runs cluster, clients and faults.
fn travel(
    options: &Options,
    folder: &Folder,
    seed: u64,
    screen: &mut Screen,
) -> Result<(Vec<String>, Course, Notes), Error> {
    let random = Random::new(seed);
    let mutant = options.plant.map(Plant::mutant);
    let cluster = Cluster::start(&folder.path.join("cluster"), random.fork(0), mutant)?;
    let leader = cluster.leader(None, PATIENCE)?;
    screen.say(&format!("{} leads; the clients start", cluster.name(leader)));
    let endpoints = cluster.endpoints();
    let header =
        Header { about: format!("tour, seed {seed}"), cluster: Some(cluster.trust.cluster()) };
    let notebook = Arc::new(Notebook::open(&folder.path, &header)?);
    let crowd = Crowd::start(&endpoints, &cluster.trust, &notebook, &random)?;
    let director = Director {
        cluster,
        crowd,
        notebook: &notebook,
        screen,
        span: options.seconds,
        missing: Vec::new(),
        leads: leader,
    };
    let course = match options.plant {
        None => director.faults()?,
        Some(_) => director.provoke()?,
    };
    let regions = endpoints.into_iter().map(|endpoint| endpoint.region).collect();
    Ok((regions, course, notebook.close()?))
}

/// What the tour should have shown and did not.
fn missing(course: &Course, rows: &[Row], notes: &Notes, plant: Option<Plant>) -> Vec<String> {
    let mut missing = course.missing.clone();
    let unseen = rows.iter().filter(|row| !row.is_shown());
    missing.extend(unseen.map(|row| format!("no {} was answered with evidence", row.name())));
    if plant.is_some() {
        return missing;
    }
    let refused = |sample: &&notebook::Sample| {
        course.cut.saw(sample, crowd::DEADLINE)
            && sample.region == course.cut.region()
            && sample.guarantee == avouch_promise::guarantee::Guarantee::Linearizable
    };
    if !notes.samples.iter().any(|sample| refused(&sample)) {
        missing.push("nobody in the cut region asked for a linearizable answer".to_owned());
    }
    let last = notes.samples.len().saturating_sub(cluster_reads());
    let open = notes.samples.iter().skip(last).filter(|sample| sample.ended.is_none()).count();
    if open > 0 {
        missing.push(format!("{open} of the last reads were not answered"));
    }
    missing
}

/// How many reads every tour ends with.
fn cluster_reads() -> usize {
    avouch_world::geography::FIVE.len() * usize::try_from(wish::KEYS).unwrap_or(0)
}

/// How a tour ends.
struct End {
    verdict: Verdict,
    reason: String,
    /// What shows it, in lines.
    shown: Vec<String>,
}

fn plain(findings: &Findings, rows: &[Row], missing: &[String]) -> End {
    let found = rows.iter().map(Row::verdict).fold(findings.verdict(), worse);
    let verdict = match missing {
        [] => found,
        _ => worse(found, Verdict::Unknown),
    };
    let mut shown = vec![
        format!("contradictions between signed facts: {}", findings.forks.len()),
        format!(
            "all answers together, in the order of the log that their evidence shows: {}",
            findings.order.verdict()
        ),
        format!(
            "all answers together, in any order that their times allow: {}",
            findings.history.verdict()
        ),
    ];
    shown.extend(findings.forks.iter().cloned());
    for report in [&findings.history, &findings.order] {
        if crate::exit::verdict(report.verdict()) != Verdict::Holds {
            shown.extend(report.to_string().lines().map(str::to_owned));
        }
    }
    let wrong = findings.evidence.iter().enumerate().filter(|(_, found)| !found.holds());
    let tell = |(item, judgement): (usize, &avouch_promise::evidence::Judgement)| {
        format!("evidence {item}: {}: {}", judgement.verdict, judgement.reason)
    };
    shown.extend(wrong.take(5).map(tell));
    shown.extend(missing.iter().map(|what| format!("missing: {what}")));
    let reason = match verdict {
        Verdict::Holds => format!(
            "every answer kept its promise through a killed leader, a one-way cut and a pause; {} \
             pieces of evidence verified",
            findings.evidence.len()
        ),
        Verdict::Refuted => "a promise was broken, as shown above".to_owned(),
        Verdict::Unknown => "the tour did not show everything, as told above".to_owned(),
    };
    End { verdict, reason, shown }
}

fn planted(
    plant: Plant,
    findings: &Findings,
    notes: &Notes,
    course: &Course,
    missing: &[String],
) -> End {
    let stale = judge::stale_read(notes, findings, course.cut);
    let by_check = findings.history.verdict() == avouch_check::Word::Violated;
    let mut shown = Vec::new();
    match stale {
        Some((item, judgement)) => {
            shown.push(format!("caught by verify: evidence {item} of a stale read is refuted:"));
            shown.push(format!("  {}", judgement.reason));
        }
        None => shown.push("not caught by verify: no stale read was refuted".to_owned()),
    }
    if by_check {
        shown.push("caught by check: the history is".to_owned());
        shown.extend(findings.history.to_string().lines().map(|line| format!("  {line}")));
    } else {
        shown.push(format!("not caught by check: the history {}", findings.history.verdict()));
    }
    shown.extend(missing.iter().map(|what| format!("missing: {what}")));
    let name = plant.name();
    let (verdict, reason) = match (stale.is_some(), by_check) {
        (true, true) => (Verdict::Refuted, format!("the planted {name} was caught twice")),
        (true, false) => (Verdict::Unknown, format!("the planted {name} escaped check")),
        (false, true) => (Verdict::Unknown, format!("the planted {name} escaped verify")),
        (false, false) => (Verdict::Unknown, format!("the planted {name} was not caught")),
    };
    End { verdict, reason, shown }
}

/// Everything that is told in the end.
struct Told {
    regions: Vec<String>,
    course: Course,
    rows: Vec<Row>,
    findings: Findings,
    end: End,
}

impl Told {
    fn show(&self, screen: &mut Screen) {
        let End { verdict, reason, shown } = &self.end;
        if screen.format == Format::Json {
            let rows = self.rows.iter().map(|row| row.to_json(&self.regions)).collect::<Vec<_>>();
            let told = json!({
                "verdict": verdict.word(), "reason": reason, "guarantees": rows, "shown": shown,
                "history": self.findings.history.to_json(),
                "order_of_evidence": self.findings.order.to_json(),
            });
            return screen.line(&told.to_string());
        }
        for line in table::lines(&self.rows, &self.regions, self.course.cut) {
            screen.line(line.trim_end());
        }
        screen.line("");
        for line in shown {
            screen.line(line);
        }
        screen.line(&format!("{}: {reason}", screen.paint(*verdict, verdict.word())));
    }
}
