//! Verdicts and their exit codes: changed files, forks, missing inputs, histories.

use crate::place::Place;
use avouch_promise::evidence::EvidenceFile;
use avouch_promise::testing::Forge;
use avouch_promise::{Ballot, Encode as _, NodeId, Random, Request};
use avouch_state::{Operation, PutRequest, RangeRequest};

/// An operation that writes, encoded.
fn put() -> bytes::Bytes {
    let (key, value) = ("a".into(), "1".into());
    Operation::Put(PutRequest { key, value, ..PutRequest::default() }).to_bytes()
}

/// A file of forged, sound evidence and its trust file, in `place`.
fn sound(place: &Place) -> Vec<u8> {
    let mut forge = Forge::ed25519(5, 5).unwrap();
    let ballot = Ballot { round: 2, leader: NodeId(1) };
    let request = forge.put(put());
    let item = forge.write(ballot, &request, 3);
    let bytes = EvidenceFile { items: vec![item] }.to_bytes().to_vec();
    std::fs::write(place.path("sound.evidence"), &bytes).unwrap();
    std::fs::write(place.path("trust.json"), forge.trust.to_json()).unwrap();
    bytes
}

fn verify(place: &Place, files: &[&str]) -> crate::place::Ran {
    place.avouch(&[&["verify", "--trust", "trust.json"], files].concat())
}

#[test]
fn a_changed_file_never_holds() {
    let seed = Random::seed_from_environment();
    let mut random = Random::new(seed);
    let place = Place::new("changed");
    let bytes = sound(&place);
    assert_eq!(verify(&place, &["sound.evidence"]).code, 0, "unchanged it holds");
    let mut refuted = 0;
    for _ in 0..40 {
        let mut changed = bytes.clone();
        let at = random.below(changed.len() as u64) as usize;
        changed[at] ^= 1 << random.below(8);
        std::fs::write(place.path("changed.evidence"), &changed).unwrap();
        let told = verify(&place, &["changed.evidence"]);
        assert!(
            matches!(told.code, 1 | 2 | 6),
            "byte {at} changed: {told:?}\n\
             repro: AVOUCH_SEED={seed} cargo test -p avouch a_changed_file_never_holds"
        );
        refuted += usize::from(told.code != 2);
    }
    assert!(refuted >= 30, "most changes are refuted or unreadable: {refuted} of 40");
    // What is no whole evidence file, for whatever reason, has one outcome.
    let other = |at: usize| [&bytes[..at], b"?", &bytes[at + 1..]].concat();
    let cuts = [bytes[..bytes.len() - 9].to_vec(), bytes[..4].to_vec(), Vec::new()];
    for changed in cuts.into_iter().chain([other(0), other(8), b"something else".to_vec()]) {
        std::fs::write(place.path("cut.evidence"), &changed).unwrap();
        let cut = verify(&place, &["cut.evidence"]);
        assert!(cut.code == 6 && cut.err.starts_with("error: corrupt data: "), "{cut:?}");
        assert!(!cut.out.contains("holds") && cut.out.contains("1 file unreadable"), "{cut:?}");
        let json = verify(&place, &["cut.evidence", "sound.evidence", "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!((json.code, told["blame"].as_str()), (6, Some("corrupt data")), "{told}");
        assert_eq!((&told["verdict"], &told["holds"]), (&"unknown".into(), &1.into()), "{told}");
    }
}

#[test]
fn two_files_that_hold_apart_and_contradict_each_other_are_a_fork() {
    let place = Place::new("fork");
    let trunk = Forge::ed25519(5, 5).unwrap();
    for (branch, round) in [2, 5].into_iter().enumerate() {
        let mut forge = trunk.clone();
        for _ in 0..branch {
            forge.put("so that the nonces differ");
        }
        let request = forge.put(put());
        let item = forge.write(Ballot { round, leader: NodeId(1) }, &request, 1);
        let file = EvidenceFile { items: vec![item] };
        std::fs::write(place.path(&format!("{branch}.evidence")), file.to_bytes()).unwrap();
    }
    std::fs::write(place.path("trust.json"), trunk.trust.to_json()).unwrap();
    assert_eq!(verify(&place, &["0.evidence"]).code, 0);
    assert_eq!(verify(&place, &["1.evidence"]).code, 0);
    let both = verify(&place, &["0.evidence", "1.evidence"]);
    assert_eq!(both.code, 1, "{both:?}");
    for part in ["fork: ", "0.evidence", "1.evidence"] {
        assert!(both.out.contains(part), "{part} in {both:?}");
    }
}

#[test]
fn evidence_of_another_kind_than_the_operation_asks_for_is_refuted() {
    let place = Place::new("intent");
    let mut forge = Forge::ed25519(5, 5).unwrap();
    forge.fill(Ballot { round: 2, leader: NodeId(1) }, 3);
    let get = || {
        let range = RangeRequest { key: "a".into(), ..RangeRequest::default() };
        Operation::Range(range).to_bytes()
    };
    let mut judged = |name: &str, request: &Request| {
        let item = forge.read_index(request, 1, true);
        let file = EvidenceFile { items: vec![item] }.to_bytes();
        std::fs::write(place.path(name), file).unwrap();
        std::fs::write(place.path("trust.json"), forge.trust.to_json()).unwrap();
        verify(&place, &[name])
    };
    let mut asked = Forge::ed25519(5, 5).unwrap();
    let sound = judged("read.evidence", &asked.get("linearizable", get()));
    assert_eq!(sound.code, 0, "{sound:?}");
    let put_by_read = judged("write.evidence", &asked.put(put()));
    assert_eq!(put_by_read.code, 1, "{put_by_read:?}");
    assert!(put_by_read.out.contains("read-index evidence proves no write"), "{put_by_read:?}");
    // A put that calls itself a read, and has sound evidence of one.
    let disguised = judged("disguised.evidence", &asked.get("linearizable", put()));
    assert_eq!(disguised.code, 1, "{disguised:?}");
    let reason = "refuted: the request says read, its operation writes";
    assert!(disguised.out.contains(reason), "{disguised:?}");
    let strange = judged("strange.evidence", &asked.get("linearizable", "no operation"));
    assert_eq!(strange.code, 2, "{strange:?}");
}

#[test]
fn without_an_input_the_verdict_is_unknown_and_a_wrong_one_is_the_callers() {
    let place = Place::new("inputs");
    sound(&place);
    let none = place.avouch(&["verify", "sound.evidence"]);
    assert!(none.code == 2 && none.out.starts_with("unknown: no trust file"), "{none:?}");
    let absent = place.avouch(&["verify", "sound.evidence", "--trust", "absent.json"]);
    assert!(absent.code == 3 && absent.err.contains("absent.json"), "{absent:?}");
    let missing = verify(&place, &["absent.evidence"]);
    assert!(missing.code == 3 && missing.err.contains("absent.evidence"), "{missing:?}");
    let wrong = verify(&place, &["trust.json"]);
    assert!(wrong.code == 6 && wrong.err.contains("hint: "), "{wrong:?}");
    std::fs::write(place.path("empty.evidence"), EvidenceFile::default().to_bytes()).unwrap();
    assert_eq!(verify(&place, &["empty.evidence"]).code, 2);
    // Another cluster's trust file: nothing that it says can be trusted here.
    let other = Forge::ed25519(3, 3).unwrap();
    std::fs::write(place.path("trust.json"), other.trust.to_json()).unwrap();
    let foreign = verify(&place, &["sound.evidence"]);
    assert!(
        foreign.code == 2 && foreign.out.contains("unknown: the evidence is of"),
        "{foreign:?}"
    );
}

const KEPT: &str = r#"{"avouch_history":1,"about":"a session"}
{"type":"invoke","process":0,"op":1,"time":1,"do":{"kind":"put","key":"a","value":"1"},"guarantee":"linearizable"}
{"type":"ok","process":0,"op":1,"time":2,"got":{"kind":"done"}}
{"type":"invoke","process":1,"op":2,"time":3,"do":{"kind":"get","key":"a"},"guarantee":"linearizable"}
{"type":"ok","process":1,"op":2,"time":4,"got":{"kind":"value","value":"1"}}
"#;

/// One process puts two values, another one gets the second and then the first.
pub(crate) const BACKWARDS: &str = r#"{"avouch_history":1,"about":"seen backwards"}
{"type":"invoke","process":0,"op":1,"time":1,"do":{"kind":"put","key":"a","value":"1"},"guarantee":"eventual"}
{"type":"ok","process":0,"op":1,"time":2,"got":{"kind":"done"}}
{"type":"invoke","process":0,"op":2,"time":3,"do":{"kind":"put","key":"a","value":"2"},"guarantee":"eventual"}
{"type":"ok","process":0,"op":2,"time":4,"got":{"kind":"done"}}
{"type":"invoke","process":1,"op":3,"time":5,"do":{"kind":"get","key":"a"},"guarantee":"eventual"}
{"type":"ok","process":1,"op":3,"time":6,"got":{"kind":"value","value":"2"}}
{"type":"invoke","process":1,"op":4,"time":14,"do":{"kind":"get","key":"a"},"guarantee":"eventual"}
{"type":"ok","process":1,"op":4,"time":15,"got":{"kind":"value","value":"1"}}
"#;

/// Two transactions, the second of which reads half of the first.
const APPENDS: &str = "{:type :invoke, :f :txn, :value [[:append 1 1]], :process 0, :index 0}
{:type :ok, :f :txn, :value [[:append 1 1]], :process 0, :index 1}
{:type :invoke, :f :txn, :value [[:r 1 nil]], :process 1, :index 2}
{:type :ok, :f :txn, :value [[:r 1 [1]]], :process 1, :index 3}
";
/// Two transactions, the second of which reads what the first one wrote.
const REGISTERS: &str = "{:type :invoke, :f :txn, :value [[:w :x 1]], :process 0, :index 0}
{:type :ok, :f :txn, :value [[:w :x 1]], :process 0, :index 1}
{:type :invoke, :f :txn, :value [[:r :x nil]], :process 1, :index 2}
{:type :ok, :f :txn, :value [[:r :x 1]], :process 1, :index 3}
";
/// A set to which one element is added, and which is read then.
const SET: &str = "{:type :invoke, :f :add, :value 1, :process 0}
{:type :ok, :f :add, :value 1, :process 0}
{:type :invoke, :f :read, :value nil, :process 1}
{:type :ok, :f :read, :value #{1}, :process 1}
";
/// Two reads between which money moved.
const BANK: &str = r#"[{"type":"invoke","f":"read","process":0},
{"type":"ok","f":"read","process":0,"value":{"0":10,"1":0}},
{"type":"invoke","f":"transfer","process":1,"value":{"from":0,"to":1,"amount":3}},
{"type":"ok","f":"transfer","process":1,"value":{"from":0,"to":1,"amount":3}},
{"type":"invoke","f":"read","process":0},
{"type":"ok","f":"read","process":0,"value":{"0":7,"1":3}}]
"#;
/// Two elements that come out as they went in.
const QUEUE: &str = "{:type :invoke, :f :enqueue, :value 1, :process 0}
{:type :ok, :f :enqueue, :value 1, :process 0}
{:type :invoke, :f :enqueue, :value 2, :process 0}
{:type :ok, :f :enqueue, :value 2, :process 0}
{:type :invoke, :f :dequeue, :value nil, :process 1}
{:type :ok, :f :dequeue, :value 1, :process 1}
{:type :invoke, :f :dequeue, :value nil, :process 1}
{:type :ok, :f :dequeue, :value 2, :process 1}
";
const SKEW: &str = "w 0 1\nw 1 1\n=====\nr 0 1\nr 1 1\nw 0 2\n=====\nr 0 1\nr 1 1\nw 1 3\n";
const FRACTURED: &str = "w 0 1\nw 1 1\n=====\nr 0 1\nr 1 0\n";

/// The shipped histories that do not compose.
const STORE_BUFFER: &str = include_str!("../../../check/histories/store-buffer.edn");
/// The shipped history with the store's stamps.
const STAMPED: &str = include_str!("../../../check/histories/stamped.json");
const LINEARIZABLE: &str = include_str!("../../../check/histories/linearizable-objects.edn");

/// Histories that keep their promises.
pub(crate) fn kept(place: &Place) {
    std::fs::write(place.path("transactions.txt"), FRACTURED.replace("r 1 0", "r 1 1")).unwrap();
    std::fs::write(place.path("session.history"), KEPT).unwrap();
    std::fs::write(place.path("appends.edn"), APPENDS).unwrap();
    std::fs::write(place.path("registers.edn"), REGISTERS).unwrap();
    std::fs::write(place.path("set.edn"), SET).unwrap();
    std::fs::write(place.path("bank.json"), BANK).unwrap();
    std::fs::write(place.path("queue.edn"), QUEUE).unwrap();
    std::fs::write(place.path("store-buffer.edn"), STORE_BUFFER).unwrap();
    std::fs::write(place.path("stamped.json"), STAMPED).unwrap();
}

/// Any history goes into a stream and out of it, with one verdict; no file is written over.
#[test]
fn histories_are_converted_to_streams_and_back() {
    let place = Place::new("converted");
    kept(&place);
    let histories = [
        "transactions.txt",
        "session.history",
        "appends.edn",
        "registers.edn",
        "set.edn",
        "bank.json",
        "queue.edn",
        "stamped.json",
    ];
    for name in histories {
        let (stream, back) = (format!("{name}.stream"), format!("{name}.back"));
        let told = place.avouch(&["check", name, "--convert", &stream]).well();
        assert!(told.contains("stream of") && told.contains("an event, from"), "{told}");
        place.avouch(&["check", &stream, "--convert", &back]).well();
        let verdict = |name: &str| place.avouch(&["check", name]).code;
        assert_eq!([verdict(name), verdict(&stream), verdict(&back)], [0, 0, 0], "{name}");
        let again = place.avouch(&["check", name, "--convert", &stream]);
        assert!(again.code == 3 && again.err.contains("not there yet"), "{again:?}");
    }
    let piped = place.avouch(&["check", "session.history.stream", "--convert", "-"]);
    let back = std::fs::read_to_string(place.path("session.history.back")).unwrap();
    assert!(piped.code == 0 && piped.out == back, "{piped:?}");
    assert!(piped.err.contains("stdout: text of 4 events"), "{piped:?}");
    assert!(!place.path("-").exists());
    // A folder is as large as its logs.
    std::fs::create_dir(place.path("logs")).unwrap();
    let log = [&b"S"[..], &[0; 8], b"C", &[0; 8]].concat();
    std::fs::write(place.path("logs/T0.log"), log).unwrap();
    let told = place.avouch(&["check", "logs", "--convert", "logs.stream"]).well();
    assert!(told.contains("stream of 1 event (transactions)"), "{told}");
    assert!(told.contains("from 18, 18.0 an event"), "{told}");
    let mut bytes = std::fs::read(place.path("session.history.stream")).unwrap();
    bytes.pop();
    std::fs::write(place.path("cut.stream"), &bytes).unwrap();
    let cut = place.avouch(&["check", "cut.stream"]);
    assert!(cut.out.contains("block 1 is cut after"), "{cut:?}");
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    bytes.push(0);
    std::fs::write(place.path("changed.stream"), &bytes).unwrap();
    let changed = place.avouch(&["check", "changed.stream"]);
    assert!(changed.code == 6 && changed.err.contains("another checksum"), "{changed:?}");
}

/// By a model, whatever was promised: the witness, what else holds and fails, how stale it is.
#[test]
fn operations_are_judged_by_any_model() {
    let place = Place::new("models");
    kept(&place);
    std::fs::write(place.path("backwards.history"), BACKWARDS).unwrap();
    place.avouch(&["check", "backwards.history", "--model", "monotonic-reads"]).well();
    place.avouch(&["check", "session.history", "--model", "linearizable"]).well();
    let told = place.avouch(&["check", "backwards.history", "--model", "monotonic-writes"]);
    assert!(told.code == 1 && told.out.contains("these 4 operations fit in no order"), "{told:?}");
    for note in [
        "note: strongest that hold: read-your-writes, writes-follow-reads, consistent-prefix",
        "note: weakest that are violated: causal, monotonic-writes, safe",
        "note: convergent: unknown",
    ] {
        assert!(told.out.contains(note), "{note} in {told:?}");
    }
    let told = place.avouch(&["check", "backwards.history", "--model", "k-atomic=2"]);
    let told = told.well();
    assert!(told.contains("holds     k-atomic=2 (4 operations)"), "{told}");
    assert!(told.contains("note: k-atomic=2 is bounded-staleness=1v"), "{told}");
    let json = ["check", "backwards.history", "--model", "k-atomic=2", "--format", "json"];
    let told: serde_json::Value = serde_json::from_str(&place.avouch(&json).well()).unwrap();
    assert_eq!(told[0]["report"]["guarantees"][0]["guarantee"], "k-atomic=2", "{told:#}");
    let told = place.avouch(&["check", "backwards.history", "--model", "delta-atomic=5ns"]);
    assert!(told.out.contains("violated  delta-atomic=5ns"), "{told:?}");
    assert!(told.code == 1 && told.out.contains("bounded-staleness=5ns"), "{told:?}");
    for part in
        ["note: worst staleness measured: 1 version (2-atomic), by `get ", "; 10 ns, by `get "]
    {
        assert!(told.out.contains(part), "{part} in {told:?}");
    }
    let told = place.avouch(&["check", "backwards.history", "--model", "convergent"]);
    assert!(told.code == 2 && told.out.contains("incomplete information"), "{told:?}");
    let told = place.avouch(&["check", "transactions.txt", "--model", "pram"]);
    assert!(told.code == 3 && told.err.contains("--level"), "{told:?}");
    let told = place.avouch(&["check", "session.history", "--model", "strongish"]);
    assert!(told.code == 3 && told.err.contains("monotonic-reads"), "{told:?}");
    let both = ["check", "session.history", "--model", "pram", "--level", "causal"];
    assert_eq!(place.avouch(&both).code, 3);
}

#[test]
fn histories_are_judged_and_a_stale_read_is_found() {
    let place = Place::new("histories");
    kept(&place);
    let fine = place.avouch(&["check", "session.history"]);
    assert!(fine.out.contains("holds"), "{fine:?}");
    fine.well();
    let stale = KEPT.replace(r#""value":"1"}}"#, r#""value":null}}"#).replace(
        r#"{"kind":"put","key":"a","value":null}"#,
        r#"{"kind":"put","key":"a","value":"1"}"#,
    );
    std::fs::write(place.path("stale.history"), &stale).unwrap();
    let told = place.avouch(&["check", "session.history", "stale.history", "--format", "json"]);
    assert_eq!(told.code, 1, "{told:?}");
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told[0]["report"]["verdict"], "holds");
    assert_eq!(told[1]["report"]["verdict"], "violated");
    // The same read keeps a weaker promise.
    let weaker = stale.replacen(
        r#""get","key":"a"},"guarantee":"linearizable""#,
        r#""get","key":"a"},"guarantee":"consistent-prefix""#,
        1,
    );
    assert_ne!(weaker, stale);
    std::fs::write(place.path("weaker.history"), weaker).unwrap();
    place.avouch(&["check", "weaker.history"]).well();
    place.avouch(&["check", "transactions.txt"]).well();
    std::fs::write(place.path("fractured.txt"), FRACTURED).unwrap();
    let told = place.avouch(&["check", "fractured.txt", "--level", "read-atomic"]);
    assert!(told.code == 1 && told.out.contains("T1 had seen T0"), "{told:?}");
    // In real time the read begins after the append has ended.
    let missed = APPENDS.replace(":r 1 [1]", ":r 1 []");
    assert_ne!(missed, APPENDS);
    std::fs::write(place.path("missed.edn"), missed).unwrap();
    let told = place.avouch(&["check", "missed.edn", "--level", "strict-serializable"]);
    assert!(told.code == 1 && told.out.contains("realtime"), "{told:?}");
    place.avouch(&["check", "missed.edn", "--level", "serializable"]).well();
    let stale = REGISTERS.replace("[[:r :x 1]]", "[[:r :x nil]]");
    assert_ne!(stale, REGISTERS);
    std::fs::write(place.path("unseen.edn"), stale).unwrap();
    let told = place.avouch(&["check", "unseen.edn"]);
    assert!(told.code == 1 && told.out.contains("G-single-realtime"), "{told:?}");
    place.avouch(&["check", "unseen.edn", "--level", "serializable"]).well();
    std::fs::write(place.path("skew.txt"), SKEW).unwrap();
    let told = place.avouch(&["check", "skew.txt", "--level", "serializable"]);
    assert!(told.code == 1 && told.out.contains("T1 -rw 1-> T2"), "{told:?}");
    assert!(told.out.contains("note: strong-session-snapshot-isolation: holds"), "{told:?}");
    let told = place.avouch(&["check", "."]);
    assert!(told.code == 3 && told.err.contains("T0.log"), "{told:?}");
    let told = place.avouch(&["check", "session.history", "--level", "causal"]);
    assert!(told.code == 3 && told.err.contains("leave the level out"), "{told:?}");
    // Two things are called consistent prefix: each says where the other is.
    let told = place.avouch(&["check", "session.history", "--level", "consistent-prefix"]);
    assert!(told.code == 3 && told.err.contains("--model consistent-prefix"), "{told:?}");
    let told = place.avouch(&["check", "skew.txt", "--model", "consistent-prefix"]);
    assert!(told.code == 3 && told.err.contains("--level prefix"), "{told:?}");
    let told = place.avouch(&["check", "skew.txt", "--level", "consistent-prefix"]);
    assert!(told.out.contains("is a model: --model consistent-prefix"), "{told:?}");
    let told = place.avouch(&["check", "fractured.txt", "--level", "serial"]);
    assert!(told.code == 3 && told.err.contains("did you mean `serializable`?"), "{told:?}");
    let broken = KEPT.replacen(r#""type":"ok""#, r#""type":"okay""#, 1);
    std::fs::write(place.path("broken.history"), broken).unwrap();
    let broken = place.avouch(&["check", "broken.history"]);
    assert_eq!(broken.code, 6, "what cannot be read gets no verdict: {broken:?}");
    assert!(broken.err.contains("line 3"), "{broken:?}");
    let both = place.avouch(&["check", "stale.history", "broken.history", "absent.history"]);
    assert_eq!(both.code, 1, "a violation that was found stays found: {both:?}");
    assert!(both.err.contains("line 3") && both.err.contains("absent.history"), "{both:?}");
}

/// A page and a picture stand alone, say what the text says, and obey nothing that a history says.
#[test]
fn a_page_and_a_picture_of_histories_are_data_on_stdout() {
    let place = Place::new("page");
    kept(&place);
    let missed = APPENDS.replace(":r 1 [1]", ":r 1 []").replace(":r 1 ", ":r \"<script>x\" ");
    let missed = missed.replace(":append 1 ", ":append \"<script>x\" ");
    let name = "<script>missed.edn";
    std::fs::write(place.path(name), missed).unwrap();
    let told = place.avouch(&["check", name, "appends.edn", "absent.edn", "--format", "html"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.starts_with("<!doctype html>") && told.out.ends_with("</html>\n"), "{told:?}");
    for part in [">violated<", ">holds<", "no verdict", "to the first error", ">rw</text>"] {
        assert!(told.out.contains(part), "{part} in {}", told.out);
    }
    assert!(!told.out.contains("<script") && told.out.contains("&lt;script"), "{}", told.out);
    let drawn = place.avouch(&["check", name, "--format", "svg"]);
    assert!(drawn.code == 1 && drawn.out.starts_with("<svg xmlns="), "{drawn:?}");
    assert!(drawn.out.contains(">realtime</text>") && !drawn.out.contains("<script"), "{drawn:?}");
    let metrics = place.avouch(&["check", name, "--format", "prometheus"]);
    assert!(metrics.code == 3 && metrics.err.contains("text, json, html or svg"), "{metrics:?}");
    let other = place.avouch(&["guarantees", "--format", "html"]);
    assert!(other.code == 3 && other.err.contains("avouch check"), "{other:?}");
}

/// Workloads on one object: the anomaly is named, and a model decides where a workload does not.
#[test]
fn objects_are_judged_by_their_workload_or_by_a_model() {
    let place = Place::new("objects");
    kept(&place);
    place.avouch(&["check", "set.edn", "bank.json", "queue.edn"]).well();
    place.avouch(&["check", "queue.edn", "--model", "fifo-queue"]).well();
    let told = place.avouch(&["check", "queue.edn"]);
    assert!(told.out.contains("--model fifo-queue or priority-queue does"), "{told:?}");
    let told = place.avouch(&["check", "queue.edn", "--model", "register"]);
    assert!(told.code == 3 && told.err.contains("sequential, regular or safe"), "{told:?}");
    let changed = |name: &str, text: &str, from: &str, to: &str| {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text);
        std::fs::write(place.path(name), changed).unwrap();
    };
    changed("lost.edn", SET, "#{1}", "#{}");
    changed("wrong.json", BANK, r#"{"0":7,"1":3}"#, r#"{"0":7,"1":0}"#);
    changed("twice.edn", QUEUE, ":dequeue, :value 2,", ":dequeue, :value 1,");
    for (name, title) in [
        ("lost.edn", "lost element 1"),
        ("wrong.json", "wrong total 7"),
        ("twice.edn", "duplicated element 1"),
    ] {
        let told = place.avouch(&["check", name]);
        assert!(told.code == 1 && told.out.contains(title), "{told:?}");
        let told = place.avouch(&["check", name, "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
        let parts = told[0]["report"]["guarantees"].as_array().unwrap();
        let witness = parts.iter().find_map(|part| part["witness"]["title"].as_str()).unwrap();
        assert!(witness.contains(title), "{told}");
    }
    let told = place.avouch(&["check", "queue.edn", "--model", "stack"]);
    assert!(told.code == 3 && told.err.contains("push, pop"), "{told:?}");
    let swapped = QUEUE.replace(":f :enqueue", ":f :push").replace(":f :dequeue", ":f :pop");
    std::fs::write(place.path("stack.edn"), swapped).unwrap();
    let told = place.avouch(&["check", "stack.edn"]);
    assert!(told.code == 1 && told.out.contains("fit in no order of a stack"), "{told:?}");
}

/// Both verdicts, of each object and of the whole.
#[test]
fn what_holds_of_every_object_and_not_of_the_whole_is_told() {
    let place = Place::new("composition");
    std::fs::write(place.path("store-buffer.edn"), STORE_BUFFER).unwrap();
    std::fs::write(place.path("linearizable.edn"), LINEARIZABLE).unwrap();
    let told = place.avouch(&["check", "linearizable.edn", "store-buffer.edn", "--objects"]);
    assert_eq!(told.code, 1, "{told:?}");
    for line in [
        "strict-serializable                objects holds     whole violated",
        "strong-session-serializable        objects holds     whole violated",
        "transactions span objects",
        "each operation is on one object, and yet this does not compose",
    ] {
        assert!(told.out.contains(line), "{line} in {}", told.out);
    }
    let level = "strict-serializable";
    let json = ["check", "linearizable.edn", "--objects", "--level", level, "--format", "json"];
    let told: serde_json::Value = serde_json::from_str(&place.avouch(&json).out).unwrap();
    let row = &told[0]["composition"]["guarantees"][0];
    assert_eq!((&row["objects"], &row["whole"]), (&"holds".into(), &"violated".into()), "{told}");
    let drawn = place.avouch(&["check", "linearizable.edn", "--objects", "--format", "html"]);
    assert!(drawn.code == 3 && drawn.out.is_empty(), "{drawn:?}");
}

/// Transactions with the store's stamps are judged by them, whole and as they come; without them
/// the weaker question is asked.
#[test]
fn transactions_are_judged_by_the_stores_stamps() {
    let place = Place::new("stamps");
    kept(&place);
    // Write skew: each reads what the other overwrites.
    let skew = r#"[{"tid": 1, "sid": 1, "sts": {"p": 1, "l": 0}, "cts": {"p": 3, "l": 0},
      "ops": [{"t": "r", "k": 1, "v": 0}, {"t": "w", "k": 2, "v": 1}]},
     {"tid": 2, "sid": 2, "sts": {"p": 2, "l": 0}, "cts": {"p": 4, "l": 0},
      "ops": [{"t": "r", "k": 2, "v": 0}, {"t": "w", "k": 3, "v": 1}]}]"#;
    std::fs::write(place.path("skew.json"), skew).unwrap();
    for stream in [&[][..], &["--stream"]] {
        let by = |level: &str| {
            place.avouch(&[&["check", "skew.json", "--level", level], stream].concat())
        };
        assert_eq!(by("snapshot-isolation").code, 0);
        let serial = by("serializable");
        assert_eq!(serial.code, 1);
        for word in ["EXT", "line 3", "at its commit, 4, there was 1, which T1 left at 3", "stamps"]
        {
            assert!(serial.out.contains(word), "{word}: {serial:?}");
        }
        let other = by("causal");
        assert!(other.code == 3 && other.err.contains("--ignore-stamps"), "{other:?}");
    }
    // T2 before T1 explains what was read; the stamps say otherwise.
    place.avouch(&["check", "skew.json", "--ignore-stamps", "--level", "serializable"]).well();
    let none = place.avouch(&["check", "appends.edn", "--ignore-stamps"]).well();
    assert!(none.contains("note: --ignore-stamps changes nothing"), "{none}");
    for shape in ["html", "svg"] {
        let drawn = place.avouch(&["check", "skew.json", "--format", shape]);
        assert!(drawn.code == 1 && drawn.out.contains("T2"), "{drawn:?}");
    }
    let objects = place.avouch(&["check", "skew.json", "--objects", "--level", "serializable"]);
    assert!(objects.out.contains("objects violated  whole violated (key 2)"), "{objects:?}");
}

/// A history without answers keeps no promise, and is not judged to.
#[test]
fn a_history_without_answers_is_unknown() {
    let place = Place::new("nothing");
    std::fs::write(place.path("header.history"), format!("{}\n", KEPT.lines().next().unwrap()))
        .unwrap();
    std::fs::write(place.path("empty"), "").unwrap();
    std::fs::write(place.path("list.json"), "[]\n").unwrap();
    for file in ["header.history", "empty", "list.json", "-"] {
        for more in [&[][..], &["--stream"], &["--model", "sequential"], &["--objects"]] {
            let told = place.avouch(&[&["check", file], more].concat());
            assert_eq!(told.code, 2, "{file} {more:?}: {told:?}");
            assert!(told.out.contains("there is no operation to judge"), "{told:?}");
            assert!(!told.out.contains("holds"), "{told:?}");
        }
    }
    let told = place.avouch(&["check", "empty", "--format", "json"]);
    let told: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told[0]["report"]["verdict"], "unknown", "{told:#}");
    let page = place.avouch(&["check", "empty", "--format", "html"]);
    assert!(page.code == 2 && page.out.contains("there is no operation to judge"), "{page:?}");
}

/// What comes on stdin is judged whole, in any format that is a file's.
#[test]
fn stdin_is_judged_as_a_file_is() {
    let place = Place::new("stdin");
    let mut command = place.command(crate::place::PROGRAM);
    command.args(["check", "-", "--level", "pl-3"]);
    command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A transaction of unknown outcome that nobody read from, before the others.
    let unknown = "{:type :invoke, :f :txn, :value [[:w :y 1]], :process 7, :index 0}
{:type :info, :f :txn, :value [[:w :y 1]], :process 7, :index 1}
";
    std::io::Write::write_all(&mut stdin, (unknown.to_owned() + REGISTERS).as_bytes()).unwrap();
    drop(stdin);
    let ended = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{out}");
    assert!(out.contains("(1 of unknown outcome, 0 failed left out), jepsen rw-register"), "{out}");
    assert!(out.contains("holds     pl-3 (2 operations)"), "{out}");
    assert!(out.contains("note: pl-3 is serializable"), "{out}");
}
