//! Our own client and plain HTTP/1.1 against our wire: guarantees, evidence, pages, bad input.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod wire_node;

use avouch_promise::{Blame, Error, Nonce, RequestId};
use avouch_state::{DeleteRangeRequest, Operation, PutRequest, RangeRequest, Response};
use avouch_store::wire::ask::Refusal;
use avouch_store::wire::client::{Asking, Connection, Told};
use avouch_store::wire::metadata::Name;
use avouch_store::wire::proto::etcdserverpb as pb;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tonic::Code;
use wire_node::{Served, stand_in};

fn put(key: &str, value: &str) -> Operation {
    let (key, value) = (key.to_owned().into(), value.to_owned().into());
    Operation::Put(PutRequest { key, value, ..PutRequest::default() })
}
fn get(key: &str) -> Operation {
    Operation::Range(RangeRequest { key: key.to_owned().into(), ..RangeRequest::default() })
}
fn with_evidence() -> Asking {
    Asking { evidence: true, nonce: Some(Nonce([9; 16])), ..Asking::default() }
}

fn ask(served: &Served, operation: Operation, asking: &Asking) -> Result<Told, Error> {
    let address = served.address.to_string();
    served.run(async {
        let connection = Connection::open(&address, Duration::from_secs(5)).await?;
        connection.ask(operation, asking).await
    })
}

#[test]
fn the_client_derives_the_very_bytes_that_evidence_speaks_of() {
    let served = Served::start();
    let operations = [
        put("k", "v"),
        get("k"),
        get("none"),
        Operation::DeleteRange(DeleteRangeRequest {
            key: "k".into(),
            prev_kv: true,
            ..DeleteRangeRequest::default()
        }),
        put("", "refused, and that is an answer too"),
        Operation::Range(RangeRequest { key: "k".into(), revision: 99, ..Default::default() }),
    ];
    for operation in operations {
        let told = ask(&served, operation.clone(), &with_evidence()).unwrap();
        let carried = told.carried.unwrap();
        let (question, _) = served.question();
        assert_eq!(carried.request, question.request, "{operation:?}");
        assert_eq!(carried.evidence, stand_in(&carried.request, &carried.response));
        assert_eq!(told.achieved.as_deref(), Some("linearizable"));
        assert_eq!(told.hops, Some(0));
    }
    let told = ask(&served, get("k"), &Asking::default()).unwrap();
    assert!(told.carried.is_none(), "evidence is sent when asked for");
}

#[test]
fn a_large_put_brings_its_evidence_although_its_request_fits_no_header() {
    let served = Served::start();
    let told = ask(&served, put("k", &"x".repeat(1_500_000)), &with_evidence()).unwrap();
    let carried = told.carried.unwrap();
    assert!(carried.request.len() > 1_500_000);
    assert_eq!(carried.evidence, stand_in(&carried.request, &carried.response));
    let told = ask(&served, get("k"), &with_evidence()).unwrap();
    assert!(told.carried.unwrap().response.len() > 1_500_000);
}

#[test]
//= §1.3.1 per-request semantics, not system-wide labels test
fn guarantees_are_per_request_and_what_is_not_served_is_refused_by_name() {
    let served = Served::start();
    let asked = |guarantee: &str| Asking { guarantee: Some(guarantee.into()), ..Asking::default() };
    for guarantee in ["linearizable", "consistent-prefix", "eventual"] {
        let told = ask(&served, get("k"), &asked(guarantee)).unwrap();
        assert_eq!(told.achieved.as_deref(), Some(guarantee));
        assert_eq!(served.question().1.guarantee, guarantee);
    }
    for (guarantee, words) in [
        ("bounded-staleness=2v", "served now: linearizable"),
        ("linearisable", "linearizable"),
        ("", "guarantee"),
    ] {
        for (operation, expected) in [
            (put("k", "v"), "an answer (nothing was written)"),
            (get("k"), "an answer"), // a read says nothing of writes
        ] {
            let error = ask(&served, operation, &asked(guarantee)).unwrap_err();
            assert_eq!(error.blame, Blame::Caller, "{error}");
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.expected, expected, "{error}");
        }
    }
    // etcd's serializable beside a stronger guarantee contradicts itself.
    let status = served.run(async {
        let address = served.address.to_string();
        let connection = Connection::open(&address, Duration::from_secs(5)).await.unwrap();
        let range = pb::RangeRequest { key: "k".into(), serializable: true, ..Default::default() };
        let weak = asked("eventual").request(range.clone()).unwrap();
        assert!(connection.kv().range(weak).await.is_ok());
        connection.kv().range(asked("linearizable").request(range).unwrap()).await.unwrap_err()
    });
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("no stronger than consistent-prefix"), "{status}");
}

#[test]
fn a_retry_under_the_same_name_writes_once_and_unnamed_writes_get_names() {
    let served = Served::start();
    let name = Name { id: RequestId { client: 0xfeed, sequence: 1 }, settled: 1 };
    let named = Asking { name: Some(name), ..Asking::default() };
    let first = ask(&served, put("k", "v"), &named).unwrap().outcome;
    let again = ask(&served, put("k", "v"), &named).unwrap().outcome;
    assert_eq!(first, again);
    assert_eq!(served.question().1.id, name.id);
    let Ok(Response::Range(range)) = ask(&served, get("k"), &Asking::default()).unwrap().outcome
    else {
        panic!("a range")
    };
    assert_eq!(range.kvs.first().map(|kv| kv.version), Some(1), "written once");
    assert_eq!(served.question().1.id.sequence, 0, "a read needs no name");

    let mut drawn = Vec::new();
    for _ in 0..2 {
        ask(&served, put("k", "v"), &Asking::default()).unwrap();
        drawn.push(served.question().1);
    }
    let [one, two] = &drawn[..] else { panic!("two") };
    assert_eq!((one.id.client, one.id.sequence + 1), (two.id.client, two.id.sequence));
    assert_eq!(two.settled, two.id.sequence, "the first one is answered");
}

#[test]
fn a_refusal_says_whether_a_write_may_come_true() {
    let served = Served::start();
    let detail = || "no quorum since 12:00".to_owned();
    for (refusal, words, fate) in [
        (Refusal::Busy, "etcdserver: too many requests", "nothing was written"),
        (Refusal::NoLeader { detail: detail() }, "etcdserver: no leader", "nothing was written"),
        (Refusal::Deadline { detail: detail() }, "etcdserver: request timed out", "unknown"),
        (Refusal::Stopping, "etcdserver: server stopped", "unknown"),
    ] {
        served.refuse(Some(refusal.clone()));
        let error = ask(&served, put("k", "v"), &Asking::default()).unwrap_err();
        assert_eq!((error.blame, error.got.as_str()), (Blame::Environment, words));
        assert!(error.expected.contains(fate) && !error.hint.is_empty(), "{error}");
    }
    let deadline = Some(Duration::from_millis(1500));
    let error = ask(&served, get("k"), &Asking { deadline, ..Asking::default() }).unwrap_err();
    assert_eq!(served.question().0.deadline, deadline, "{error}");
}

/// One HTTP/1.1 exchange: status line and headers, then the body.
fn http(served: &Served, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer); // a bad request may end in a reset
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    (head.to_owned(), body.to_owned())
}
fn page(served: &Served, path: &str) -> (String, String) {
    http(served, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

#[test]
fn pages_answer_plain_http_on_the_same_port() {
    let served = Served::start();
    ask(&served, put("k", "v"), &with_evidence()).unwrap();
    let (head, body) = page(&served, "/health");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body, r#"{"health":"true","reason":""}"#);
    let (_, version) = page(&served, "/version");
    assert!(version.contains(r#""etcdcluster":"3.4.0""#), "{version}");
    let (head, metrics) = page(&served, "/metrics");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let labels = r#"{method="put",guarantee="linearizable",code="OK"}"#;
    for line in [
        format!("avouch_requests_total{labels} 1"),
        format!("avouch_evidence_total{labels} 1"),
        "avouch_commit_index 1".into(),
        "avouch_has_leader 1".into(),
        r#"avouch_queue_requests{queue="log"} 0"#.into(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in\n{metrics}");
    }
    assert!(page(&served, "/").0.starts_with("HTTP/1.1 404"));
    let (head, body) = http(
        &served,
        "POST /v3/kv/range HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    assert!(head.starts_with("HTTP/1.1 405") && body.contains("gRPC"), "{head} {body}");

    served.refuse(Some(Refusal::NoLeader { detail: "alone".into() }));
    let (head, body) = page(&served, "/health");
    assert!(head.starts_with("HTTP/1.1 503"), "{head}");
    assert_eq!(body, r#"{"health":"false","reason":"etcdserver: no leader"}"#);
}

#[test]
fn garbage_and_oversize_end_in_an_error_and_the_node_stays_up() {
    let served = Served::start();
    for garbage in [
        "\0\0\0\0\0\0\0\0",
        "GET / HTTP/9.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{9}junk",
    ] {
        let mut stream = TcpStream::connect(served.address).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let error = ask(&served, put("k", &"x".repeat(1_573_000)), &Asking::default()).unwrap();
    assert_eq!(error.outcome, Err(avouch_state::Error::RequestTooLarge));
    // Beyond what a message may be, it is not even read.
    let error = ask(&served, put("k", &"x".repeat(3_000_000)), &Asking::default()).unwrap_err();
    assert!(error.got.contains("too large"), "{error}");
    assert!(ask(&served, put("k", "v"), &Asking::default()).is_ok());
}

#[test]
fn nobody_there_and_a_port_in_use_are_the_environments_fault() {
    let served = Served::start();
    let address = served.address.to_string();
    let error = served.run(avouch_store::wire::listener::bind(&address)).unwrap_err();
    assert_eq!(error.blame, Blame::Environment);
    assert!(error.hint.contains("another process has the port"), "{error}");
    let free =
        std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let error = served.run(Connection::open(&free, Duration::from_secs(5))).unwrap_err();
    assert_eq!(error.blame, Blame::Environment);
    let error = served.run(Connection::open("no address", Duration::from_secs(5))).unwrap_err();
    assert_eq!(error.blame, Blame::Caller);
}
