//! Runs as clients of a right store would record them, as the texts of their files.
//!
//! The store is written here once more, on plain lists.

use super::count;
use avouch_promise::Random;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A store on plain lists, of its own: what each revision wrote.
#[derive(Default)]
pub(super) struct Played {
    pub(super) written: Vec<Vec<(String, Option<String>)>>,
}

impl Played {
    fn revision(&self) -> i64 {
        count(self.written.len()) + 1
    }

    fn at(&self, key: &str, revision: i64) -> Option<(i64, &String)> {
        let written =
            self.written.iter().enumerate().take(usize::try_from(revision - 1).unwrap_or(0)).rev();
        let mut of_key = written.flat_map(|(at, all)| all.iter().map(move |one| (at, one)));
        let (at, (_, value)) = of_key.find(|(_, (one, _))| one == key)?;
        Some((count(at) + 2, value.as_ref()?))
    }

    fn range(&self, limit: usize, revision: i64) -> Value {
        let entry = |key: &&str| {
            let (at, value) = self.at(key, revision)?;
            Some(json!({"Key": key, "Value": {"Value": value, "Hash": 0}, "ModRevision": at}))
        };
        let mut all: Vec<_> = KEYS.iter().filter_map(entry).collect();
        let count = all.len();
        all.truncate(if limit == 0 { usize::MAX } else { limit });
        json!({"KVs": all, "Count": count})
    }
}

const KEYS: [&str; 3] = ["a", "b", "c"];

/// What a client asks of a key and is answered; what that writes.
fn act(
    random: &mut Random,
    store: &Played,
    (key, number): (&str, usize),
    wrote: &mut Vec<(String, Option<String>)>,
) -> (Value, Value) {
    let before = store.revision();
    let held = store.at(key, before).map_or(0, |(at, _)| at);
    let put = json!({"Type": "put-operation",
        "Put": {"Key": key, "Value": {"Value": number.to_string()}}});
    match random.below(5) {
        0 => {
            let limit = random.below(3) as usize;
            let at = if random.chance(0.3) {
                1 + random.below(before.cast_unsigned()).cast_signed()
            } else {
                0
            };
            let range = json!({"Start": "a", "End": "z", "Limit": limit, "Revision": at});
            let found = store.range(limit, if at == 0 { before } else { at });
            (json!({"Type": "range", "Range": range}), json!({"Range": found}))
        }
        1 => {
            let delete = json!({"Type": "delete-operation", "Delete": {"Key": key}});
            let there = held > 0;
            if there {
                wrote.push((key.to_owned(), None));
            }
            let txn = json!({"OperationsOnSuccess": [delete]});
            let got = json!({"Failure": false, "Results": [{"Deleted": u8::from(there)}]});
            (json!({"Type": "txn", "Txn": txn}), json!({"Txn": got}))
        }
        2 => {
            wrote.push((key.to_owned(), Some(number.to_string())));
            let txn = json!({"OperationsOnSuccess": [put]});
            let got = json!({"Failure": false, "Results": [{}]});
            (json!({"Type": "txn", "Txn": txn}), json!({"Txn": got}))
        }
        _ => {
            let expected = if random.chance(0.6) { held } else { before };
            let range = json!({"Type": "range-operation",
                "Range": {"Start": "a", "End": "z", "Limit": 0}});
            let txn = json!({
                "Conditions": [{"Key": key, "ExpectedRevision": expected}],
                "OperationsOnSuccess": [put],
                "OperationsOnFailure": [range],
            });
            let failure = expected != held;
            let got = if failure {
                json!({"Failure": true, "Results": [store.range(0, before)]})
            } else {
                wrote.push((key.to_owned(), Some(number.to_string())));
                json!({"Failure": false, "Results": [{}]})
            };
            (json!({"Type": "txn", "Txn": txn}), json!({"Txn": got}))
        }
    }
}

/// A run of some clients as the texts of its files; `hidden` leaves the last client's out.
pub(super) fn played(
    random: &mut Random,
    count: u64,
    hidden: bool,
) -> (Vec<(String, Vec<u8>)>, Played) {
    let clients = 3_usize;
    let mut free = vec![1_u64; clients];
    let mut plan = Vec::new();
    for _ in 0..count {
        let client = random.below(clients as u64) as usize;
        let call = free[client] + 1 + random.below(20);
        let effect = call + 1 + random.below(60);
        let returned = effect + 1 + random.below(30);
        free[client] = returned;
        plan.push((effect, call, returned, client));
    }
    plan.sort_unstable();
    let mut store = Played::default();
    let mut texts = vec![String::new(); clients];
    let mut events = Vec::new();
    for (number, (effect, call, returned, client)) in plan.into_iter().enumerate() {
        let key = random.pick(&KEYS).copied().expect("a key");
        let fails = random.chance(0.15);
        let acts = !fails || random.chance(0.5);
        let before = store.revision();
        let mut wrote = Vec::new();
        let (input, mut output) = act(random, &store, (key, number), &mut wrote);
        if !wrote.is_empty() && acts {
            let (key, value) = wrote[0].clone();
            let previous = store.at(&key, before);
            let previous = previous.map(
                |(at, value)| json!({"Value": {"Value": value, "Hash": 0}, "ModRevision": at}),
            );
            let kind = if value.is_some() { "put-operation" } else { "delete-operation" };
            events.push(json!({
                "Events": [{
                    "Type": kind, "Key": key, "Value": {"Value": value.clone().unwrap_or_default()},
                    "Revision": before + 1, "IsCreate": value.is_some() && previous.is_none(),
                    "PrevValue": previous,
                }],
                "Revision": before + 1, "Time": effect + 1 + random.below(20),
            }));
            store.written.push(wrote);
        }
        output["Revision"] = json!(store.revision());
        if fails {
            output = json!({"Error": "timed out"});
        }
        let line = json!({"ClientId": client + 1, "Input": input, "Call": call, "Output": output,
            "Return": returned});
        if !hidden || client + 1 < clients {
            writeln!(texts[client], "{line}").expect("a text grows");
        }
    }
    let mut time = 0;
    for event in &mut events {
        time = time.max(event["Time"].as_u64().expect("a time"));
        event["Time"] = json!(time);
    }
    let request = json!({"Key": "", "Revision": 1, "WithPrefix": true, "WithPrevKV": true});
    let watch = json!({"Request": request, "Responses": events});
    let mut files: Vec<(String, Vec<u8>)> = texts
        .into_iter()
        .enumerate()
        .map(|(at, text)| (format!("run/client-{}/operations.json", at + 1), text.into_bytes()))
        .collect();
    files.push(("run/client-9/watch.json".to_owned(), format!("{watch}\n").into_bytes()));
    (files, store)
}
