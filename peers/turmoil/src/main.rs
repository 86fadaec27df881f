//! turmoil under the loads of `cargo xtask bench world`: how many messages, and how many virtual
//! seconds, it simulates in one second of this thread's CPU time.
//!
//! ```text
//!   ping-pong    n1 --ball--> n2 --ball--> n1 ...   50 to 60 ms a way, 1 % lost, sent again
//!                                                   after 250 ms without an answer
//!   heartbeats   each of 100 nodes tells every other one each 100 ms, 0.5 to 2 ms a way
//! ```
//!
//! Its tick is the default, 1 ms: a coarser one is faster and blurs every delay below it. It
//! repeats no messages, which makes its load lighter than ours.

#[path = "../../../crates/world/examples/cpu/mod.rs"]
mod cpu;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{sleep, timeout};
use turmoil::net::UdpSocket;
use turmoil::{Builder, Sim};

const PORT: u16 = 700;
const RETRY: Duration = Duration::from_millis(250);

fn sim<'a>(least: Duration, most: Duration, loss: f64, until: Duration) -> Sim<'a> {
    Builder::new()
        .rng_seed(1)
        .tick_duration(Duration::from_millis(1))
        .min_message_latency(least)
        .max_message_latency(most)
        .fail_rate(loss)
        .udp_capacity(1 << 16)
        .simulation_duration(until)
        .build()
}

async fn bound() -> std::io::Result<UdpSocket> {
    UdpSocket::bind(("0.0.0.0", PORT)).await
}

/// Messages received a CPU-second while `balls` balls are returned.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn ping_pong(balls: u64) -> f64 {
    let (least, most) = (Duration::from_millis(50), Duration::from_millis(60));
    let mut sim = sim(least, most, 0.01, Duration::from_secs(1 << 30));
    let received = Rc::new(Cell::new(0_u64));
    let watch = cpu::Stopwatch::start();
    let count = received.clone();
    sim.host("there", move || {
        let count = count.clone();
        async move {
            let (net, mut ball) = (bound().await?, [0; 8]);
            loop {
                let (_, from) = net.recv_from(&mut ball).await?;
                count.set(count.get() + 1);
                net.send_to(&ball, from).await?;
            }
        }
    });
    let count = received.clone();
    sim.client("here", async move {
        let (net, mut back) = (bound().await?, [0; 8]);
        for ball in 0..balls {
            let ball = ball.to_le_bytes();
            'again: loop {
                net.send_to(&ball, ("there", PORT)).await?;
                while let Ok(got) = timeout(RETRY, net.recv_from(&mut back)).await {
                    got?;
                    count.set(count.get() + 1);
                    if back == ball {
                        break 'again;
                    }
                }
            }
        }
        Ok(())
    });
    sim.run().expect("the game ends");
    received.get() as f64 / watch.seconds()
}

/// Virtual seconds a CPU-second.
fn heartbeats(nodes: u32, virtual_time: Duration) -> f64 {
    let (least, most) = (Duration::from_micros(500), Duration::from_millis(2));
    let mut sim = sim(least, most, 0.0, Duration::from_secs(1 << 30));
    let watch = cpu::Stopwatch::start();
    for me in 1..=nodes {
        sim.host(format!("n{me}"), move || async move {
            let net = Rc::new(bound().await?);
            let hears = net.clone();
            tokio::task::spawn_local(async move {
                let mut beat = [0; 8];
                while hears.recv_from(&mut beat).await.is_ok() {}
            });
            let others: Vec<_> = (1..=nodes)
                .filter(|other| *other != me)
                .map(|other| (turmoil::lookup(format!("n{other}")), PORT))
                .collect();
            for beat in 0_u64.. {
                for other in &others {
                    net.send_to(&beat.to_le_bytes(), *other).await?;
                }
                sleep(Duration::from_millis(100)).await;
            }
            Ok(())
        });
    }
    while sim.elapsed() < virtual_time {
        sim.step().expect("no host fails");
    }
    virtual_time.as_secs_f64() / watch.seconds()
}

fn main() {
    let brief = std::env::args().any(|argument| argument == "--brief");
    println!("figure messages {} /CPU-s", ping_pong(if brief { 2_000 } else { 10_000 }));
    let virtual_time = Duration::from_secs(if brief { 1 } else { 3 });
    println!("figure heartbeats {} x", heartbeats(100, virtual_time));
}
