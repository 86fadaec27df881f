//! madsim under the loads of `cargo xtask bench world`: how many messages, and how many virtual
//! seconds, it simulates in one second of this thread's CPU time.
//!
//! ```text
//!   ping-pong    n1 --ball--> n2 --ball--> n1 ...   50 to 60 ms a way, 1 % lost, sent again
//!                                                   after 250 ms without an answer
//!   heartbeats   each of 100 nodes tells every other one each 100 ms, 0.5 to 2 ms a way
//! ```
//!
//! madsim repeats no messages and has one delay for all links, a uniform one; both make its load
//! lighter than ours, never heavier.

#[path = "../../../crates/world/examples/cpu/mod.rs"]
mod cpu;

use madsim::Config;
use madsim::net::Endpoint;
use madsim::runtime::Runtime;
use madsim::time::{Duration, sleep, timeout};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const PORT: u16 = 700;
const RETRY: Duration = Duration::from_millis(250);

fn address(node: u32) -> String {
    format!("10.0.0.{node}:{PORT}")
}

fn runtime(latency: Range<Duration>, loss: f64) -> Runtime {
    let mut config = Config::default();
    config.net.send_latency = latency;
    config.net.packet_loss_rate = loss;
    Runtime::with_seed_and_config(1, config)
}

async fn bound(node: u32) -> Endpoint {
    Endpoint::bind(address(node)).await.expect("a simulated address is free")
}

/// Messages received a CPU-second while `balls` balls are returned.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn ping_pong(balls: u64) -> f64 {
    let latency = Duration::from_millis(50)..Duration::from_millis(60);
    let runtime = runtime(latency, 0.01);
    let received = Arc::new(AtomicU64::new(0));
    let node = |number: u32| {
        let address = format!("10.0.0.{number}").parse().expect("an address");
        runtime.create_node().ip(address).build()
    };
    let (here, there) = (node(1), node(2));
    let watch = cpu::Stopwatch::start();
    let count = received.clone();
    there.spawn(async move {
        let (net, mut ball) = (bound(2).await, [0; 8]);
        while let Ok((_, from)) = net.recv_from(1, &mut ball).await {
            count.fetch_add(1, Ordering::Relaxed);
            net.send_to(from, 1, &ball).await.expect("sent");
        }
    });
    let count = received.clone();
    let game = here.spawn(async move {
        let (net, mut back) = (bound(1).await, [0; 8]);
        for ball in 0..balls {
            let ball = ball.to_le_bytes();
            'again: loop {
                net.send_to(address(2).as_str(), 1, &ball).await.expect("sent");
                while let Ok(got) = timeout(RETRY, net.recv_from(1, &mut back)).await {
                    got.expect("received");
                    count.fetch_add(1, Ordering::Relaxed);
                    if back == ball {
                        break 'again;
                    }
                }
            }
        }
    });
    runtime.block_on(game).expect("the game ends");
    received.load(Ordering::Relaxed) as f64 / watch.seconds()
}

/// Virtual seconds a CPU-second.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn heartbeats(nodes: u32, virtual_seconds: u64) -> f64 {
    let runtime = runtime(Duration::from_micros(500)..Duration::from_millis(2), 0.0);
    let watch = cpu::Stopwatch::start();
    for me in 1..=nodes {
        let ip = format!("10.0.0.{me}").parse().expect("an address");
        let node = runtime.create_node().ip(ip).build();
        node.spawn(async move {
            let net = bound(me).await;
            let hears = net.clone();
            madsim::task::spawn(async move {
                let mut beat = [0; 8];
                while hears.recv_from(1, &mut beat).await.is_ok() {}
            });
            let others: Vec<std::net::SocketAddr> = (1..=nodes)
                .filter(|other| *other != me)
                .map(|other| address(other).parse().expect("an address"))
                .collect();
            for beat in 0_u64.. {
                for other in &others {
                    // The first beats find nodes that are not bound yet.
                    let _ = net.send_to(*other, 1, &beat.to_le_bytes()).await;
                }
                sleep(Duration::from_millis(100)).await;
            }
        });
    }
    runtime.block_on(async move { sleep(Duration::from_secs(virtual_seconds)).await });
    virtual_seconds as f64 / watch.seconds()
}

fn main() {
    let brief = std::env::args().any(|argument| argument == "--brief");
    println!("figure messages {} /CPU-s", ping_pong(if brief { 100_000 } else { 1_000_000 }));
    println!("figure heartbeats {} x", heartbeats(100, if brief { 4 } else { 40 }));
}
