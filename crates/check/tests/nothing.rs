//! Of a history without operations, or of which nothing was answered, nobody says that it holds.

#![allow(clippy::unwrap_used, reason = "a test may")]

use avouch_check::composition::compose;
use avouch_check::online::{self, Asked};
use avouch_check::stream::convert;
use avouch_check::{Input, Level, Limits, Report, Word, judge_file_as, judge_file_by_model};
use std::path::PathBuf;

const NATIVE: &str = "{\"avouch_history\":1,\"about\":\"nobody came\"}\n";
const UNANSWERED: &str = r#"{"avouch_history":1,"about":"nobody answered"}
{"type":"invoke","process":0,"op":1,"time":1,"do":{"kind":"get","key":"a"},"guarantee":"linearizable"}
{"type":"info","process":0,"op":1,"time":9,"why":"timed out"}
"#;
const NEMESIS: &str = "{:type :info, :f :start, :value nil, :process :nemesis, :index 0}
{:type :info, :f :start, :value \"cut\", :process :nemesis, :index 1}
";
const KILLED: &str = r#"[{"type":"info","f":"kill","process":"nemesis","value":null}]"#;
const FAILED: &str = "{:type :invoke, :f :add, :value 1, :process 0}
{:type :fail, :f :add, :value 1, :process 0}
";
const ABORTED: &str = "{:type :invoke, :f :txn, :value [[:append 1 1]], :process 0, :index 0}
{:type :fail, :f :txn, :value [[:append 1 1]], :process 0, :index 1}
";
const WRITES: &str = "{:type :invoke, :f :txn, :value [[:w :x 1]], :process 0, :index 0}
{:type :info, :f :txn, :value [[:w :x 1]], :process 0, :index 1}
";

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let place = std::env::temp_dir().join(format!("avouch-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&place).unwrap();
        Self(place)
    }
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[track_caller]
fn says_nothing(report: &Report, of: &str) {
    let text = report.to_string();
    assert_eq!(report.verdict(), Word::Unknown, "{of}: {text}");
    assert!(!text.contains("hold"), "{of}: {text}");
    let reasons = ["there is no operation to judge", "no operation was answered"];
    assert!(reasons.iter().any(|reason| text.contains(reason)), "{of}: {text}");
    assert!(report.models.iter().all(|model| model.word != Some(Word::Holds)), "{of}: {text}");
}

#[test]
fn no_judge_calls_a_history_without_answers_kept() {
    let limits = Limits::default();
    let place = Place::new("nothing");
    for (number, text) in [
        "", "\n \n", "\u{feff}", "[]", "()", NATIVE, UNANSWERED, NEMESIS, KILLED, FAILED, ABORTED,
        WRITES,
    ]
    .into_iter()
    .enumerate()
    {
        let path = place.file(&number.to_string(), text.as_bytes());
        let input = Input::read(&path, &limits).unwrap_or_else(|error| panic!("{text}: {error}"));
        let report = input.judge(None, &limits).unwrap();
        says_nothing(&report, text);
        let composed = compose(&input, &report, None, &limits).unwrap();
        assert!(composed.rows.iter().all(|row| row.objects == Word::Unknown), "{composed}");
        let is_single = [NATIVE, UNANSWERED, FAILED].contains(&text);
        if !is_single || text == NATIVE {
            let level = Some(Level::Serializable);
            says_nothing(&input.judge(level, &limits).unwrap(), text);
        }
        if ![FAILED, ABORTED, WRITES].contains(&text) {
            let model = "sequential".parse().unwrap();
            says_nothing(&judge_file_by_model(&path, model, &limits).unwrap(), text);
        }
        if ![NATIVE, UNANSWERED, ABORTED, WRITES].contains(&text) {
            let model = "set".parse().unwrap();
            says_nothing(&judge_file_as(&path, model, &limits).unwrap(), text);
        }
    }
}

#[test]
fn streams_of_nothing_hold_nothing_whole_or_cut() {
    let limits = Limits::default();
    let place = Place::new("nothing-streamed");
    let asked = Asked { by_model: false, level: None, limits };
    for text in ["", "\u{feff}\n", "[]", NATIVE, UNANSWERED] {
        says_nothing(&online::judge(text.as_bytes(), asked).unwrap(), text);
    }
    let level = Asked { level: Some(Level::SnapshotIsolation), ..asked };
    says_nothing(&online::judge(&b""[..], level).unwrap(), "a level");
    for (name, text) in [("empty", NATIVE), ("open", UNANSWERED)] {
        let path = place.file(name, text.as_bytes());
        let mut bytes = Vec::new();
        convert(&path, &mut bytes, &limits).unwrap();
        // One whose writer was stopped before its first block was whole has a header alone.
        let mut header = Vec::new();
        convert(&place.file("header", NATIVE.as_bytes()), &mut header, &limits).unwrap();
        let cut = [&header[..], &bytes[header.len().min(bytes.len())..]].concat();
        for bytes in [&bytes[..], &cut[..cut.len() - 1], &cut[..header.len()]] {
            let Ok(input) = Input::parse(bytes) else { continue };
            says_nothing(&input.judge(None, &limits).unwrap(), name);
            says_nothing(&online::judge(bytes, asked).unwrap(), name);
        }
    }
}
