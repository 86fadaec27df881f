//! Between etcd's messages and the state's own types, in both directions: the node reads requests
//! and writes responses, a client writes requests and reads responses.
//!
//! A client must be able to derive from the response message the very bytes whose digest the node
//! signed. It can: every field of an [`avouch_state::Outcome`] has its place in a message or in a
//! status, and the tests hold that the way there and back loses nothing.

mod message;
mod request;
pub mod response;

pub use message::{Headed, status_of_error};
pub use request::{Asked, delete_message, put_message, range_message, txn_message};
pub use request::{alarm, alarm_message, compact, delete, put, range, txn};

use super::proto::etcdserverpb::AlarmType as AlarmNumber;
use super::proto::mvccpb;
use avouch_promise::{Blame, Error};
use avouch_state::{AlarmType, KeyValue};

fn key_value(kv: mvccpb::KeyValue) -> KeyValue {
    let mvccpb::KeyValue { key, create_revision, mod_revision, version, value, lease } = kv;
    KeyValue { key, create_revision, mod_revision, version, value, lease }
}

fn key_value_message(kv: KeyValue) -> mvccpb::KeyValue {
    let KeyValue { key, create_revision, mod_revision, version, value, lease } = kv;
    mvccpb::KeyValue { key, create_revision, mod_revision, version, value, lease }
}

fn alarm_type(number: i32) -> Result<AlarmType, Error> {
    match AlarmNumber::try_from(number) {
        Ok(AlarmNumber::None) => Ok(AlarmType::None),
        Ok(AlarmNumber::Nospace) => Ok(AlarmType::NoSpace),
        Ok(AlarmNumber::Corrupt) => Ok(AlarmType::Corrupt),
        Err(_) => Err(unknown("an alarm: none 0, nospace 1, corrupt 2", number)),
    }
}

fn alarm_number(alarm: AlarmType) -> i32 {
    match alarm {
        AlarmType::None => AlarmNumber::None as i32,
        AlarmType::NoSpace => AlarmNumber::Nospace as i32,
        AlarmType::Corrupt => AlarmNumber::Corrupt as i32,
    }
}

fn unknown(expected: &str, number: i32) -> Error {
    Error::new(Blame::Caller, expected, number.to_string())
}

#[cfg(test)]
mod tests;
