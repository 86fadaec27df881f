//! `get`, `put` and `del`.

use super::ask::ask;
use crate::arguments::{Del, Get, Keys, Put};
use crate::exit::Exit;
use crate::screen::Screen;
use crate::shown::Bytes;
use avouch_promise::{Blame, Error};
use avouch_state::{DeleteRangeRequest, Operation, PutRequest, RangeRequest, prefix_end};
use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;

fn bytes(text: OsString) -> bytes::Bytes {
    bytes::Bytes::from(text.into_vec())
}

/// First key and end, as the operations have them. An empty key with a range is every key.
fn span(keys: Keys) -> (bytes::Bytes, bytes::Bytes) {
    let key = bytes(keys.key);
    let end = match keys.end {
        Some(end) => bytes(end),
        None if keys.prefix => prefix_end(&key),
        None if keys.from_key => bytes::Bytes::from_static(&[0]),
        None => return (key, bytes::Bytes::new()),
    };
    let key = if key.is_empty() { bytes::Bytes::from_static(&[0]) } else { key };
    (key, end)
}

pub(super) fn get(get: Get, screen: &mut Screen) -> Result<Exit, Error> {
    let (key, range_end) = span(get.keys);
    let range = RangeRequest {
        key,
        range_end,
        limit: get.limit,
        revision: get.rev,
        keys_only: get.keys_only,
        count_only: get.count_only,
        ..RangeRequest::default()
    };
    let bytes = if get.raw { Bytes::AsTheyAre } else { Bytes::to(screen) };
    ask(&Operation::Range(range), &get.asked, bytes, screen)
}

pub(super) fn put(put: Put, screen: &mut Screen) -> Result<Exit, Error> {
    let value = if put.value == "-" { stdin()? } else { bytes(put.value) };
    let request =
        PutRequest { key: bytes(put.key), value, prev_kv: put.previous, ..PutRequest::default() };
    ask(&Operation::Put(request), &put.asked, Bytes::to(screen), screen)
}

pub(super) fn del(del: Del, screen: &mut Screen) -> Result<Exit, Error> {
    let (key, range_end) = span(del.keys);
    let request = DeleteRangeRequest { key, range_end, prev_kv: del.previous };
    ask(&Operation::DeleteRange(request), &del.asked, Bytes::to(screen), screen)
}

/// A value from stdin; the newline that ends a line of text is not part of it. One that is too
/// large is not read to its end.
fn stdin() -> Result<bytes::Bytes, Error> {
    let most = avouch_state::MAX_REQUEST_BYTES as u64;
    let mut value = Vec::new();
    std::io::stdin()
        .lock()
        .take(most + 1)
        .read_to_end(&mut value)
        .map_err(|error| Error::new(Blame::Environment, "a value on stdin", error.to_string()))?;
    if value.len() as u64 > most {
        return Err(avouch_state::Error::RequestTooLarge.into());
    }
    if value.last() == Some(&b'\n') {
        value.pop();
    }
    Ok(value.into())
}
