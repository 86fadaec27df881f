//! What an exploration found, for people: counts, bounds, and the shortest trace as a story.

use std::fmt;

/// How often each kind of step was taken, over all states: what was not taken was not explored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Messages received.
    pub received: u64,
    /// Messages received once more.
    pub duplicated: u64,
    /// Messages lost.
    pub lost: u64,
    /// Commands given.
    pub commands: u64,
    /// Timers fired.
    pub timers: u64,
    /// Syncs.
    pub syncs: u64,
    /// Checkpoints made durable.
    pub checkpoints: u64,
    /// Loads come back.
    pub loads: u64,
    /// Crashes.
    pub crashes: u64,
    /// Crashes that lost unsynced records.
    pub lost_syncs: u64,
    /// Starts and restarts.
    pub starts: u64,
    /// Ticks of the clock.
    pub ticks: u64,
}

/// A property that does not hold, with a shortest way to see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The name of the property; `protocol` for a broken law or a panic.
    pub property: String,
    /// What was seen.
    pub detail: String,
    /// The steps that lead there, one line each.
    pub story: Vec<String>,
    /// The same steps for [`Explorer::replay`](super::Explorer::replay).
    pub choices: Vec<u32>,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "violated {}: {}", self.property, self.detail)?;
        self.story.iter().try_for_each(|line| writeln!(f, "  {line}"))?;
        write!(f, "replay {:?}", self.choices)
    }
}

/// What a replay showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// One line per step.
    pub lines: Vec<String>,
    /// The property violated in the last state, and what was seen; none if all hold there.
    pub violated: Option<(String, String)>,
}

/// The result of an exploration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Different states of the system.
    pub unique: u64,
    /// Steps taken, with those that led to a known state or changed nothing.
    pub generated: u64,
    /// The largest distance of a state from the start.
    pub depth: u32,
    /// New states at each distance from the start.
    pub per_depth: Vec<u64>,
    /// Whether nothing was left to explore within the budgets: no stop by `depth`, by `states` or
    /// by a violation.
    pub exhausted: bool,
    /// How many states were cut off, and by which bound.
    pub cut: Vec<(String, u64)>,
    /// The bounds and the world, in words.
    pub bounds: String,
    /// How often each kind of step was taken.
    pub taken: Taken,
    /// Each goal, and whether some state reaches it.
    pub goals: Vec<(String, bool)>,
    /// The properties that were held against every state.
    pub properties: Vec<String>,
    /// The first violation, if any.
    pub violation: Option<Violation>,
    /// Different states of single nodes.
    pub node_states: u64,
    /// Different messages.
    pub messages: u64,
    /// Memory of the visited set in bytes.
    pub visited_bytes: u64,
    /// The most states that were open at once.
    pub frontier_max: u64,
}

impl Report {
    /// An upper bound on the probability that two different states shared one fingerprint, so
    /// that one of them was missed: n^2 / 2^129 for ideal 128-bit fingerprints.
    pub fn collision_probability(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "an order of magnitude")]
        let unique = self.unique as f64;
        unique * unique / 2_f64.powi(129)
    }

    /// Nothing violated and every goal reached; otherwise why not, with the story.
    pub fn verdict(&self) -> Result<(), String> {
        if let Some(violation) = &self.violation {
            return Err(violation.to_string());
        }
        match self.goals.iter().find(|(_, reached)| !reached) {
            Some((name, _)) => Err(format!("no state reaches the goal {name:?}\n{self}")),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = match (&self.violation, self.exhausted) {
            (Some(_), _) => "up to the first violation",
            (None, true) => "all there are within the bounds",
            (None, false) => "not all: stopped by a bound",
        };
        writeln!(f, "{} unique states, {all}", self.unique)?;
        writeln!(f, "{} generated, depth {}", self.generated, self.depth)?;
        writeln!(f, "bounds: {}", self.bounds)?;
        for (bound, count) in &self.cut {
            writeln!(f, "cut off by {bound}: {count}")?;
        }
        let taken = &self.taken;
        write!(f, "taken: received {}, duplicated {}", taken.received, taken.duplicated)?;
        write!(f, ", lost {}, commands {}", taken.lost, taken.commands)?;
        write!(f, ", timers {}, syncs {}", taken.timers, taken.syncs)?;
        write!(f, ", checkpoints {}, loads {}", taken.checkpoints, taken.loads)?;
        write!(f, ", crashes {} ({} lost records)", taken.crashes, taken.lost_syncs)?;
        writeln!(f, ", starts {}, ticks {}", taken.starts, taken.ticks)?;
        write!(f, "kept: {} node states, {} messages", self.node_states, self.messages)?;
        writeln!(f, ", {} bytes of visited set", self.visited_bytes)?;
        let chance = self.collision_probability();
        writeln!(f, "128-bit fingerprints: a state was missed with probability < {chance:.0e}")?;
        for (goal, reached) in &self.goals {
            writeln!(f, "goal {goal}: {}", if *reached { "reached" } else { "NOT reached" })?;
        }
        match &self.violation {
            Some(violation) => write!(f, "{violation}"),
            None => write!(f, "holds: {}", self.properties.join(", ")),
        }
    }
}
