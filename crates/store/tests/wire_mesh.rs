//! Nodes that speak to each other over real sockets: delivery, order, distance, strangers, crashes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use avouch_promise::signature::{Symbolic, SymbolicVerifier};
use avouch_promise::{Blame, ClusterId, Incarnation, NodeId};
use avouch_store::wire::listener::bind;
use avouch_store::wire::peer::handshake::Identity;
use avouch_store::wire::peer::link::{Direct, Link};
use avouch_store::wire::peer::{Config, Inbox, Mesh, frame};
use bytes::{Bytes, BytesMut};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { timeout(Duration::from_secs(60), test).await.unwrap() })
}

struct Place {
    listener: TcpListener,
    address: String,
}
async fn place() -> Place {
    let listener = bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    Place { listener, address }
}

fn identity(cluster: u8, node: NodeId, incarnation: u64) -> Identity {
    Identity { cluster: ClusterId([cluster; 16]), node, incarnation: Incarnation(incarnation) }
}
fn config(me: Identity, peers: &[(NodeId, &str)], link: Arc<dyn Link>) -> Config {
    Config {
        me,
        peers: peers.iter().map(|(node, at)| (*node, (*at).to_owned())).collect::<BTreeMap<_, _>>(),
        signer: Arc::new(Symbolic(me.node)),
        verifier: Arc::new(SymbolicVerifier),
        link,
    }
}

async fn connected(mesh: &Mesh) {
    while !mesh.status().iter().all(|peer| peer.connected) {
        sleep(Duration::from_millis(5)).await;
    }
}
async fn next(inbox: &mut Inbox) -> Bytes {
    timeout(Duration::from_secs(10), inbox.recv()).await.unwrap().unwrap().1
}

#[test]
fn two_nodes_exchange_messages_of_all_sizes_in_order() {
    run(async {
        let (a, b) = (place().await, place().await);
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let (one, mut inbox_one) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, Arc::new(Direct)), a.listener);
        let (two, mut inbox_two) =
            Mesh::start(config(identity(1, TWO, 1), &to_one, Arc::new(Direct)), b.listener);
        connected(&one).await;
        connected(&two).await;
        let sizes = [0, 1, 100, 1 << 20, frame::PAYLOAD_MAX, 5];
        for (index, size) in sizes.into_iter().enumerate() {
            one.send(TWO, vec![index as u8; size].into());
            two.send(ONE, Bytes::from(vec![index as u8]));
        }
        one.send(NodeId(9), Bytes::from_static(b"to nobody"));
        for (index, size) in sizes.into_iter().enumerate() {
            let (from, payload) = inbox_two.recv().await.unwrap();
            assert_eq!(from, ONE);
            assert!(payload.len() == size && payload.iter().all(|byte| *byte == index as u8));
            assert_eq!(next(&mut inbox_one).await, [index as u8][..]);
        }
        for index in 0..5_000_u32 {
            one.send(TWO, index.to_le_bytes().to_vec().into());
        }
        for index in 0..5_000_u32 {
            assert_eq!(next(&mut inbox_two).await, index.to_le_bytes()[..]);
        }
        assert_eq!(one.status().first().unwrap().dropped, 0);
    });
}

#[test]
fn distance_delays_messages_and_a_cut_loses_them_one_way() {
    run(async {
        let (a, b) = (place().await, place().await);
        let cut = Arc::new(AtomicBool::new(false));
        let link = {
            let cut = cut.clone();
            Arc::new(move |from: NodeId, _: NodeId| {
                let lost = cut.load(Ordering::SeqCst) && from == ONE;
                (!lost).then_some(Duration::from_millis(if from == ONE { 60 } else { 5 }))
            })
        };
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let start = Instant::now();
        let (one, mut inbox_one) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, link.clone()), a.listener);
        let (two, mut inbox_two) =
            Mesh::start(config(identity(1, TWO, 1), &to_one, link), b.listener);
        connected(&one).await;
        assert!(
            start.elapsed() >= Duration::from_millis(2 * 60 + 2 * 5),
            "the handshake travels, too"
        );
        connected(&two).await;
        let start = Instant::now();
        one.send(TWO, Bytes::from_static(b"far"));
        assert_eq!(next(&mut inbox_two).await, "far");
        let took = start.elapsed();
        assert!(took >= Duration::from_millis(60), "{took:?}");
        cut.store(true, Ordering::SeqCst);
        one.send(TWO, Bytes::from_static(b"lost"));
        two.send(ONE, Bytes::from_static(b"the other way"));
        assert_eq!(next(&mut inbox_one).await, "the other way");
        cut.store(false, Ordering::SeqCst);
        one.send(TWO, Bytes::from_static(b"healed"));
        assert_eq!(next(&mut inbox_two).await, "healed");
        assert_eq!(one.status().first().unwrap().dropped, 1);
    });
}

#[test]
fn a_peer_that_crashes_is_found_again_and_an_old_incarnation_is_not_let_in() {
    run(async {
        let (a, b) = (place().await, place().await);
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let (one, mut inbox_one) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, Arc::new(Direct)), a.listener);
        let life = |incarnation| config(identity(1, TWO, incarnation), &to_one, Arc::new(Direct));
        let (two, inbox_two) = Mesh::start(life(5), b.listener);
        connected(&one).await;
        connected(&two).await;
        drop((two, inbox_two));
        while one.status().first().unwrap().connected {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(one.status().first().unwrap().last_error.is_some());
        let (two, mut inbox_two) = Mesh::start(life(6), bind(&b.address).await.unwrap());
        connected(&one).await;
        connected(&two).await;
        one.send(TWO, Bytes::from_static(b"welcome back"));
        two.send(ONE, Bytes::from_static(b"I am back"));
        assert_eq!(next(&mut inbox_two).await, "welcome back");
        assert_eq!(next(&mut inbox_one).await, "I am back");
        // A second process with an older copy of two's disk is not let in beside it.
        let c = place().await;
        let (stale, _inbox) = Mesh::start(life(5), c.listener);
        let refusal = loop {
            if let Some(error) = stale.status().first().unwrap().last_error.clone() {
                break error;
            }
            sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(refusal.blame, Blame::Peer);
        assert!(refusal.got.contains("expected i6 or later of n2, got i5"), "{refusal}");
        assert!(one.take_refusals().iter().any(|error| error.got == "i5"));
        two.send(ONE, Bytes::from_static(b"still here"));
        assert_eq!(next(&mut inbox_one).await, "still here");
    });
}

#[test]
fn a_foreign_clusters_peer_is_refused_on_both_sides_with_a_clear_word() {
    run(async {
        let (a, b) = (place().await, place().await);
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let (ours, mut inbox) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, Arc::new(Direct)), a.listener);
        let (foreign, _inbox) =
            Mesh::start(config(identity(9, TWO, 1), &to_one, Arc::new(Direct)), b.listener);
        foreign.send(ONE, Bytes::from_static(b"vote for me"));
        let told = loop {
            if let Some(error) = foreign.status().first().unwrap().last_error.clone() {
                break error;
            }
            sleep(Duration::from_millis(5)).await;
        };
        assert_eq!(told.blame, Blame::Peer);
        assert!(
            told.got.contains("expected a peer of cluster 0101") && told.got.contains("0909"),
            "{told}"
        );
        let seen = ours.take_refusals();
        let seen = seen.first().unwrap();
        assert_eq!(seen.blame, Blame::Peer);
        assert!(seen.hint.contains("compare the trust files"), "{seen}");
        assert!(inbox.try_recv().is_none() && !ours.status().first().unwrap().connected);
    });
}

#[test]
fn strangers_garbage_and_broken_frames_end_their_connection_and_nothing_else() {
    run(async {
        let (a, b) = (place().await, place().await);
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let (one, mut inbox) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, Arc::new(Direct)), a.listener);
        let mut short = BytesMut::new();
        frame::put(&mut short, b"not a greeting");
        let mut cut = short.clone();
        cut.truncate(10);
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 64], &short, &cut, b""] {
            let mut stream = TcpStream::connect(&a.address).await.unwrap();
            stream.write_all(garbage).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        while one.take_refusals().iter().all(|error| error.blame != Blame::Peer) {
            sleep(Duration::from_millis(5)).await;
        }
        // A node that is in the trust file, but whom nobody told us of.
        let c = place().await;
        let unknown = config(identity(1, NodeId(7), 1), &to_one, Arc::new(Direct));
        let (unknown, _unknown_inbox) = Mesh::start(unknown, c.listener);
        while unknown.status().first().unwrap().last_error.is_none() {
            sleep(Duration::from_millis(5)).await;
        }
        let error = unknown.status().first().unwrap().last_error.clone().unwrap();
        assert!(error.got.contains("n7, which is none"), "{error}");
        // And a peer still gets through.
        let (two, _inbox) =
            Mesh::start(config(identity(1, TWO, 1), &to_one, Arc::new(Direct)), b.listener);
        connected(&two).await;
        two.send(ONE, Bytes::from_static(b"hello"));
        assert_eq!(next(&mut inbox).await, "hello");
    });
}

#[test]
fn a_receiver_that_takes_nothing_holds_its_sender_back_and_memory_stays_bounded() {
    run(async {
        let (a, b) = (place().await, place().await);
        let to_two = [(TWO, b.address.as_str())];
        let to_one = [(ONE, a.address.as_str())];
        let (one, _inbox) =
            Mesh::start(config(identity(1, ONE, 1), &to_two, Arc::new(Direct)), a.listener);
        let (_two, mut inbox) =
            Mesh::start(config(identity(1, TWO, 1), &to_one, Arc::new(Direct)), b.listener);
        connected(&one).await;
        let megabyte = Bytes::from(vec![1; 1 << 20]);
        for count in 0..300_u32 {
            one.send(TWO, megabyte.clone());
            if count % 8 == 0 {
                sleep(Duration::from_millis(2)).await;
            }
        }
        let dropped = one.status().first().unwrap().dropped;
        assert!(dropped > 50, "{dropped} of 300 MB dropped, so the rest was held somewhere");
        one.send(TWO, Bytes::from_static(b"last"));
        while next(&mut inbox).await != "last" {}
    });
}
