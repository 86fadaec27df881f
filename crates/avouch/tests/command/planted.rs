//! A cluster that lies is caught by the client, and one that stumbles is not asked twice for one
//! write.

use crate::place::Place;
use avouch::client::{Client, Terms, Worth};
use avouch::embedded::{Embedded, Plan};
use avouch_promise::Blame;
use avouch_promise::evidence::Verdict;
use avouch_promise::guarantee::Guarantee;
use avouch_state::{Operation, PutRequest, RangeRequest, Response};
use avouch_store::host::HostConfig;
use avouch_store::node::NodeMutant;
use std::time::Duration;

fn start(place: &Place, adjust: impl Fn(&mut HostConfig)) -> Embedded {
    let plan = Plan { data: place.path("data"), regions: Vec::new(), delays: false, port: 0 };
    Embedded::start(&plan, adjust).unwrap()
}

/// A disk that is busy with somebody else's work stalls a node for seconds: that refutes nothing.
const PATIENCE: Duration = Duration::from_secs(60);

fn linearizable() -> Terms {
    Terms { deadline: PATIENCE, ..Terms::new(Guarantee::Linearizable) }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

fn put(key: &'static str, value: &'static str) -> Operation {
    let (key, value) = (key.into(), value.into());
    Operation::Put(PutRequest { key, value, ..PutRequest::default() })
}

fn get(key: &'static str) -> Operation {
    Operation::Range(RangeRequest { key: key.into(), ..RangeRequest::default() })
}

#[test]
fn a_read_that_asked_no_quorum_is_refuted_by_the_client() {
    let place = Place::new("planted-read");
    let cluster = start(&place, |config| config.node.mutant = Some(NodeMutant::AnswerLocally));
    let terms = linearizable();
    runtime().block_on(async {
        let mut client = Client::of(&cluster.file, Some("sa-east-1")).unwrap();
        let wrote = client.ask(&put("a", "1"), &terms).await.unwrap();
        assert_eq!(wrote.worth.verdict(), Verdict::Holds, "writes are sound: {:?}", wrote.worth);
        let read = client.ask(&get("a"), &terms).await.unwrap();
        let Worth::Judged(judgement) = &read.worth else { panic!("{:?}", read.worth) };
        assert_eq!(judgement.verdict, Verdict::Refuted, "{judgement}");
        assert!(judgement.reason.contains("cannot carry linearizable"), "{judgement}");
        // And `up` does not call such a cluster ready.
        let ready = cluster.first_answer(PATIENCE).await.unwrap_err();
        assert_eq!(ready.blame, Blame::Peer, "{ready}");
        assert!(ready.got.contains("refuted"), "{ready}");
    });
    cluster.stop().unwrap();
}

#[test]
fn a_write_that_never_entered_the_log_is_refuted_by_the_client() {
    let place = Place::new("planted-write");
    let cluster = start(&place, |config| config.node.mutant = Some(NodeMutant::ProveWriteByRead));
    runtime().block_on(async {
        let mut client = Client::of(&cluster.file, None).unwrap();
        // Without evidence the planted bug sleeps; a log has to begin somewhere.
        let quiet = Terms { evidence: false, ..linearizable() };
        client.ask(&put("a", "0"), &quiet).await.unwrap();
        let terms = linearizable();
        let wrote = client.ask(&put("a", "1"), &terms).await.unwrap();
        let Worth::Judged(judgement) = &wrote.worth else { panic!("{:?}", wrote.worth) };
        assert_eq!(judgement.verdict, Verdict::Refuted, "{judgement}");
        assert!(judgement.reason.contains("proves no write"), "{judgement}");
        let read = client.ask(&get("a"), &terms).await.unwrap();
        assert_eq!(read.worth.verdict(), Verdict::Holds, "reads are sound: {:?}", read.worth);
        let Ok(Response::Range(range)) = read.outcome else { panic!("{:?}", read.outcome) };
        assert_eq!(range.kvs[0].value.as_ref(), b"0", "the write was never done");
    });
    cluster.stop().unwrap();
}

#[test]
fn a_write_whose_node_stands_still_is_done_once_elsewhere() {
    let place = Place::new("paused");
    let cluster = start(&place, |_| {});
    let terms = linearizable();
    runtime().block_on(async {
        let mut client = Client::of(&cluster.file, Some("eu-west-1")).unwrap();
        let first = client.ask(&put("a", "0"), &terms).await.unwrap();
        let Ok(Response::Put(first)) = first.outcome else { panic!("{:?}", first.outcome) };
        cluster.hosts[2].handle().pause(Duration::from_secs(6));
        let reply = client.ask(&put("a", "1"), &terms).await.unwrap();
        assert_eq!(reply.worth.verdict(), Verdict::Holds, "{:?}", reply.worth);
        assert!(!reply.tried.is_empty(), "the paused node was asked first");
        assert_ne!(reply.from.region, "eu-west-1");
        let Ok(Response::Put(second)) = reply.outcome else { panic!("{:?}", reply.outcome) };
        assert_eq!(second.revision, first.revision + 1);
        // When the paused node wakes it finds the same request in its queue: the log knows it.
        tokio::time::sleep(Duration::from_secs(6)).await;
        let read = client.ask(&get("a"), &terms).await.unwrap();
        assert_eq!(read.worth.verdict(), Verdict::Holds, "{:?}", read.worth);
        let Ok(Response::Range(range)) = read.outcome else { panic!("{:?}", read.outcome) };
        assert_eq!((range.revision, range.kvs[0].version), (second.revision, 2), "done once");
    });
    cluster.stop().unwrap();
}
