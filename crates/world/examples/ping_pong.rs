//! How fast the world is: `cargo run --release --example ping_pong -p avouch-world`.
//!
//! Two nodes that return balls, and clusters that only beat, under the loads by which other
//! simulators were measured. Rates are per CPU-second of this thread where the kernel tells it
//! (Linux), else per second of wall time. Trace hash and laws are on, as in every run.

#[path = "../tests/toys/heartbeat.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod heartbeat;
#[path = "../tests/toys/ping_pong.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod ping_pong;

use avouch_promise::Nanos;
use avouch_world::{Count, Delay, Idle, Link, Options, Tracing, World};

/// This thread's CPU time, as far as the kernel tells it.
fn cpu_seconds(started: &Started) -> f64 {
    match (started.cpu_ns, scheduled_ns()) {
        #[expect(clippy::cast_precision_loss, reason = "nanoseconds of one run")]
        (Some(before), Some(now)) => (now - before) as f64 / 1e9,
        _ => started.wall.elapsed().as_secs_f64(),
    }
}

fn scheduled_ns() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok()
}

struct Started {
    cpu_ns: Option<u64>,
    #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
    wall: std::time::Instant,
}

impl Started {
    fn now() -> Self {
        #[expect(clippy::disallowed_types, reason = "a benchmark measures real time")]
        Self { cpu_ns: scheduled_ns(), wall: std::time::Instant::now() }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn rally(name: &str, delay: Delay, serves: u64, payload: &'static [u8], tracing: Tracing) {
    let options = Options { link: Link::with(delay), tracing, ..Options::default() };
    let mut world = World::<ping_pong::PingPong>::new(1, options, ping_pong::pair(serves, payload));
    let started = Started::now();
    while world.counters().of(Count::Events) < 5_000_000 && world.advance(&mut Idle) {}
    let seconds = cpu_seconds(&started);
    let events = world.counters().of(Count::Events) as f64;
    println!("{name:<58} {:>6.2} M events/CPU-s   {}", events / seconds / 1e6, world.trace_hash());
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn beats(nodes: u32, virtual_seconds: u64) {
    let configs = heartbeat::cluster(nodes, Nanos::from_millis(100), false);
    let mut world = World::<heartbeat::Heartbeat>::new(1, Options::default(), configs);
    let started = Started::now();
    world.run_until(&mut Idle, Nanos::from_secs(virtual_seconds));
    let seconds = cpu_seconds(&started);
    let events = world.counters().of(Count::Events) as f64;
    println!(
        "{:<58} {:>6.2} M events/CPU-s   {:.0} x real time",
        format!("heartbeats of 100 ms, all to all, {nodes} nodes"),
        events / seconds / 1e6,
        virtual_seconds as f64 / seconds
    );
}

fn main() {
    let far = Delay::Constant(Nanos::from_millis(50));
    let spread = Delay::log_normal(Nanos::from_millis(50), Nanos::from_millis(55));
    rally("ping-pong, 50 ms, 1 in flight", far, 1, b"", Tracing::Contents);
    rally("ping-pong, 50 ms, 1 in flight, headers only", far, 1, b"", Tracing::Headers);
    rally("ping-pong, 50 ms log-normal, 1 in flight", spread, 1, b"", Tracing::Contents);
    rally("ping-pong, 50 ms log-normal, 64 in flight", spread, 64, b"", Tracing::Contents);
    let payload: &[u8; 256] = &[7; 256];
    rally("ping-pong, 50 ms log-normal, 64 of 256 bytes", spread, 64, payload, Tracing::Contents);
    beats(3, 20_000);
    beats(30, 300);
    beats(100, 30);
}
