//! What a client of the tests asks of a group of three in the world.

use avouch_promise::trust::Trust;
use avouch_promise::{Encode, KeyspaceId, Nonce, Request, RequestId};
use avouch_state::Operation;
use avouch_store::node::{Ask, Command};
use bytes::Bytes;

/// The client's request of this number; all before it are settled.
pub(crate) fn ask(sequence: u64, guarantee: &str, what: &Operation, evidence: bool) -> Command {
    let request = Request {
        cluster: Trust::symbolic(3, 3).cluster(),
        keyspace: KeyspaceId(0),
        id: RequestId { client: 1, sequence },
        settled: sequence,
        nonce: Nonce::default(),
        guarantee: guarantee.into(),
        token: Bytes::new(),
        intent: what.intent(),
        body: what.to_bytes(),
    };
    Command::Ask(Ask { request: request.to_bytes(), evidence, deadline: None })
}
