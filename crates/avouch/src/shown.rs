//! Operations and outcomes as people and programs read them.
//!
//! Keys and values are bytes. In JSON they are strings where they are UTF-8, otherwise
//! `{"hex": "00ff"}`, as in histories; on a line of text what cannot be printed is escaped.

use crate::screen::Screen;
use avouch_state::{
    AlarmType, KeyValue, Operation, Outcome, RangeRequest, Response, TxnOperation, TxnRequest,
};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::fmt::Write as _;

/// How values go to stdout in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    /// As they are, for programs and files.
    AsTheyAre,
    /// For a terminal, which obeys control characters: those are escaped, but for line ends and
    /// tabs.
    Visible,
}

impl Bytes {
    /// As they are, unless stdout is a terminal.
    pub fn to(screen: &Screen) -> Self {
        if screen.terminal { Self::Visible } else { Self::AsTheyAre }
    }

    fn of(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        let harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
        match (self, std::str::from_utf8(bytes)) {
            (Self::AsTheyAre, _) => bytes.into(),
            (Self::Visible, Ok(text)) if text.chars().all(harmless) => bytes.into(),
            (Self::Visible, Ok(text)) => {
                let escaped = |c: char| {
                    if harmless(c) { c.to_string() } else { c.escape_default().to_string() }
                };
                text.chars().map(escaped).collect::<String>().into_bytes().into()
            }
            (Self::Visible, Err(_)) => bytes.escape_ascii().to_string().into_bytes().into(),
        }
    }
}

/// Bytes on a line of text.
pub fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

/// Bytes in JSON.
pub fn json_bytes(bytes: &[u8]) -> Value {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return text.into();
    }
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}"); // writing to a string cannot fail
    }
    json!({ "hex": hex })
}

/// An operation in a few words.
pub fn operation(operation: &Operation) -> String {
    match operation {
        Operation::Range(range) => format!("get {}", span(&range.key, &range.range_end)),
        Operation::Put(put) => format!("put {} {}", text(&put.key), cut(&put.value)),
        Operation::DeleteRange(delete) => format!("del {}", span(&delete.key, &delete.range_end)),
        Operation::Txn(txn) => {
            let TxnRequest { compare, success, failure } = txn;
            let (ifs, then, otherwise) = (compare.len(), success.len(), failure.len());
            format!("txn of {ifs} comparisons, {then} steps or else {otherwise}")
        }
        Operation::Compact(compaction) => format!("compact {}", compaction.revision),
        Operation::Alarm(alarm) => format!("alarm {:?}", alarm.action).to_lowercase(),
    }
}

fn span(key: &[u8], end: &[u8]) -> String {
    match end {
        [] => text(key),
        [0] => format!("{} and all after", text(key)),
        end => format!("{} up to {}", text(key), text(end)),
    }
}

fn cut(value: &[u8]) -> String {
    const SHOWN: usize = 40;
    match value.get(..SHOWN) {
        Some(start) if value.len() > SHOWN => format!("{}... ({} B)", text(start), value.len()),
        _ => text(value),
    }
}

/// What a transaction did, by its comparisons.
const THEN: &str = "then: every comparison held";
const ELSE: &str = "else: a comparison did not hold";

/// An outcome in a few words.
pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Ok(Response::Range(range)) => match range.kvs.as_slice() {
            [] => "nothing".to_owned(),
            [one] => cut(&one.value),
            several => format!("{} keys", several.len()),
        },
        Ok(Response::Put(put)) => format!("revision {}", put.revision),
        Ok(Response::DeleteRange(delete)) => format!("{} deleted", delete.deleted),
        Ok(Response::Txn(txn)) if txn.succeeded => THEN.to_owned(),
        Ok(Response::Txn(_)) => ELSE.to_owned(),
        Ok(Response::Compact(_)) => "compacted".to_owned(),
        Ok(Response::Alarm(alarm)) => format!("{} alarms", alarm.alarms.len()),
        Err(error) => format!("refused, {error}"),
    }
}

/// An outcome's data: what goes to stdout in text.
pub fn data(operation: &Operation, outcome: &Outcome, bytes: Bytes) -> Vec<u8> {
    let mut out = Out { bytes, data: Vec::new() };
    match (operation, outcome) {
        (Operation::Txn(txn), Ok(Response::Txn(response))) => {
            transaction(txn, response, &mut out);
        }
        (_, Ok(response)) => {
            let range = match operation {
                Operation::Range(range) => Some(range),
                _ => None,
            };
            step(range, response, &mut out);
        }
        (_, Err(_)) => {}
    }
    out.data
}

/// Lines of data.
struct Out {
    bytes: Bytes,
    data: Vec<u8>,
}

fn transaction(txn: &TxnRequest, response: &avouch_state::TxnResponse, out: &mut Out) {
    let (word, steps) =
        if response.succeeded { (THEN, &txn.success) } else { (ELSE, &txn.failure) };
    out.data.extend_from_slice(format!("{word}\n").as_bytes());
    for (asked, answered) in steps.iter().zip(&response.responses) {
        match (asked, answered) {
            (TxnOperation::Txn(txn), Response::Txn(response)) => transaction(txn, response, out),
            (TxnOperation::Range(range), answered) => step(Some(range), answered, out),
            (_, answered) => step(None, answered, out),
        }
    }
}

/// One answer: of a single key its value alone, of a range a line for each key, of a write what it
/// did. Values go out as `bytes` says.
fn step(asked: Option<&RangeRequest>, response: &Response, out: &mut Out) {
    let Out { bytes, data } = out;
    let mut line = |parts: &[&[u8]]| {
        let parts: Vec<_> = parts.iter().map(|part| bytes.of(part)).collect();
        data.extend_from_slice(&parts.join(&b'\t'));
        data.push(b'\n');
    };
    match response {
        Response::Range(range) => {
            let single = asked.is_some_and(|asked| asked.range_end.is_empty());
            let keys_only = asked.is_some_and(|asked| asked.keys_only);
            if asked.is_some_and(|asked| asked.count_only) {
                line(&[range.count.to_string().as_bytes()]);
            }
            for kv in &range.kvs {
                match (keys_only, single) {
                    (true, _) => line(&[&kv.key]),
                    (false, true) => line(&[&kv.value]),
                    (false, false) => line(&[&kv.key, &kv.value]),
                }
            }
        }
        Response::Put(put) => {
            line(&[b"revision", put.revision.to_string().as_bytes()]);
            if let Some(previous) = &put.prev_kv {
                line(&[b"previous", &previous.value]);
            }
        }
        Response::DeleteRange(delete) => {
            line(&[b"deleted", delete.deleted.to_string().as_bytes()]);
            for previous in &delete.prev_kvs {
                line(&[&previous.key, &previous.value]);
            }
        }
        Response::Txn(_) => {}
        Response::Compact(compaction) => {
            line(&[b"compacted", compaction.revision.to_string().as_bytes()]);
        }
        Response::Alarm(alarms) => {
            for alarm in &alarms.alarms {
                line(&[alarm.member.to_string().as_bytes(), alarm_name(alarm.alarm).as_bytes()]);
            }
        }
    }
}

fn alarm_name(alarm: AlarmType) -> &'static str {
    match alarm {
        AlarmType::None => "none",
        AlarmType::NoSpace => "nospace",
        AlarmType::Corrupt => "corrupt",
    }
}

/// An outcome in JSON.
pub fn json_outcome(outcome: &Outcome) -> Value {
    match outcome {
        Ok(response) => json_response(response),
        Err(error) => json!({ "error": error.message(), "hint": error.hint() }),
    }
}

fn json_response(response: &Response) -> Value {
    let kvs = |kvs: &[KeyValue]| kvs.iter().map(json_key_value).collect::<Vec<_>>();
    match response {
        Response::Range(range) => json!({
            "revision": range.revision, "kvs": kvs(&range.kvs), "more": range.more,
            "count": range.count,
        }),
        Response::Put(put) => {
            let mut map = Map::from_iter([("revision".to_owned(), put.revision.into())]);
            if let Some(previous) = &put.prev_kv {
                map.insert("previous".to_owned(), json_key_value(previous));
            }
            map.into()
        }
        Response::DeleteRange(delete) => json!({
            "revision": delete.revision, "deleted": delete.deleted,
            "previous": kvs(&delete.prev_kvs),
        }),
        Response::Txn(txn) => json!({
            "revision": txn.revision, "succeeded": txn.succeeded,
            "responses": txn.responses.iter().map(json_response).collect::<Vec<_>>(),
        }),
        Response::Compact(compaction) => json!({ "revision": compaction.revision }),
        Response::Alarm(alarms) => {
            let alarm = |alarm: &avouch_state::AlarmMember| json!({ "member": alarm.member, "alarm": alarm_name(alarm.alarm) });
            json!({ "alarms": alarms.alarms.iter().map(alarm).collect::<Vec<_>>() })
        }
    }
}

fn json_key_value(kv: &KeyValue) -> Value {
    json!({
        "key": json_bytes(&kv.key), "value": json_bytes(&kv.value),
        "create_revision": kv.create_revision, "mod_revision": kv.mod_revision,
        "version": kv.version, "lease": kv.lease,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use avouch_state::{RangeResponse, prefix_end};
    use bytes::Bytes as Shared;

    fn kv(key: &'static [u8], value: &'static [u8]) -> KeyValue {
        let (key, value) = (Shared::from_static(key), Shared::from_static(value));
        KeyValue { key, value, ..KeyValue::default() }
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_unambiguously() {
        assert_eq!(text(b"stock/42"), "stock/42");
        assert_eq!(text(b"a\nb"), "a\\nb");
        assert_eq!(json_bytes(b"\x00\xff"), json!({ "hex": "00ff" }));
        assert_eq!(json_bytes(b"a\nb"), json!("a\nb"));
    }

    #[test]
    fn one_key_gives_its_value_and_a_range_its_keys_too() {
        let data = |operation: &Operation, told: &Outcome| data(operation, told, Bytes::AsTheyAre);
        let key = Shared::from_static(b"a/");
        let one = RangeRequest { key: key.clone(), ..RangeRequest::default() };
        let range_end = prefix_end(&key);
        let all = RangeRequest { range_end, ..one.clone() };
        let kvs = vec![kv(b"a/1", b"x\xff"), kv(b"a/2", b"y")];
        let told = Ok(Response::Range(RangeResponse { kvs, ..RangeResponse::default() }));
        assert_eq!(data(&Operation::Range(all.clone()), &told), b"a/1\tx\xff\na/2\ty\n");
        let names = RangeRequest { keys_only: true, ..all };
        assert_eq!(data(&Operation::Range(names), &told), b"a/1\na/2\n");
        assert_eq!(data(&Operation::Range(one), &told), b"x\xff\ny\n");
    }

    #[test]
    fn a_terminal_is_not_told_what_to_do_by_a_value() {
        let one = Operation::Range(RangeRequest::default());
        let shown = |value: &'static [u8], bytes| {
            let kvs = vec![kv(b"k", value)];
            let told = Ok(Response::Range(RangeResponse { kvs, ..RangeResponse::default() }));
            data(&one, &told, bytes)
        };
        let value = "\x1b]0;owned\x07 zwölf\n".as_bytes();
        assert_eq!(shown(value, Bytes::AsTheyAre), [value, b"\n"].concat());
        let visible = "\\u{1b}]0;owned\\u{7} zwölf\n\n".as_bytes();
        assert_eq!(shown(value, Bytes::Visible), visible);
        assert_eq!(shown(b"\xff\x1b", Bytes::Visible), b"\\xff\\x1b\n");
    }
}
