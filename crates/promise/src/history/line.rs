//! The JSON of each line: flat objects, so that a fault has a column of its own.

use super::VERSION;
use super::malformed::Malformed;
use super::record::{Answered, Header, Invocation, Record, What};
use super::shape::{ActionLine, OutcomeLine};
use crate::guarantee::Guarantee;
use crate::identity::{ClusterId, NodeId};
use crate::log_point::{LogIndex, LogPoint};
use crate::quantity::Nanos;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine {
    avouch_history: u32,
    #[serde(default)]
    about: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Invoke,
    Ok,
    Fail,
    Info,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecordLine {
    #[serde(rename = "type")]
    kind: Type,
    process: u64,
    op: u64,
    time: u64,
    #[serde(rename = "do", default, skip_serializing_if = "Option::is_none")]
    action: Option<ActionLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guarantee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    got: Option<OutcomeLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    achieved: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    point: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    evidence: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

fn json<T: DeserializeOwned>(text: &[u8], line: usize) -> Result<T, Malformed> {
    serde_json::from_slice(text).map_err(|error| {
        // serde_json counts columns in bytes; 0 stands for "before the first".
        let at = error.column().saturating_sub(1);
        let told = error.to_string();
        let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(told, _)| told);
        Malformed::at(line, text, at, format!("a line of the history format ({told})"))
    })
}

/// Whether a line looks like an event of a history, whose header is missing then.
pub fn is_record(text: &[u8]) -> bool {
    let has = |name: &str| text.windows(name.len()).any(|window| window == name.as_bytes());
    let is_one = text.trim_ascii_start().starts_with(b"{");
    is_one && has("\"op\"") && ["\"do\"", "\"got\"", "\"why\""].into_iter().any(has)
}

pub(super) fn read_header(text: &[u8], line: usize) -> Result<Header, Malformed> {
    if is_record(text) {
        let expected =
            format!("the header {{\"avouch_history\":{VERSION}}} before the first event");
        return Err(Malformed::at(line, text, 0, expected));
    }
    let header: HeaderLine = json(text, line)?;
    if header.avouch_history != VERSION {
        let expected = format!("version {VERSION}");
        return Err(Malformed::member(line, text, "avouch_history", expected));
    }
    let cluster = header.cluster.as_deref().map(cluster).transpose();
    let cluster = cluster.map_err(|expected| Malformed::member(line, text, "cluster", expected))?;
    Ok(Header { about: header.about, cluster })
}

fn cluster(text: &str) -> Result<ClusterId, &'static str> {
    let expected = "a cluster's identity, 32 lower-case hexadecimal digits";
    let number = u128::from_str_radix(text, 16).map_err(|_| expected)?;
    let id = ClusterId(number.to_be_bytes());
    if id.to_string() == text { Ok(id) } else { Err(expected) }
}

pub(super) fn print_header(header: &Header) -> String {
    let cluster = header.cluster.map(|cluster| cluster.to_string());
    print(&HeaderLine { avouch_history: VERSION, about: header.about.clone(), cluster })
}

/// Strings, numbers and lists always serialize.
fn print(line: &impl Serialize) -> String {
    serde_json::to_string(line).unwrap_or_default()
}

pub(super) fn read_record(text: &[u8], number: usize) -> Result<Record, Malformed> {
    let line: RecordLine = json(text, number)?;
    let wrong = |member: &str, expected: &str| Malformed::member(number, text, member, expected);
    let unwanted: &[(&str, bool)] = match line.kind {
        Type::Invoke => &[
            ("got", line.got.is_some()),
            ("achieved", line.achieved.is_some()),
            ("point", line.point.is_some()),
            ("node", line.node.is_some()),
            ("evidence", line.evidence.is_some()),
            ("why", line.why.is_some()),
        ],
        _ => &[
            ("do", line.action.is_some()),
            ("guarantee", line.guarantee.is_some()),
            ("region", line.region.is_some()),
            ("got", line.got.is_some() && !matches!(line.kind, Type::Ok)),
            ("achieved", line.achieved.is_some() && !matches!(line.kind, Type::Ok)),
            ("node", line.node.is_some() && !matches!(line.kind, Type::Ok)),
            ("evidence", line.evidence.is_some() && !matches!(line.kind, Type::Ok)),
            ("why", line.why.is_some() && matches!(line.kind, Type::Ok)),
            ("point", line.point.is_some() && matches!(line.kind, Type::Fail)),
        ],
    };
    if let Some((member, _)) = unwanted.iter().find(|(_, present)| *present) {
        return Err(wrong(member, "no such member in a line of this type"));
    }
    let guarantee = |member: &str, text: &str| {
        text.parse::<Guarantee>().map_err(|error| {
            let expected = match error.hint.as_str() {
                "" => error.expected,
                hint => format!("{} ({hint})", error.expected),
            };
            wrong(member, &expected)
        })
    };
    let point = line.point.as_deref().map(parse_point).transpose();
    let point = point.map_err(|expected| wrong("point", expected))?;
    let what = match line.kind {
        Type::Invoke => What::Invoke(Invocation {
            action: line.action.ok_or_else(|| wrong("type", "a member `do` beside it"))?.into(),
            guarantee: guarantee(
                "guarantee",
                &line.guarantee.ok_or_else(|| wrong("type", "a member `guarantee` beside it"))?,
            )?,
            region: line.region,
        }),
        Type::Ok => What::Ok(Answered {
            outcome: line.got.ok_or_else(|| wrong("type", "a member `got` beside it"))?.into(),
            achieved: line.achieved.map(|text| guarantee("achieved", &text)).transpose()?,
            point,
            node: line.node.map(NodeId),
            evidence: line.evidence,
        }),
        Type::Fail => What::Fail { why: line.why.unwrap_or_default() },
        Type::Info => What::Info { why: line.why.unwrap_or_default(), point },
    };
    Ok(Record { process: line.process, operation: line.op, time: Nanos(line.time), what })
}

fn parse_point(text: &str) -> Result<LogPoint, &'static str> {
    let expected = "a log point such as \"812.3\"";
    let (index, position) = text.split_once('.').ok_or(expected)?;
    let index = LogIndex(index.parse().map_err(|_| expected)?);
    let point = LogPoint { index, position: position.parse().map_err(|_| expected)? };
    if point.to_string() == text { Ok(point) } else { Err(expected) }
}

pub(super) fn print_record(record: &Record) -> String {
    let mut line = RecordLine {
        kind: Type::Invoke,
        process: record.process,
        op: record.operation,
        time: record.time.0,
        action: None,
        guarantee: None,
        region: None,
        got: None,
        achieved: None,
        point: None,
        node: None,
        evidence: None,
        why: None,
    };
    match record.what.clone() {
        What::Invoke(invocation) => {
            line.action = Some(invocation.action.into());
            line.guarantee = Some(invocation.guarantee.to_string());
            line.region = invocation.region;
        }
        What::Ok(answered) => {
            line.kind = Type::Ok;
            line.got = Some(answered.outcome.into());
            line.achieved = answered.achieved.map(|guarantee| guarantee.to_string());
            line.point = answered.point.map(|point| point.to_string());
            line.node = answered.node.map(|node| node.0);
            line.evidence = answered.evidence;
        }
        What::Fail { why } => {
            line.kind = Type::Fail;
            line.why = Some(why);
        }
        What::Info { why, point } => {
            line.kind = Type::Info;
            line.why = Some(why);
            line.point = point.map(|point| point.to_string());
        }
    }
    print(&line)
}
