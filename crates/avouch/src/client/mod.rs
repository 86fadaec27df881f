//! The client: asks near nodes first, tries again elsewhere without doing anything twice, and
//! judges every answer before its caller sees it.
//!
//! ```text
//! operation + terms -> request bytes (own nonce, own name) -> near node -> next node -> ... -> answer
//!                             |                                                              |
//!                             '--------------------- verify <---- response, evidence --------'
//! ```
//!
//! - I1 Every attempt at one operation carries the same request bytes: the log recognises the name
//!   and answers a write that it holds already as it did the first time.
//! - I2 The request that is judged is the client's own, never one that came back: a node that
//!   answers a weaker question than the one asked is refuted.

pub mod file;
pub mod session;

use crate::cluster::{ClusterFile, Endpoint, read_trust};
use avouch_promise::evidence::{Item, Judgement, Verdict};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::trust::Trust;
use avouch_promise::{
    Blame, ClusterId, Decode, Encode, Error, KeyspaceId, Nonce, Request, RequestId,
};
use avouch_state::{Operation, Outcome};
use avouch_store::wire::client::{Asking, Connection, Told, may_come_true};
use avouch_store::wire::metadata::Name;
use avouch_time::hybrid::Stamp;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// How long one attempt may take before the next node is asked.
const ATTEMPT: Duration = Duration::from_secs(2);
/// How long a connection may take to open.
const DIAL: Duration = Duration::from_secs(1);
/// How long to go on while every node refuses to be called, as where none runs.
const NOBODY: Duration = Duration::from_secs(1);
/// How long to wait after every node was asked in vain.
const PAUSE: Duration = Duration::from_millis(100);

/// A client of one cluster. It asks one thing at a time.
pub struct Client {
    trust: Option<Trust>,
    endpoints: Vec<Endpoint>,
    connections: BTreeMap<usize, Connection>,
    id: RequestId,
}

/// How an operation is to be answered.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The guarantee.
    pub guarantee: Guarantee,
    /// How long to try.
    pub deadline: Duration,
    /// Whether evidence is asked for.
    pub evidence: bool,
    /// The hybrid stamp that the answer has to follow.
    pub stamp: Option<Stamp>,
}

impl Terms {
    /// With evidence, within ten seconds.
    pub fn new(guarantee: Guarantee) -> Self {
        Self { guarantee, deadline: Duration::from_secs(10), evidence: true, stamp: None }
    }
}

/// An answer, judged.
#[derive(Clone, Debug)]
pub struct Reply {
    /// What was answered.
    pub outcome: Outcome,
    /// What it is worth.
    pub worth: Worth,
    /// Request, response and evidence, to keep.
    pub item: Option<Item>,
    /// What it cost.
    pub price: Price,
    /// Its hybrid stamp, if the node keeps them.
    pub stamp: Option<Stamp>,
    /// Who answered.
    pub from: Endpoint,
    /// Who did not, and why.
    pub tried: Vec<(Endpoint, Error)>,
}

/// What an answer is worth.
#[derive(Clone, Debug)]
pub enum Worth {
    /// It was judged by its evidence.
    Judged(Box<Judgement>),
    /// It could not be judged, for this reason.
    Unjudged(String),
}

impl Worth {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Judged(judgement) => judgement.verdict,
            Self::Unjudged(_) => Verdict::Unknown,
        }
    }
}

/// What an answer cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// Hops between nodes on the answer's causal chain, as the node says.
    pub hops: Option<u32>,
    /// From the first attempt to the answer.
    pub elapsed: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The last error.
    pub error: Error,
    /// Whether a write may have taken effect, or may still.
    pub fate_unknown: bool,
    /// Whether every node refused to be called, every time: none runs there.
    pub nobody: bool,
    /// Every attempt.
    pub tried: Vec<(Endpoint, Error)>,
}

impl Failure {
    /// Before anything was tried.
    fn untried(error: Error) -> Self {
        Self { error, fate_unknown: false, nobody: false, tried: Vec::new() }
    }
}

/// An attempt that brought no answer.
struct Missed {
    error: Error,
    /// Whether a write may yet come true.
    sent: bool,
    /// Whether the call was refused at once.
    refused: bool,
}

impl Client {
    /// A client of the nodes at `endpoints`, asked in this order.
    ///
    /// # Errors
    /// `Environment` when the operating system gives no randomness.
    pub fn new(trust: Option<Trust>, endpoints: Vec<Endpoint>) -> Result<Self, Error> {
        let id = RequestId { client: u64::from_le_bytes(drawn()?), sequence: 0 };
        Ok(Self { trust, endpoints, connections: BTreeMap::new(), id })
    }

    /// A client of the cluster in this file, near `near`.
    pub fn of(file: &ClusterFile, near: Option<&str>) -> Result<Self, Error> {
        Self::new(Some(read_trust(&file.trust)?), file.nearest_first(near)?)
    }

    /// Asks for one operation.
    pub async fn ask(&mut self, operation: &Operation, terms: &Terms) -> Result<Reply, Failure> {
        let start = Instant::now();
        self.id.sequence += 1;
        let nonce = Nonce(drawn().map_err(Failure::untried)?);
        let asking = Asking {
            guarantee: Some(terms.guarantee.to_string()),
            nonce: Some(nonce),
            name: Some(Name { id: self.id, settled: self.id.sequence }),
            evidence: terms.evidence,
            deadline: None,
            stamp: terms.stamp,
        };
        let untried = if self.endpoints.is_empty() {
            Error::new(Blame::Caller, "an endpoint", "none")
        } else {
            let expected = format!("an answer within {:?}", terms.deadline);
            Error::new(Blame::Environment, expected, "no time to ask").hint("give it more time")
        };
        let mut failure = Failure::untried(untried);
        loop {
            let mut refusals = 0;
            for place in 0..self.endpoints.len() {
                let Some(left) = left(start, terms.deadline) else { return Err(failure) };
                match self.attempt(place, operation, &asking, left).await {
                    Ok(told) => {
                        let elapsed = start.elapsed();
                        return Ok(self.judge(place, operation, &asking, told, elapsed, failure));
                    }
                    Err(Missed { error, sent, refused }) => {
                        refusals += usize::from(refused);
                        failure.fate_unknown |= sent && !operation.is_read_only();
                        let settled = matches!(error.blame, Blame::Caller | Blame::Corrupt);
                        failure.tried.push((self.endpoints[place].clone(), error.clone()));
                        failure.error = error;
                        if settled {
                            return Err(failure);
                        }
                    }
                }
            }
            let all = failure.tried.len() >= self.endpoints.len();
            failure.nobody = all && refusals == self.endpoints.len();
            match left(start, terms.deadline) {
                Some(_) if failure.nobody && start.elapsed() >= NOBODY => return Err(failure),
                Some(left) if !self.endpoints.is_empty() => {
                    tokio::time::sleep(PAUSE.min(left)).await;
                }
                _ => return Err(failure),
            }
        }
    }

    /// Asks one node once.
    async fn attempt(
        &mut self,
        place: usize,
        operation: &Operation,
        asking: &Asking,
        left: Duration,
    ) -> Result<Told, Missed> {
        let connection = match self.connections.get(&place) {
            Some(connection) if !connection.is_closed() => connection.clone(),
            _ => {
                let (address, start) = (&self.endpoints[place].address, Instant::now());
                let opened = Connection::open(address, DIAL.min(left)).await;
                let opened = opened.map_err(|error| {
                    let refused = start.elapsed() < DIAL.min(left) / 2;
                    Missed { error, sent: false, refused }
                })?;
                self.connections.insert(place, opened.clone());
                opened
            }
        };
        // A lone node gets all the time there is.
        let patience = if self.endpoints.len() == 1 { left } else { ATTEMPT.min(left) };
        let asking = Asking { deadline: Some(patience), ..asking.clone() };
        let asked = connection.ask(operation.clone(), &asking);
        // The node answers at its deadline; only one that is cut off or stopped is late for that.
        let Ok(told) = tokio::time::timeout(patience + PAUSE, asked).await else {
            self.connections.remove(&place);
            let got = format!("silence for {patience:?}");
            let error = Error::new(Blame::Environment, "an answer", got);
            let error = error.hint("the node may be cut off");
            return Err(Missed { error, sent: true, refused: false });
        };
        told.map_err(|error| Missed { sent: may_come_true(&error), error, refused: false })
    }

    fn judge(
        &self,
        place: usize,
        operation: &Operation,
        asking: &Asking,
        told: Told,
        elapsed: Duration,
        failure: Failure,
    ) -> Reply {
        let own = self.trust.as_ref().map(Trust::cluster);
        // Without a trust file only the cluster's name is the node's word.
        let named = |bytes: &Bytes| Request::from_bytes(bytes).ok().map(|said| said.cluster);
        let item = told.carried.map(|carried| Item {
            request: own
                .or_else(|| named(&carried.request))
                .map_or(Bytes::new(), |cluster| request(cluster, operation, asking)),
            response: carried.response,
            evidence: carried.evidence,
            nonce: asking.nonce,
        });
        let worth = match (&item, &self.trust) {
            (Some(item), Some(trust)) => Worth::Judged(Box::new(item.verify(trust))),
            (Some(_), None) => Worth::Unjudged("no trust file, so evidence proves nothing".into()),
            (None, _) if asking.evidence => {
                Worth::Unjudged("the node sent no evidence with its answer".into())
            }
            (None, _) => Worth::Unjudged("no evidence was asked for".into()),
        };
        Reply {
            outcome: told.outcome,
            worth,
            item,
            price: Price { hops: told.hops, elapsed },
            stamp: told.stamp,
            from: self.endpoints[place].clone(),
            tried: failure.tried,
        }
    }
}

/// The request that `operation` is asked with (I2).
fn request(cluster: ClusterId, operation: &Operation, asking: &Asking) -> Bytes {
    let name = asking.name.unwrap_or_default();
    let request = Request {
        intent: operation.intent(),
        cluster,
        keyspace: KeyspaceId::default(),
        id: name.id,
        settled: name.settled,
        nonce: asking.nonce.unwrap_or_default(),
        guarantee: asking.guarantee.clone().unwrap_or_default(),
        token: Bytes::new(),
        body: operation.to_bytes(),
    };
    request.to_bytes()
}

fn left(start: Instant, deadline: Duration) -> Option<Duration> {
    deadline.checked_sub(start.elapsed()).filter(|left| !left.is_zero())
}

/// Bytes that nobody else knows.
fn drawn<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(Blame::Environment, "randomness of the operating system", error.to_string())
    })?;
    Ok(bytes)
}
