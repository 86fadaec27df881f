//! How fast the world is: `cargo run --release --example world_speed -p avouch-world [-- --brief]`.
//!
//! The loads by which simulators are compared (`cargo xtask bench world`), then other clusters and
//! balls for the eye. Rates are per CPU-second of this thread (`cpu`). Trace hash, contents
//! included, and laws are on, as in every run.

mod cpu;
#[path = "../tests/toys/heartbeat.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod heartbeat;
#[path = "../tests/toys/ping_pong.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod ping_pong;
#[path = "../tests/toys/rally.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests")]
mod rally;

use avouch_promise::Nanos;
use avouch_world::{Count, Delay, Idle, Link, Options, World};
use cpu::Stopwatch;

/// The link of the comparison: 50 ms and up to 60, 1 % lost, 1 % repeated, 1 % held back by up to
/// 20 ms more.
fn rough_link() -> Link {
    let delay = Delay::Uniform { low: Nanos::from_millis(50), high: Nanos::from_millis(60) };
    let mut link = Link::with(delay);
    (link.loss, link.duplicate) = (0.01, 0.01);
    (link.weather.reorder, link.weather.reorder_by) = (0.01, Nanos::from_millis(20));
    link
}

/// Events and messages received, per CPU-second.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn rough_rally(events: u64) -> (f64, f64) {
    let options = Options { link: rough_link(), ..Options::default() };
    let mut world = World::<rally::Rally>::new(1, options, rally::pair(Nanos::from_millis(250)));
    let started = Stopwatch::start();
    while world.counters().of(Count::Events) < events && world.advance(&mut Idle) {}
    let seconds = started.seconds();
    eprintln!("rally of two over a rough link: {} {}", world.counters(), world.trace_hash());
    let rate = |count| world.counters().of(count) as f64 / seconds;
    (rate(Count::Events), rate(Count::Delivered))
}

/// Virtual seconds a CPU-second.
#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn beats(nodes: u32, virtual_seconds: u64) -> f64 {
    let configs = heartbeat::cluster(nodes, Nanos::from_millis(100), false);
    let mut world = World::<heartbeat::Heartbeat>::new(1, Options::default(), configs);
    let started = Stopwatch::start();
    world.run_until(&mut Idle, Nanos::from_secs(virtual_seconds));
    let seconds = started.seconds();
    let million = world.counters().of(Count::Events) as f64 / seconds / 1e6;
    eprintln!("heartbeats of {nodes}: {million:.2} M events/CPU-s {}", world.trace_hash());
    virtual_seconds as f64 / seconds
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run")]
fn balls(name: &str, delay: Delay, serves: u64, payload: &'static [u8]) {
    let options = Options { link: Link::with(delay), ..Options::default() };
    let mut world = World::<ping_pong::PingPong>::new(1, options, ping_pong::pair(serves, payload));
    let started = Stopwatch::start();
    while world.counters().of(Count::Events) < 5_000_000 && world.advance(&mut Idle) {}
    let seconds = started.seconds();
    let million = world.counters().of(Count::Events) as f64 / seconds / 1e6;
    eprintln!("{name}: {million:.2} M events/CPU-s {}", world.trace_hash());
}

fn main() {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let (events, messages) = rough_rally(if brief { 1_000_000 } else { 10_000_000 });
    println!("figure events {events} /CPU-s");
    println!("figure messages {messages} /CPU-s");
    println!("figure heartbeats {} x", beats(100, if brief { 10 } else { 60 }));
    if brief {
        return;
    }
    beats(3, 20_000);
    beats(30, 300);
    let far = Delay::Constant(Nanos::from_millis(50));
    let spread = Delay::log_normal(Nanos::from_millis(50), Nanos::from_millis(55));
    balls("50 ms, 1 ball", far, 1, b"");
    balls("50 ms log-normal, 1 ball", spread, 1, b"");
    balls("50 ms log-normal, 64 balls", spread, 64, b"");
    balls("50 ms log-normal, 64 balls of 256 bytes", spread, 64, &[7; 256]);
}
