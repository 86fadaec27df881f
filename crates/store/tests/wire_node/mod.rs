//! A node without agreement, for the wire's tests: the real state machine behind the real
//! listener on loopback. Evidence is stood in for by bytes that name what it must bind.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use avouch_promise::{
    Ballot, ClusterId, Decode, Digest, Incarnation, LogIndex, LogPoint, NodeId, Request,
};
use avouch_state::{AlarmType, Machine, Operation, outcome_bytes};
use avouch_store::wire::ask::{Answered, Ask, Gauge, Identity, Member, Question, Refusal, Status};
use avouch_store::wire::{listener, metrics::Metrics};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// What the node holds.
pub struct Held {
    pub machine: Machine,
    pub index: u64,
    /// When set, every question is refused so.
    pub refusal: Option<Refusal>,
    /// The last question.
    pub question: Option<Question>,
}

/// The node.
#[derive(Clone)]
pub struct Alone(pub Arc<Mutex<Held>>, pub String);

pub const CLUSTER: ClusterId = ClusterId(*b"\x01\x23\x45\x67\x89\xab\xcd\xefavouchxx");

/// The evidence's stand-in: the digests of the request and of the response that it speaks of.
pub fn stand_in(request: &[u8], outcome: &[u8]) -> Bytes {
    let digests: [Digest; 2] = [Request::digest(request), Request::response_digest(outcome)];
    digests.iter().flat_map(|digest| digest.0).collect::<Vec<_>>().into()
}

impl Ask for Alone {
    async fn ask(&self, question: Question) -> Result<Answered, Refusal> {
        let mut held = self.0.lock().unwrap();
        held.question = Some(question.clone());
        if let Some(refusal) = &held.refusal {
            return Err(refusal.clone());
        }
        let request = Request::from_bytes(&question.request).unwrap();
        let (outcome, point) = if question.read_only {
            let operation = Operation::from_bytes(&request.body).unwrap();
            (outcome_bytes(&held.machine.read(&operation)), held.machine.point())
        } else {
            held.index += 1;
            let point = LogPoint { index: LogIndex(held.index), position: 1 };
            let applied = held.machine.apply(point, &question.request);
            (applied.outcome, applied.point)
        };
        let evidence = question.evidence.then(|| stand_in(&question.request, &outcome));
        Ok(Answered {
            outcome,
            evidence,
            original: None,
            achieved: request.guarantee,
            point,
            ballot: Ballot { round: 7, leader: NodeId(1) },
            hops: 0,
        })
    }
    fn identity(&self) -> Identity {
        Identity { cluster: CLUSTER, node: NodeId(1), incarnation: Incarnation(3) }
    }
    fn status(&self) -> Status {
        let held = self.0.lock().unwrap();
        let name = |alarm| match alarm {
            AlarmType::NoSpace => "memberID:1 alarm:NOSPACE ",
            _ => "memberID:1 alarm:CORRUPT ",
        };
        Status {
            leader: Some(NodeId(1)),
            ballot: Ballot { round: 7, leader: NodeId(1) },
            commit: LogIndex(held.index),
            applied: LogIndex(held.index),
            revision: held.machine.store().revision(),
            size_bytes: held.machine.size_bytes(),
            size_in_use_bytes: held.machine.size_bytes(),
            errors: held.machine.alarms().iter().map(|a| name(a.alarm).to_owned()).collect(),
            learner: false,
        }
    }
    fn members(&self) -> Vec<Member> {
        vec![Member {
            node: NodeId(1),
            name: "eu-west-1".into(),
            peer_urls: vec!["http://127.0.0.1:1".into()],
            client_urls: vec![format!("http://{}", self.1)],
            learner: false,
        }]
    }
    fn gauges(&self) -> Vec<Gauge> {
        vec![Gauge {
            name: "avouch_queue_requests",
            help: "Requests that wait.",
            labels: vec![("queue", "log".into())],
            value: 0.0,
            counter: false,
        }]
    }
}

/// A node that is served until this is dropped.
pub struct Served {
    pub node: Alone,
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Served {
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let bound = runtime.block_on(listener::bind("127.0.0.1:0")).unwrap();
        let address = bound.local_addr().unwrap();
        let held = Held { machine: Machine::default(), index: 0, refusal: None, question: None };
        let node = Alone(Arc::new(Mutex::new(held)), address.to_string());
        let (stop, stopped) = watch::channel(false);
        runtime.spawn(listener::serve(node.clone(), Arc::new(Metrics::default()), bound, stopped));
        Self { node, address, stop, runtime: Some(runtime) }
    }
    /// Runs a client beside the node.
    pub fn run<T>(&self, client: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(client)
    }
    pub fn refuse(&self, refusal: Option<Refusal>) {
        self.node.0.lock().unwrap().refusal = refusal;
    }
    /// The last question that the node was asked.
    pub fn question(&self) -> (Question, Request) {
        let question = self.node.0.lock().unwrap().question.clone().unwrap();
        let request = Request::from_bytes(&question.request).unwrap();
        (question, request)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
