//! `cargo xtask bench NAME [-- ...]`: the registry of benchmarks.

mod program;
mod world;

use crate::finding::{Finding, Findings};
use crate::named;
use crate::shell::succeeds;
use avouch_promise::{Blame, Error};
use program::Program;
use std::path::Path;

/// One benchmark.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: Runs,
}

/// How a benchmark is run.
enum Runs {
    /// One program with these arguments; what the caller adds comes after them.
    One(Program, &'static [&'static str]),
    /// Several programs in turn; what the caller adds goes to each.
    Several(&'static [Program]),
    /// Our own code, which runs several.
    Here(fn(&Path, &[String]) -> Result<Findings, Error>),
}

const BENCHES: [Bench; 12] = [
    Bench {
        name: "world",
        about: "simulated events per CPU-second, beside madsim and turmoil, and the store in it",
        run: Runs::Here(world::run),
    },
    Bench {
        name: "availability",
        about: "partial connectivity and cost of a commit, beside omnipaxos and raft-rs",
        run: Runs::One(Program::Peer("", None), &[]),
    },
    Bench {
        name: "store",
        about: "put and linearizable get on three nodes, with and without evidence, beside etcd",
        run: Runs::One(Program::Bench("store"), &[]),
    },
    Bench {
        name: "up",
        about: "how soon `avouch up` has a first answer whose evidence holds: best of three starts",
        run: Runs::One(Program::Bench("up"), &[]),
    },
    Bench {
        name: "check",
        about: "up to a million transactions or operations judged: time and memory",
        run: Runs::Several(&[
            Program::Example("avouch-check", "operations"),
            Program::Example("avouch-check", "isolation"),
            Program::Example("avouch-check", "appends"),
            Program::Example("avouch-check", "registers"),
            Program::Example("avouch-check", "stamps"),
        ]),
    },
    Bench {
        name: "check-serial",
        about: "serializability and snapshot isolation decided, values written twice among them",
        run: Runs::One(Program::Example("avouch-check", "serializability"), &[]),
    },
    Bench {
        name: "progress",
        about: "what `avouch check` says is left beside what really is, and what telling it costs",
        run: Runs::One(Program::Example("avouch-check", "progress"), &[]),
    },
    Bench {
        name: "gray",
        about: "scripted gray faults of the shipped node named, and healthy days without an alarm",
        run: Runs::One(
            Program::Example("avouch-store", "gray_node"),
            &["--hours", "24", "--seeds", "4"],
        ),
    },
    Bench {
        name: "gray-service",
        about: "the same for a service whose nodes ask each other all the time",
        run: Runs::One(
            Program::Example("avouch-world", "gray"),
            &["--hours", "24", "--seeds", "4"],
        ),
    },
    Bench {
        name: "time",
        about: "hybrid, interval and interval tree clocks, beside uhlc and itc",
        run: Runs::One(Program::Peer("time", None), &[]),
    },
    Bench {
        name: "clocks",
        about: "what each logical clock's stamps cost and get wrong, on the same steps",
        run: Runs::One(Program::Example("avouch-time", "clocks"), &[]),
    },
    Bench {
        name: "detectors",
        about: "every failure detector's quality on the same traces, simulated and recorded",
        run: Runs::One(Program::Example("avouch-world", "detectors"), &[]),
    },
];

/// Runs the benchmark that the first argument names, or lists them.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<Findings, Error> {
    let Some((name, rest)) = arguments.split_first() else {
        for bench in &BENCHES {
            println!("{:<12} {}", bench.name, bench.about);
        }
        return Ok(Findings::new());
    };
    let bench = named("benchmark", name, &BENCHES, |bench| bench.name)?;
    let rest = match rest.split_first() {
        Some((dashes, rest)) if dashes == "--" => rest,
        None => rest,
        Some((other, _)) => {
            return Err(Error::new(Blame::Caller, "-- before what the benchmark reads", other));
        }
    };
    let failed = match &bench.run {
        Runs::Here(run) => return run(root, rest),
        Runs::One(program, words) => !succeeds(program.command(root).args(*words).args(rest))?,
        Runs::Several(programs) => {
            let mut failed = false;
            for program in *programs {
                failed |= !succeeds(program.command(root).args(rest))?;
            }
            failed
        }
    };
    Ok(failed.then(|| Finding::new(bench.name, 0, "the benchmark failed")).into_iter().collect())
}
