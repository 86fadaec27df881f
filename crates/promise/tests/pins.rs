//! Encodings and digests are pinned: evidence of today must verify in every later version.
//!
//! The digests were computed by another program, in another language, from the layouts in the
//! headers of `request.rs`, `fact.rs`, `log_point.rs` and `merkle.rs`.

use avouch_promise::identity::Ballot;
use avouch_promise::{
    Ack, Answer, ClusterId, Digest, Encode, EntryHeader, Epoch, GroupId, Incarnation, Interval,
    KeyspaceId, LogIndex, LogPoint, NodeId, Nonce, Request, RequestId, Scope, WallTime, digest_of,
    merkle,
};
use bytes::Bytes;

fn hex(digest: &Digest) -> String {
    use std::fmt::Write as _;
    digest.0.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

#[test]
fn requests_entries_facts_and_seals_are_pinned() {
    let cluster = ClusterId(std::array::from_fn(|i| i as u8));
    let request = Request {
        cluster,
        keyspace: KeyspaceId(0),
        id: RequestId { client: 77, sequence: 300 },
        settled: 2,
        nonce: Nonce([0xa5; 16]),
        guarantee: "linearizable".to_owned(),
        token: Bytes::new(),
        body: Bytes::from_static(b"body"),
    };
    let request = Request::digest(&request.to_bytes());
    assert_eq!(hex(&request), "f1780f6c8711d64dd25cdd07768821f4a632bb8dbff685eef9d210898d8e4e46");

    let ballot = Ballot { round: 300, leader: NodeId(2) };
    let header = EntryHeader {
        index: LogIndex(1000),
        ballot,
        previous: Digest([0x11; 32]),
        root: merkle::root(&[request; 3]),
        count: 3,
    };
    let chain = header.chain();
    assert_eq!(hex(&chain), "4bbe991af88abc238a79bb88b8b394694809d6aab6c442899b3971f5d1ed6c9f");

    let scope = Scope { cluster, keyspace: KeyspaceId(0), group: GroupId(0) };
    let ack = Ack {
        scope,
        epoch: Epoch(1),
        ballot,
        voter: NodeId(3),
        incarnation: Incarnation(200),
        accepted: LogIndex(1000),
        chain,
        root: Digest::ZERO,
        until: WallTime(-1),
    };
    let answer = Answer {
        scope,
        node: NodeId(3),
        incarnation: Incarnation(200),
        request,
        response: Request::response_digest(b"response"),
        point: LogPoint { index: LogIndex(1000), position: 2 },
        chain,
        commit: LogIndex(1000),
        wall: Interval { earliest: WallTime(-5), latest: WallTime(5) },
    };
    let facts = [ack.to_bytes(), answer.to_bytes()].map(|b| digest_of("avouch fact", &[&b]));
    let seal = digest_of("avouch seal", &[&merkle::root(&facts).0]);
    assert_eq!(
        [facts[0], facts[1], seal].each_ref().map(hex),
        [
            "f0b3b8e98edb84c933874267e348f291dee06fee66977c6690b293ce17c8ff72",
            "ea31111464e0c5dce38caffdbfe6a9df7c50b57e04efceef9e7a50887b0a13ae",
            "3f26c0a2f03415c471ea4dfd77d8f6693a3075fe624bf65dbdc473c50b3e4d59",
        ]
    );
}
