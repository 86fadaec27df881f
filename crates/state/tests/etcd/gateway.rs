//! Operations and outcomes in the JSON of etcd's gateway: names as in `rpc.proto`, bytes in base
//! 64, 64-bit numbers as text, and whatever is zero left out of answers.

use avouch_state::{
    AlarmAction, AlarmMember, AlarmResponse, AlarmType, CompactionResponse, Compare,
    DeleteRangeRequest, DeleteRangeResponse, Error, KeyValue, Operand, Operation, Outcome,
    PutRequest, PutResponse, RangeRequest, RangeResponse, Relation, Response, SortOrder,
    SortTarget, TxnOperation, TxnRequest, TxnResponse,
};
use bytes::Bytes;
use serde_json::{Value, json};

/// The path and body that ask for an operation.
pub(crate) fn request(operation: &Operation) -> (&'static str, Value) {
    match operation {
        Operation::Range(one) => ("/v3/kv/range", range(one)),
        Operation::Put(one) => ("/v3/kv/put", put(one)),
        Operation::DeleteRange(one) => ("/v3/kv/deleterange", delete(one)),
        Operation::Txn(one) => ("/v3/kv/txn", txn(one)),
        Operation::Compact(one) => {
            ("/v3/kv/compaction", json!({"revision": one.revision, "physical": one.physical}))
        }
        Operation::Alarm(one) => {
            let action = match one.action {
                AlarmAction::Get => "GET",
                AlarmAction::Activate => "ACTIVATE",
                AlarmAction::Deactivate => "DEACTIVATE",
            };
            let alarm = alarm_name(one.alarm);
            let body = json!({"action": action, "memberID": one.member, "alarm": alarm});
            ("/v3/maintenance/alarm", body)
        }
    }
}

/// The outcome in an answer to an operation.
pub(crate) fn outcome(operation: &Operation, answer: &str) -> Outcome {
    let json: Value = serde_json::from_str(answer).expect(answer);
    if let Some(message) = json.get("error") {
        let known = Error::ALL.iter().find(|error| {
            message.as_str() == Some(error.message()) && json["code"] == error.code()
        });
        return Err(*known.unwrap_or_else(|| panic!("an error that we do not have: {answer}")));
    }
    Ok(match operation {
        Operation::Range(_) => Response::Range(range_response(&json)),
        Operation::Put(_) => Response::Put(put_response(&json)),
        Operation::DeleteRange(_) => Response::DeleteRange(delete_response(&json)),
        Operation::Txn(_) => Response::Txn(txn_response(&json)),
        Operation::Compact(_) => {
            Response::Compact(CompactionResponse { revision: revision(&json) })
        }
        Operation::Alarm(_) => {
            let mut alarms: Vec<AlarmMember> = list(&json["alarms"], |alarm| AlarmMember {
                alarm: match alarm["alarm"].as_str() {
                    Some("NOSPACE") => AlarmType::NoSpace,
                    Some("CORRUPT") => AlarmType::Corrupt,
                    _ => AlarmType::None,
                },
                member: number(&alarm["memberID"]).cast_unsigned(),
            });
            alarms.sort_unstable();
            Response::Alarm(AlarmResponse { alarms })
        }
    })
}

fn alarm_name(alarm: AlarmType) -> &'static str {
    match alarm {
        AlarmType::None => "NONE",
        AlarmType::NoSpace => "NOSPACE",
        AlarmType::Corrupt => "CORRUPT",
    }
}

fn range(range: &RangeRequest) -> Value {
    let order = match range.sort_order {
        SortOrder::None => "NONE",
        SortOrder::Ascend => "ASCEND",
        SortOrder::Descend => "DESCEND",
    };
    let target = match range.sort_target {
        SortTarget::Key => "KEY",
        SortTarget::Version => "VERSION",
        SortTarget::Create => "CREATE",
        SortTarget::Mod => "MOD",
        SortTarget::Value => "VALUE",
    };
    json!({
        "key": to_text(&range.key),
        "range_end": to_text(&range.range_end),
        "limit": range.limit,
        "revision": range.revision,
        "sort_order": order,
        "sort_target": target,
        "keys_only": range.keys_only,
        "count_only": range.count_only,
        "min_mod_revision": range.min_mod_revision,
        "max_mod_revision": range.max_mod_revision,
        "min_create_revision": range.min_create_revision,
        "max_create_revision": range.max_create_revision,
    })
}

fn put(put: &PutRequest) -> Value {
    json!({
        "key": to_text(&put.key),
        "value": to_text(&put.value),
        "lease": put.lease,
        "prev_kv": put.prev_kv,
        "ignore_value": put.ignore_value,
        "ignore_lease": put.ignore_lease,
    })
}

fn delete(delete: &DeleteRangeRequest) -> Value {
    json!({
        "key": to_text(&delete.key),
        "range_end": to_text(&delete.range_end),
        "prev_kv": delete.prev_kv,
    })
}

fn txn(txn: &TxnRequest) -> Value {
    let steps = |steps: &[TxnOperation]| -> Vec<Value> { steps.iter().map(step).collect() };
    json!({
        "compare": txn.compare.iter().map(compare).collect::<Vec<_>>(),
        "success": steps(&txn.success),
        "failure": steps(&txn.failure),
    })
}

fn step(step: &TxnOperation) -> Value {
    match step {
        TxnOperation::Nothing => json!({}),
        TxnOperation::Range(one) => json!({"request_range": range(one)}),
        TxnOperation::Put(one) => json!({"request_put": put(one)}),
        TxnOperation::DeleteRange(one) => json!({"request_delete_range": delete(one)}),
        TxnOperation::Txn(one) => json!({"request_txn": txn(one)}),
    }
}

fn compare(compare: &Compare) -> Value {
    let result = match compare.relation {
        Relation::Equal => "EQUAL",
        Relation::Greater => "GREATER",
        Relation::Less => "LESS",
        Relation::NotEqual => "NOT_EQUAL",
    };
    let (target, field, operand) = match &compare.operand {
        Operand::Version(version) => ("VERSION", "version", json!(version)),
        Operand::Create(revision) => ("CREATE", "create_revision", json!(revision)),
        Operand::Mod(revision) => ("MOD", "mod_revision", json!(revision)),
        Operand::Value(value) => ("VALUE", "value", json!(to_text(value))),
        Operand::Lease(lease) => ("LEASE", "lease", json!(lease)),
    };
    json!({
        "key": to_text(&compare.key),
        "range_end": to_text(&compare.range_end),
        "result": result,
        "target": target,
        field: operand,
    })
}

fn range_response(json: &Value) -> RangeResponse {
    RangeResponse {
        revision: revision(json),
        kvs: list(&json["kvs"], key_value),
        more: flag(&json["more"]),
        count: number(&json["count"]),
    }
}

fn put_response(json: &Value) -> PutResponse {
    PutResponse { revision: revision(json), prev_kv: json.get("prev_kv").map(key_value) }
}

fn delete_response(json: &Value) -> DeleteRangeResponse {
    DeleteRangeResponse {
        revision: revision(json),
        deleted: number(&json["deleted"]),
        prev_kvs: list(&json["prev_kvs"], key_value),
    }
}

fn txn_response(json: &Value) -> TxnResponse {
    let response = |json: &Value| {
        let (name, inner) = json.as_object().and_then(|fields| fields.iter().next()).unwrap();
        match name.as_str() {
            "response_range" => Response::Range(range_response(inner)),
            "response_put" => Response::Put(put_response(inner)),
            "response_delete_range" => Response::DeleteRange(delete_response(inner)),
            "response_txn" => Response::Txn(txn_response(inner)),
            other => panic!("a response that we do not have: {other}"),
        }
    };
    TxnResponse {
        revision: revision(json),
        succeeded: flag(&json["succeeded"]),
        responses: list(&json["responses"], response),
    }
}

fn key_value(json: &Value) -> KeyValue {
    KeyValue {
        key: from_text(&json["key"]),
        create_revision: number(&json["create_revision"]),
        mod_revision: number(&json["mod_revision"]),
        version: number(&json["version"]),
        value: from_text(&json["value"]),
        lease: number(&json["lease"]),
    }
}

fn revision(json: &Value) -> i64 {
    number(&json["header"]["revision"])
}

fn number(json: &Value) -> i64 {
    json.as_str().map_or(0, |text| text.parse().unwrap())
}

fn flag(json: &Value) -> bool {
    json.as_bool().unwrap_or(false)
}

fn list<T>(json: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    json.as_array().map(|items| items.iter().map(read).collect()).unwrap_or_default()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn to_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0_u32, |bits, at| {
            bits << 8 | u32::from(three.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

fn from_text(json: &Value) -> Bytes {
    let digits = json.as_str().unwrap_or_default().trim_end_matches('=');
    let mut bits = 0_u32;
    let mut held = 0;
    let mut bytes = Vec::new();
    for digit in digits.bytes() {
        let value = ALPHABET.iter().position(|known| *known == digit).unwrap() as u32;
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Bytes::from(bytes)
}
