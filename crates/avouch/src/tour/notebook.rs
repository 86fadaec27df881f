//! The tour's notebook: every request and answer as a history on disk, every piece of evidence, and
//! a line of figures for each request.
//!
//! A request is noted before it is sent and its answer after it was read, under one lock and one
//! clock, so no span in the history is narrower than the truth.

use super::wish::{Wish, outcome};
use crate::client::{Failure, Reply, Worth};
use avouch_promise::evidence::{EvidenceFile, Item, Verdict};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::history::{
    Action, Answered, Header, HistoryWriter, Invocation, Outcome, Record, What,
};
use avouch_promise::{Blame, Encode, Error, NodeId};
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The history's name in the tour's folder.
pub(super) const HISTORY: &str = "tour.history";
/// The evidence's name in the tour's folder.
pub(super) const EVIDENCE: &str = "tour.evidence";

/// The figures of one request.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// Which of the regions asked, from 0.
    pub(super) region: usize,
    /// What it was promised.
    pub(super) guarantee: Guarantee,
    /// Whether it may change the state.
    pub(super) is_write: bool,
    /// When it was asked, since the tour's start.
    pub(super) began: Duration,
    /// When it was answered; none if it was not.
    pub(super) ended: Option<Duration>,
    /// Its evidence, as a place in the evidence file.
    pub(super) item: Option<usize>,
    /// What the client's own verifier said of the answer.
    pub(super) verdict: Option<Verdict>,
}

/// The notes of one tour. Its clients share it.
pub(super) struct Notebook {
    start: Instant,
    folder: PathBuf,
    pages: Mutex<Pages>,
}

struct Pages {
    history: HistoryWriter<BufWriter<File>>,
    evidence: EvidenceFile,
    samples: Vec<Sample>,
    /// The first error that kept a note from being written.
    broken: Option<Error>,
}

/// What has been noted.
pub(super) struct Notes {
    pub(super) samples: Vec<Sample>,
    pub(super) history: PathBuf,
    pub(super) evidence: PathBuf,
}

impl Notebook {
    /// An empty notebook in `folder`.
    pub(super) fn open(folder: &Path, header: &Header) -> Result<Self, Error> {
        let path = folder.join(HISTORY);
        let file = File::create(&path).map_err(|error| unwritten(&path, &error))?;
        let pages = Pages {
            history: HistoryWriter::new(BufWriter::new(file), header)?,
            evidence: EvidenceFile::default(),
            samples: Vec::new(),
            broken: None,
        };
        Ok(Self { start: Instant::now(), folder: folder.to_owned(), pages: Mutex::new(pages) })
    }

    /// How long the tour has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `process`, a client in `region`, is about to ask; the request's number.
    pub(super) fn ask(&self, process: u64, region: (usize, &str), wish: &Wish) -> usize {
        let mut pages = self.pages();
        let began = self.elapsed();
        let number = pages.samples.len();
        pages.samples.push(Sample {
            region: region.0,
            guarantee: wish.guarantee,
            is_write: is_write(&wish.action),
            began,
            ended: None,
            item: None,
            verdict: None,
        });
        let what = What::Invoke(Invocation {
            action: wish.action.clone(),
            guarantee: wish.guarantee,
            region: Some(region.1.to_owned()),
        });
        pages.write(process, number, began, what);
        number
    }

    /// Notes how request `number` ended.
    pub(super) fn told(
        &self,
        process: u64,
        number: usize,
        wish: &Wish,
        told: &Result<Reply, Failure>,
    ) {
        let mut pages = self.pages();
        let ended = self.elapsed();
        let what = match told {
            Ok(reply) => match answer(&wish.action, reply) {
                Ok(outcome) => {
                    let answered = pages.keep(number, ended, outcome, reply);
                    What::Ok(answered)
                }
                Err(why) => What::Fail { why },
            },
            Err(failure) => {
                let why = failure.error.to_string();
                if failure.fate_unknown {
                    What::Info { why, point: None }
                } else {
                    What::Fail { why }
                }
            }
        };
        pages.write(process, number, ended, what);
    }

    /// How many requests that `select` picks were answered.
    pub(super) fn count(&self, select: impl Fn(&Sample) -> bool) -> usize {
        let pages = self.pages();
        pages.samples.iter().filter(|sample| sample.ended.is_some() && select(sample)).count()
    }

    /// Writes the evidence beside the history and gives the notes out.
    pub(super) fn close(&self) -> Result<Notes, Error> {
        let mut pages = self.pages();
        if let Some(error) = pages.broken.take() {
            return Err(error);
        }
        let path = self.folder.join(EVIDENCE);
        std::fs::write(&path, pages.evidence.to_bytes())
            .map_err(|error| unwritten(&path, &error))?;
        let samples = std::mem::take(&mut pages.samples);
        Ok(Notes { samples, history: self.folder.join(HISTORY), evidence: path })
    }
}

impl Pages {
    fn write(&mut self, process: u64, number: usize, time: Duration, what: What) {
        let time = crate::quantity::nanos(time);
        let record = Record { process, operation: number as u64 + 1, time, what };
        if let Err(error) = self.history.append(&record) {
            self.broken.get_or_insert(error);
        }
    }

    /// Keeps an answer's evidence and figures.
    fn keep(
        &mut self,
        number: usize,
        ended: Duration,
        outcome: Outcome,
        reply: &Reply,
    ) -> Answered {
        let item = reply.item.clone().map(|item| self.put(item));
        let judgement = match &reply.worth {
            Worth::Judged(judgement) => Some(judgement),
            Worth::Unjudged(_) => None,
        };
        if let Some(sample) = self.samples.get_mut(number) {
            sample.ended = Some(ended);
            sample.item = item;
            sample.verdict = Some(reply.worth.verdict());
        }
        Answered {
            outcome,
            achieved: judgement.filter(|found| found.holds()).and_then(|found| found.achieved),
            point: judgement.and_then(|found| found.point),
            node: Some(NodeId(reply.from.node)),
            evidence: item.map(|item| format!("{EVIDENCE}#{item}")),
        }
    }

    fn put(&mut self, item: Item) -> usize {
        self.evidence.items.push(item);
        self.evidence.items.len() - 1
    }
}

/// The answer in the history's words; an answer that says the request was refused did nothing.
fn answer(action: &Action, reply: &Reply) -> Result<Outcome, String> {
    let response = reply.outcome.as_ref().map_err(|refused| refused.message().to_owned())?;
    outcome(action, response).ok_or_else(|| format!("an answer to something else: {response:?}"))
}

fn is_write(action: &Action) -> bool {
    !matches!(action, Action::Get { .. } | Action::Range { .. })
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Blame::Environment, format!("to write {}", path.display()), error.to_string())
}
