//! `avouch lab observer`: what monitoring does to the thing that is monitored, measured on the
//! cluster that ships, so that a user can budget it; and what the measured cost does to schedules.
//!
//! ```text
//!   block 1: [full] [off] [sampled]   block 2: [off] [sampled] [full]   ...     order drawn
//!              |                                 the same operations in all three of a block
//!              '-> latencies, CPU of the process, steps
//!   shift of p50, p95, p99 = quantile in a window - that in the "off" window of the same block
//!                            mean over the blocks, with its interval by bootstrap over the blocks
//!   CPU an operation, a step --> the simulator: the same seeds with and without that cost
//! ```
//!
//! | level | metrics scraped | evidence asked for and judged | steps recorded on disk |
//! |---|---|---|---|
//! | off | never | never | none |
//! | sampled | each second | one request of 16 | one of 16 |
//! | full | ten times a second | every request | every step |
//!
//! Clients ask at fixed times, or as soon as they have the answer before, and wait from the time at
//! which they should have asked: a slower cluster gets no less to do, and hides nothing.

mod cpu;
mod level;
mod load;
pub mod options;
mod perturbed;
mod scrape;
mod shift;
mod table;
mod window;

pub use options::{EXAMPLES, Options};

use super::bar::Bar;
use crate::embedded::{Embedded, Plan};
use crate::exit::Exit;
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error, Random};
use avouch_store::host::HostMutant;
use level::Level;
use std::path::PathBuf;
use std::time::Duration;
use window::{Bench, Window};

/// How long the first answer may take.
const FIRST: Duration = Duration::from_secs(20);

/// Runs the comparison and shows it.
pub fn run(options: &Options, screen: &mut Screen) -> Result<Exit, Error> {
    options.check()?;
    let folder = Folder::new()?;
    let measured = measure(options, &folder, screen)?;
    drop(folder);
    let Some(windows) = measured else {
        screen.say("interrupted: nothing can be said of part of a comparison");
        return Ok(Exit::Verdict(Verdict::Unknown));
    };
    let findings = shift::findings(&windows, &Random::new(options.seed()))?;
    let perturbed = perturbed::run(options, findings.step_base(), findings.step_extra(), screen);
    match screen.format {
        Format::Text => screen.data(table::text(options, &findings, &perturbed).as_bytes()),
        Format::Json => screen.line(&table::json(options, &findings, &perturbed).to_string()),
    }
    Ok(Exit::DONE)
}

/// Every window, in the order in which they were run; none when a signal came.
fn measure(
    options: &Options,
    folder: &Folder,
    screen: &mut Screen,
) -> Result<Option<Vec<Window>>, Error> {
    let plan = Plan {
        data: folder.0.clone(),
        regions: Vec::new(),
        delays: options.delay == crate::arguments::Switch::On,
        port: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Error::new(Blame::Environment, "sockets and timers of the system", error.to_string())
    })?;
    let cluster = Embedded::start(&plan, |config| {
        if options.plant == Some(options::Plant::SlowRecorder) {
            config.mutant = HostMutant::SlowRecorder;
        }
    })?;
    let local = tokio::task::LocalSet::new();
    let windows = local.block_on(&runtime, async {
        tokio::select! {
            windows = compare(options, &cluster, screen) => windows.map(Some),
            _ = tokio::signal::ctrl_c() => Ok(None),
        }
    });
    drop(local);
    let stopped = cluster.stop();
    let windows = windows?;
    stopped?;
    Ok(windows)
}

async fn compare(
    options: &Options,
    cluster: &Embedded,
    screen: &mut Screen,
) -> Result<Vec<Window>, Error> {
    cluster.first_answer(FIRST).await?;
    let mut random = Random::new(options.seed()).fork(1);
    let mut bar = Bar::start(screen);
    let mut bench = Bench::new(options, cluster)?;
    bench.warm_up().await?;
    let mut windows = Vec::new();
    for block in 0..options.blocks {
        let mut order = Level::ALL;
        random.shuffle(&mut order);
        for level in order {
            windows.push(bench.window(block, level).await?);
            bar.tell(screen, windows.len() as u64, options.windows(), " windows");
        }
    }
    bar.end(screen);
    Ok(windows)
}

/// The cluster's folder, which goes with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Error> {
        let path = std::env::temp_dir().join(format!("avouch-observer-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(|error| {
            let expected = format!("to make the folder {}", path.display());
            Error::new(Blame::Environment, expected, error.to_string())
                .hint("TMPDIR names another place")
        })?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0); // what stays is in the system's temporary folder
    }
}
