//! Encodings and digests are pinned: evidence of today must verify in every later version.
//!
//! The digests were computed by another program, in another language, from the layouts in the
//! headers of `request.rs`, `fact.rs`, `log_point.rs` and `merkle.rs`.

use avouch_promise::identity::Ballot;
use avouch_promise::{
    Ack, Answer, ClusterId, Digest, Encode, EntryHeader, Epoch, GroupId, Incarnation, Intent,
    Interval, KeyspaceId, LogIndex, LogPoint, NodeId, Nonce, Request, RequestId, Scope, Wall,
    WallTime, digest_of, merkle,
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
        intent: Intent::Write,
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
    assert_eq!(hex(&request), "c08ac2030b0ed81bc4d9e61bce33b4866a37f20b995cf64fd7d1c00ceab338cc");

    let ballot = Ballot { round: 300, leader: NodeId(2) };
    let header = EntryHeader {
        index: LogIndex(1000),
        ballot,
        previous: Digest([0x11; 32]),
        root: merkle::root(&[request; 3]),
        count: 3,
    };
    let chain = header.chain();
    assert_eq!(hex(&chain), "391dd4a9d960d47ee05928ef5a82cd12cb989f8460959f4775923ab41d7461db");

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
        wall: Wall::stated(Interval { earliest: WallTime(-5), latest: WallTime(5) }),
    };
    let facts = [ack.to_bytes(), answer.to_bytes()].map(|b| digest_of("avouch fact", &[&b]));
    let seal = digest_of("avouch seal", &[&merkle::root(&facts).0]);
    assert_eq!(
        [facts[0], facts[1], seal].each_ref().map(hex),
        [
            "9dbdadefcbb9829a62e05503a981906675cf84b78ee2712ccd1bec1c50464def",
            "e281a625bc4e32cb2e4abafa3cc4893d51b36fd04ac6c6af87c42efceba974b4",
            "abf9c19091aa618a419c55aa31eaf97f9c53b43861d5ee729fb17d89b70ecd45",
        ]
    );
}
