//! Stories: commands and their answers as text, readable without the code.
//!
//! A line that does not begin with `>`, `#` or a space is a command; the lines with `>` after it
//! are what must come. `AVOUCH_REGENERATE=1 cargo test -p avouch-state` writes the answers anew;
//! read the difference before it is kept.
//!
//! ```text
//! put KEY VALUE [prev] [keep-value] [keep-lease] [lease=N]
//! get KEYS [rev=N] [limit=N] [by=version|create|mod|value] [up|down] [keys] [count] [minmod=N] ...
//! del KEYS [prev]              KEYS = a | a..c | a.. | a*        "" is nothing
//! compact N
//! txn [if KEYS.field=N ...] then STEP ; STEP ... [else STEP ...]      STEP = put.. | get.. | del.. | ( txn .. )
//! alarm get|raise|disarm none|nospace|corrupt MEMBER
//! CLIENT.SEQUENCE[/SETTLED] COMMAND     through the log, as a request of a client
//! size | restart                        restart = snapshot, and back
//! limits QUOTA CLIENTS ANSWERS          begin anew, with these limits
//! ```

use crate::{
    AlarmAction, AlarmRequest, AlarmType, CompactionRequest, Compare, DeleteRangeRequest, KeyValue,
    Limits, Machine, Operand, Operation, Outcome, PutRequest, RangeRequest, Relation, Response,
    SortOrder, SortTarget, TxnOperation, TxnRequest, outcome_from_bytes, prefix_end,
};
use avouch_promise::{
    ClusterId, Encode, Intent, KeyspaceId, LogIndex, LogPoint, Nonce, Request, RequestId,
};
use bytes::Bytes;
use std::fmt::Write;

/// The stories: name and text.
pub(super) const STORIES: [(&str, &str); 7] = [
    ("revisions", include_str!("stories/revisions.txt")),
    ("ranges", include_str!("stories/ranges.txt")),
    ("transactions", include_str!("stories/transactions.txt")),
    ("compaction", include_str!("stories/compaction.txt")),
    ("refusals", include_str!("stories/refusals.txt")),
    ("quota", include_str!("stories/quota.txt")),
    ("retries", include_str!("stories/retries.txt")),
];

/// The story as it goes now.
pub(super) fn tell(story: &str) -> String {
    let mut told = String::new();
    let mut machine = Machine::default();
    for line in story.lines().filter(|line| !line.starts_with('>')) {
        writeln!(told, "{line}").unwrap();
        if !line.is_empty() && !line.starts_with('#') {
            for answer in carry_out(&mut machine, line).lines() {
                writeln!(told, "> {answer}").unwrap();
            }
        }
    }
    told
}

#[test]
fn stories_go_as_they_are_told() {
    for (name, story) in STORIES {
        let told = tell(story);
        if std::env::var_os("AVOUCH_REGENERATE").is_some() {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/tests/stories");
            std::fs::write(format!("{folder}/{name}.txt"), &told).unwrap();
        } else if told != story {
            let parting = told.lines().zip(story.lines()).position(|(now, then)| now != then);
            let line = parting.unwrap_or_else(|| told.lines().count().min(story.lines().count()));
            panic!(
                "{name}.txt, line {}: told {:?}, now {:?}",
                line + 1,
                story.lines().nth(line),
                told.lines().nth(line)
            );
        }
    }
}

fn carry_out(machine: &mut Machine, line: &str) -> String {
    let line = line.replace('(', " ( ").replace(')', " ) ");
    let mut words = Words(line.split_whitespace().collect());
    match words.0[0] {
        "limits" => {
            let mut limits = words.0[1..].iter().map(|word| number(word).cast_unsigned());
            let mut next = || limits.next().unwrap();
            let (quota_bytes, clients, answers_bytes) = (next(), next(), next());
            *machine = Machine::new(Limits { quota_bytes, clients, answers_bytes });
            String::new()
        }
        "size" => format!("{} bytes", machine.size_bytes()),
        "restart" => {
            let restored = Machine::restore(machine.snapshot()).map_err(|error| error.to_string());
            match restored {
                Ok(restored) if restored == *machine => "the same".into(),
                Ok(restored) => {
                    *machine = restored;
                    "different".into()
                }
                Err(error) => error,
            }
        }
        word if word.starts_with(|first: char| first.is_ascii_digit()) => {
            let (client, rest) = word.split_once('.').unwrap();
            let (sequence, settled) = rest.split_once('/').unwrap_or((rest, "0"));
            words.0.remove(0);
            let body = words.operation().to_bytes();
            let id = RequestId {
                client: number(client).cast_unsigned(),
                sequence: number(sequence).cast_unsigned(),
            };
            let applied = machine.apply(
                LogPoint { index: LogIndex(machine.point().index.0 + 1), position: 1 },
                &request(id, number(settled).cast_unsigned(), body).to_bytes(),
            );
            let outcome = outcome_from_bytes(&applied.outcome).unwrap();
            let again = if applied.duplicate { ", nothing done now" } else { "" };
            format!("at {}{again}\n{}", applied.point, show(&outcome, 0))
        }
        _ => show(&machine.execute(&words.operation()), 0),
    }
}

/// A request of a client around an operation's encoding.
pub(super) fn request(id: RequestId, settled: u64, body: Bytes) -> Request {
    Request {
        intent: Intent::Write,
        cluster: ClusterId::default(),
        keyspace: KeyspaceId(0),
        id,
        settled,
        nonce: Nonce::default(),
        guarantee: "linearizable".into(),
        token: Bytes::new(),
        body,
    }
}

fn number(text: &str) -> i64 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn text(word: &str) -> Bytes {
    Bytes::copy_from_slice(word.trim_matches('"').as_bytes())
}

fn keys(word: &str) -> (Bytes, Bytes) {
    if let Some(prefix) = word.strip_suffix('*') {
        return (text(prefix), prefix_end(prefix.as_bytes()));
    }
    match word.split_once("..") {
        None => (text(word), Bytes::new()),
        Some((key, "")) => (text(key), Bytes::from_static(b"\0")),
        Some((key, end)) => (text(key), text(end)),
    }
}

/// The words of a command that are not understood yet.
struct Words<'a>(Vec<&'a str>);

impl<'a> Words<'a> {
    fn next(&mut self) -> Option<&'a str> {
        (!self.0.is_empty()).then(|| self.0.remove(0))
    }

    fn is_next(&mut self, word: &str) -> bool {
        let is = self.0.first() == Some(&word);
        if is {
            self.0.remove(0);
        }
        is
    }

    /// The options that follow, up to the end of a step.
    fn options(&mut self) -> Vec<(&'a str, i64, &'a str)> {
        let mut options = Vec::new();
        while let Some(word) = self.0.first() {
            if [";", ")", "else"].contains(word) {
                break;
            }
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            options.push((name, value.parse().unwrap_or(0), value));
            self.0.remove(0);
        }
        options
    }

    fn operation(&mut self) -> Operation {
        match self.next().unwrap() {
            "put" => Operation::Put(self.put()),
            "get" => Operation::Range(self.get()),
            "del" => Operation::DeleteRange(self.del()),
            "txn" => Operation::Txn(self.txn()),
            "compact" => Operation::Compact(CompactionRequest {
                revision: number(self.next().unwrap()),
                physical: false,
            }),
            "alarm" => Operation::Alarm(AlarmRequest {
                action: match self.next().unwrap() {
                    "raise" => AlarmAction::Activate,
                    "disarm" => AlarmAction::Deactivate,
                    _ => AlarmAction::Get,
                },
                alarm: match self.next().unwrap() {
                    "nospace" => AlarmType::NoSpace,
                    "corrupt" => AlarmType::Corrupt,
                    _ => AlarmType::None,
                },
                member: number(self.next().unwrap()).cast_unsigned(),
            }),
            other => panic!("no command: {other}"),
        }
    }

    fn put(&mut self) -> PutRequest {
        let (key, value) = (text(self.next().unwrap()), text(self.next().unwrap()));
        let mut put = PutRequest { key, value, ..PutRequest::default() };
        for (name, number, _) in self.options() {
            match name {
                "prev" => put.prev_kv = true,
                "keep-value" => put.ignore_value = true,
                "keep-lease" => put.ignore_lease = true,
                "lease" => put.lease = number,
                other => panic!("no option: {other}"),
            }
        }
        put
    }

    fn get(&mut self) -> RangeRequest {
        let (key, range_end) = keys(self.next().unwrap());
        let mut range = RangeRequest { key, range_end, ..RangeRequest::default() };
        for (name, number, word) in self.options() {
            match name {
                "rev" => range.revision = number,
                "limit" => range.limit = number,
                "by" => {
                    range.sort_target = match word {
                        "version" => SortTarget::Version,
                        "create" => SortTarget::Create,
                        "mod" => SortTarget::Mod,
                        _ => SortTarget::Value,
                    }
                }
                "up" => range.sort_order = SortOrder::Ascend,
                "down" => range.sort_order = SortOrder::Descend,
                "keys" => range.keys_only = true,
                "count" => range.count_only = true,
                "minmod" => range.min_mod_revision = number,
                "maxmod" => range.max_mod_revision = number,
                "mincreate" => range.min_create_revision = number,
                "maxcreate" => range.max_create_revision = number,
                other => panic!("no option: {other}"),
            }
        }
        range
    }

    fn del(&mut self) -> DeleteRangeRequest {
        let (key, range_end) = keys(self.next().unwrap());
        let prev_kv = self.options().iter().any(|(name, ..)| *name == "prev");
        DeleteRangeRequest { key, range_end, prev_kv }
    }

    fn txn(&mut self) -> TxnRequest {
        let mut txn = TxnRequest::default();
        if self.is_next("if") {
            while !self.is_next("then") {
                txn.compare.push(compare(self.next().unwrap()));
            }
            txn.success = self.steps();
        } else if self.is_next("then") {
            txn.success = self.steps();
        }
        if self.is_next("else") {
            txn.failure = self.steps();
        }
        txn
    }

    fn steps(&mut self) -> Vec<TxnOperation> {
        let mut steps = Vec::new();
        while let Some(word) = self.0.first().copied().filter(|word| !["else", ")"].contains(word))
        {
            self.0.remove(0);
            match word {
                ";" => {}
                "nothing" => steps.push(TxnOperation::Nothing),
                "put" => steps.push(TxnOperation::Put(self.put())),
                "get" => steps.push(TxnOperation::Range(self.get())),
                "del" => steps.push(TxnOperation::DeleteRange(self.del())),
                "(" => {
                    assert!(self.is_next("txn"));
                    steps.push(TxnOperation::Txn(self.txn()));
                    assert!(self.is_next(")"));
                }
                other => panic!("no step: {other}"),
            }
        }
        steps
    }
}

fn compare(word: &str) -> Compare {
    let at = word.find(['=', '!', '<', '>']).unwrap();
    let (left, right) = word.split_at(at);
    let (relation, operand) = match right.split_at(1) {
        ("=", operand) => (Relation::Equal, operand),
        ("<", operand) => (Relation::Less, operand),
        (">", operand) => (Relation::Greater, operand),
        (_, operand) => (Relation::NotEqual, operand.trim_start_matches('=')),
    };
    let (range, field) = left.rsplit_once('.').unwrap();
    let (key, range_end) = keys(range);
    let operand = match field {
        "version" => Operand::Version(number(operand)),
        "create" => Operand::Create(number(operand)),
        "mod" => Operand::Mod(number(operand)),
        "lease" => Operand::Lease(number(operand)),
        _ => Operand::Value(text(operand)),
    };
    Compare { key, range_end, relation, operand }
}

fn show(outcome: &Outcome, depth: usize) -> String {
    match outcome {
        Ok(response) => show_response(response, depth),
        Err(error) => format!("refused with {}: {error}", error.code()),
    }
}

fn show_response(response: &Response, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let list = |before: &str, kvs: &[KeyValue]| -> String {
        let line = |kv| format!("\n{indent}  {before}{}", show_kv(kv));
        kvs.iter().map(line).collect::<Vec<_>>().concat()
    };
    let line = match response {
        Response::Put(put) => {
            format!("revision {}{}", put.revision, list("was ", put.prev_kv.as_slice()))
        }
        Response::Range(range) => {
            let more = if range.more { ", more" } else { "" };
            let kvs = list("", &range.kvs);
            format!("revision {}, count {}{more}{kvs}", range.revision, range.count)
        }
        Response::DeleteRange(delete) => {
            let was = list("was ", &delete.prev_kvs);
            format!("revision {}, deleted {}{was}", delete.revision, delete.deleted)
        }
        Response::Txn(txn) => {
            let branch = if txn.succeeded { "then" } else { "else" };
            let steps = txn.responses.iter().map(|step| show_response(step, depth + 1));
            let steps = steps.map(|step| format!("\n{step}")).collect::<Vec<_>>().concat();
            format!("revision {}, {branch}{steps}", txn.revision)
        }
        Response::Compact(compaction) => format!("revision {}", compaction.revision),
        Response::Alarm(alarm) => {
            let one =
                |alarm: &crate::AlarmMember| format!(" {:?} of {}", alarm.alarm, alarm.member);
            format!("alarms:{}", alarm.alarms.iter().map(one).collect::<String>())
        }
    };
    format!("{indent}{line}")
}

fn show_kv(kv: &KeyValue) -> String {
    let (key, value) = (String::from_utf8_lossy(&kv.key), String::from_utf8_lossy(&kv.value));
    format!(
        "{key} = {value} (create {}, mod {}, version {})",
        kv.create_revision, kv.mod_revision, kv.version
    )
}
