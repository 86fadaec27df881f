//! A run's folder: everything that shows its verdict, each file readable by itself.
//!
//! | file | what | read by |
//! |---|---|---|
//! | `report.html` | the report: verdict first | a person, without a network |
//! | `verdict.txt` | what every judge says | a person |
//! | `run.history` | every call of every client | `avouch check` |
//! | `run.evidence`, `trust.json` | every answer that carried evidence, and whom to trust | `avouch verify` |
//! | `metrics.json`, `metrics.prom` | the figures | dashboards |
//! | `diagram.svg` | messages around the witness, or the first fault | a person |
//! | `divergence.svg` | how many keys differed between which nodes, over time | a person |
//! | `scenario.toml` | what was run, with its seed and every fault at its time | `avouch lab run` |
//! | `shrunk.toml` | a smaller scenario that fails alike, where the run failed | `avouch lab run` |
//!
//! The same scenario and seed give the same bytes.

use super::measure::Measured;
use super::run::Ran;
use super::scenario::Scenario;
use avouch_check::history::Call;
use avouch_check::picture::Page;
use avouch_promise::history::{Answered, Header, HistoryWriter, Invocation, Record, What};
use avouch_promise::{Blame, Encode as _, Error, Nanos};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The history's name.
pub const HISTORY: &str = "run.history";
/// The evidence's name.
pub const EVIDENCE: &str = "run.evidence";

/// A folder that is there.
pub struct Folder {
    /// Where.
    pub path: PathBuf,
}

impl Folder {
    /// The folder of a scenario's seed below `out`.
    pub fn open(out: &Path, scenario: &str, seed: u64) -> Result<Self, Error> {
        let tame = |c: char| if c.is_alphanumeric() || c == '-' || c == '_' { c } else { '-' };
        let name: String = scenario.chars().map(tame).collect();
        let path = out.join(name).join(seed.to_string());
        std::fs::create_dir_all(&path).map_err(|error| unwritten(&path, &error))?;
        Ok(Self { path })
    }

    /// Writes one file.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path.join(name);
        std::fs::write(&path, bytes).map_err(|error| unwritten(&path, &error))?;
        Ok(path)
    }

    /// Writes what a run left, the report apart.
    pub fn keep(&self, scenario: &Scenario, ran: &Ran) -> Result<(), Error> {
        self.write(HISTORY, &history(scenario, ran)?)?;
        let evidence = &ran.findings.evidence;
        if evidence.items.is_empty() {
            let _ = std::fs::remove_file(self.path.join(EVIDENCE)); // of an earlier run, if there
        } else {
            self.write(EVIDENCE, &evidence.to_bytes())?;
        }
        self.write("trust.json", ran.trust.to_json().as_bytes())?;
        self.figures(&ran.measured)?;
        if !ran.divergence.samples.is_empty() {
            let chart = super::divergence::plot(&ran.divergence, scenario.duration);
            self.write("divergence.svg", chart.svg().as_bytes())?;
        }
        let exact = scenario.with_script(ran.seed, ran.script.clone());
        self.write("scenario.toml", exact.to_string().as_bytes())?;
        self.write("verdict.txt", verdict_text(scenario, ran).as_bytes())?;
        Ok(())
    }

    fn figures(&self, measured: &Measured) -> Result<(), Error> {
        let json = serde_json::to_string_pretty(&measured.to_json()).unwrap_or_default();
        self.write("metrics.json", format!("{json}\n").as_bytes())?;
        self.write("metrics.prom", measured.to_prometheus().as_bytes())?;
        Ok(())
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, format!("to write {}", path.display()), error.to_string())
        .hint("name another folder with --out DIR")
}

/// What every judge says, verdict first.
pub fn verdict_text(scenario: &Scenario, ran: &Ran) -> String {
    let width = ran.judged.iter().map(|judged| judged.judge.len()).max().unwrap_or(0);
    let mut page = Page::new();
    page.line(format_args!("{}: {} with seed {}", ran.verdict(), scenario.name, ran.seed));
    for judged in &ran.judged {
        let word = judged.verdict.word();
        page.line(format_args!("  {word:<8} {:width$}  {}", judged.judge, judged.text));
    }
    if let Some(story) = &ran.story {
        page.line(story);
    }
    page.line(format_args!("trace hash {}", ran.hash));
    page.into_string()
}

/// One line of the history to be.
struct Event {
    time: Nanos,
    /// Ties: in the order in which they were recorded.
    rank: u64,
    record: Record,
}

/// The run's history in the project's own format.
fn history(scenario: &Scenario, ran: &Ran) -> Result<Vec<u8>, Error> {
    let about = format!("{} with seed {}", scenario.name, ran.seed);
    let header = Header { about, cluster: Some(ran.trust.cluster()) };
    let mut writer = HistoryWriter::new(Vec::new(), &header)?;
    let calls = &ran.findings.history.calls;
    let processes = processes(calls);
    let mut events = Vec::new();
    for (place, call) in calls.iter().enumerate() {
        let Some(process) = processes.get(place).copied() else { continue };
        let operation = place as u64 + 1;
        let mut push = |at: avouch_check::history::Record, what| {
            let time = at.time.unwrap_or_default();
            let record = Record { process, operation, time, what };
            events.push(Event { time, rank: at.moment.0, record });
        };
        let region = ran.homes.get(call.process as usize).cloned();
        let invocation =
            Invocation { action: call.action.clone(), guarantee: call.guarantee, region };
        push(call.began, What::Invoke(invocation));
        if let (Some(ended), Some(outcome)) = (call.ended, &call.answer) {
            let told = ran.findings.told.get(&place);
            let item = told.and_then(|told| told.item);
            push(
                ended,
                What::Ok(Answered {
                    outcome: outcome.clone(),
                    achieved: Some(call.guarantee),
                    point: call.point,
                    node: told.map(|told| told.node),
                    evidence: item.map(|item| format!("{EVIDENCE}#{item}")),
                }),
            );
        }
    }
    events.sort_by_key(|event| (event.time, event.rank));
    for event in &events {
        writer.append(&event.record)?;
    }
    Ok(writer.into_inner())
}

/// The process of each call. A client whose call was never answered goes on as another process,
/// and so does one that asks several things at once; the format wants one open call of each.
fn processes(calls: &[Call]) -> Vec<u64> {
    let mut next = calls.iter().map(|call| call.process + 1).max().unwrap_or(0);
    // Of each client: the processes that it has, with when each is free again.
    let mut busy: BTreeMap<u64, Vec<(u64, Option<avouch_check::operation::Moment>)>> =
        BTreeMap::new();
    let mut found = Vec::with_capacity(calls.len());
    for call in calls {
        let own = busy.entry(call.process).or_default();
        let free = own.iter_mut().find(|(_, until)| until.is_some_and(|m| m < call.began.moment));
        let until = call.ended.map(|ended| ended.moment);
        if let Some((process, busy_until)) = free {
            *busy_until = until;
            found.push(*process);
        } else {
            let process = if own.is_empty() { call.process } else { next };
            next += u64::from(!own.is_empty());
            own.push((process, until));
            found.push(process);
        }
    }
    found
}
