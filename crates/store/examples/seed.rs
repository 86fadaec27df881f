//! Runs one seed of the campaign and tells the end of its story, by default its last 400 lines:
//! `cargo run --example seed -p avouch-store -- 139 rough 3 2000`.

use avouch_store::campaign::{Plan, tell};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| arguments.get(at).map_or("", String::as_str);
    let seed = word(0).parse().unwrap_or(1);
    let base = if word(1) == "rough" { Plan::rough() } else { Plan::default() };
    let nodes = word(2).parse().unwrap_or(base.nodes);
    let story_lines = word(3).parse().unwrap_or(400);
    let outcome = tell(&Plan { nodes, story_lines, ..base }, seed);
    outcome.story.iter().for_each(|line| println!("{line}"));
    println!("{}", outcome.counters);
    println!("seed {seed}: {}", outcome.violation.as_deref().unwrap_or("nothing wrong"));
}
