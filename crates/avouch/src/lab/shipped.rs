//! The scenarios that ship with the command, as files that anybody can print and change.

use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};

/// A shipped scenario.
#[derive(Clone, Copy, Debug)]
pub struct Shipped {
    /// Its name, that of its file.
    pub name: &'static str,
    /// Its file.
    pub text: &'static str,
}

macro_rules! shipped {
    ($($name:literal,)+) => {
        /// Every shipped scenario, by name.
        pub static SHIPPED: &[Shipped] = &[$(Shipped {
            name: $name,
            text: include_str!(concat!("../../scenarios/", $name, ".toml")),
        },)+];
    };
}

shipped! {
    "asymmetric-cut",
    "bad-week",
    "bit-rot-on-restart",
    "careless-clock",
    "clock-step",
    "clock-withdrawn",
    "disk-full",
    "epsilon-inflation",
    "flapping-link",
    "gps-outage",
    "gray-leader",
    "late-stabilisation",
    "lost-region-and-back",
    "packet-storm",
    "power-cut",
    "quorum-loss",
    "region-blackout",
    "rolling-restart",
    "slow-fsync",
    "split-brain-attempt",
    "stale-leader-reads",
    "thundering-herd",
}

/// The shipped scenario of this name; another is the caller's error, with the nearest as its hint.
pub fn named(name: &str) -> Result<Shipped, Error> {
    if let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == name) {
        return Ok(*shipped);
    }
    let hint = match nearest(name, SHIPPED.iter().map(|shipped| shipped.name)) {
        Some(near) => format!("did you mean {near}?"),
        None => "`avouch lab list` lists them; a file of your own is named by its path, as in ./mine.toml".to_owned(),
    };
    Err(Error::new(Blame::Caller, "the name of a shipped scenario", format!("`{name}`")).hint(hint))
}

impl Shipped {
    /// What it says that it is about.
    pub fn summary(&self) -> &'static str {
        let said = self.text.lines().find_map(|line| line.strip_prefix("summary = \""));
        said.map_or("", |said| said.trim_end_matches('"'))
    }
}
