//! `lab run`: one seed with everything that shows its verdict, or many seeds with a summary.

use crate::exit::{Exit, worse};
use crate::lab::bar::Bar;
use crate::lab::campaign::{Summary, campaign};
use crate::lab::folder::{Folder, verdict_text};
use crate::lab::interrupt::{First, Interrupt};
use crate::lab::options::{Run, Shard};
use crate::lab::report::{Beside, report, standalone};
use crate::lab::run::{Look, Ran, run as run_once, stretch};
use crate::lab::scenario::Scenario;
use crate::lab::shipped::{SHIPPED, named};
use crate::lab::shrink::{RUNS_MAX, Shrunk, shrink};
use crate::quantile::nearest_rank;
use crate::screen::{Format, Screen};
use avouch_promise::evidence::Verdict;
use avouch_promise::{Blame, Error, Nanos, Random};
use serde_json::{Value, json};
use std::path::Path;

pub(super) fn run(asked: &Run, screen: &mut Screen) -> Result<Exit, Error> {
    let scenario = open(&asked.scenario)?;
    match &asked.seeds {
        None => {
            let seed = asked.seed.or(scenario.seed).unwrap_or_else(Random::seed_from_environment);
            Interrupt::catch(First::Ends)?;
            let kept = keep(asked, &scenario, seed, screen)?;
            Ok(Exit::Verdict(kept.told(asked, &scenario, screen)))
        }
        Some(seeds) => many(asked, &scenario, seeds, screen),
    }
}

/// A shipped scenario by its name, or any by the path of its file.
fn open(name: &str) -> Result<Scenario, Error> {
    let path = Path::new(name);
    let shipped = SHIPPED.iter().any(|shipped| shipped.name == name);
    let looks_like_path = name.contains(['/', '.']) || path.exists();
    if shipped || !looks_like_path {
        return Scenario::parse(name, named(name)?.text);
    }
    if path.is_dir() {
        let inside = path.join("scenario.toml");
        let hint = if inside.is_file() {
            format!("a run's folder keeps what was run: `avouch lab run {}`", inside.display())
        } else {
            "name the file in it".to_owned()
        };
        let expected = format!("a scenario's file at {}", path.display());
        return Err(Error::new(Blame::Caller, expected, "a folder").hint(hint));
    }
    let text = std::fs::read_to_string(path).map_err(|error| {
        let blame = match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::InvalidData => Blame::Caller,
            _ => Blame::Environment,
        };
        Error::new(blame, format!("a scenario at {}", path.display()), error.to_string())
            .hint("`avouch lab list` names those that ship")
    })?;
    Scenario::parse(name, &text)
}

/// A run that was looked at closely and has its folder.
struct Kept {
    ran: Ran,
    folder: Folder,
    shrunk: Option<Shrunk>,
}

/// Runs one seed, keeps its files, and shrinks it if it failed.
fn keep(asked: &Run, scenario: &Scenario, seed: u64, screen: &mut Screen) -> Result<Kept, Error> {
    let first = run_once(scenario, seed, Look::Verdict)?;
    let window = stretch(&first);
    let ran = run_once(scenario, seed, Look::Close(Some(window)))?;
    if ran.hash != first.hash {
        let (got, expected) = (ran.hash.to_string(), format!("trace hash {}", first.hash));
        return Err(Error::new(Blame::Corrupt, expected, got)
            .hint("two runs of one seed differ: this is a bug of avouch itself"));
    }
    let folder = Folder::open(&asked.out, &scenario.name, seed)?;
    folder.keep(scenario, &ran)?;
    let mut shrunk = None;
    if ran.verdict() == Verdict::Refuted && !asked.no_shrink {
        let mut progress = Bar::start(screen);
        shrunk = shrink(scenario, &ran, &mut |runs, best| {
            let note = format!(" runs at most, {} faults left", best.faults.len());
            progress.tell(screen, runs.into(), RUNS_MAX.into(), &note);
        })?;
        progress.end(screen);
    }
    if let Some(shrunk) = &shrunk {
        folder.write("shrunk.toml", shrunk.scenario.to_string().as_bytes())?;
    } else {
        let _ = std::fs::remove_file(folder.path.join("shrunk.toml")); // of an earlier run
    }
    let repro = repro(asked, seed);
    let beside = Beside {
        repro: &repro,
        shrunk: shrunk.as_ref().map(|shrunk| sentence(&folder, &ran, shrunk)),
        stretch: window,
    };
    folder.write("diagram.svg", standalone(scenario, &ran, window).as_bytes())?;
    folder.write("report.html", report(scenario, &ran, &beside).as_bytes())?;
    Ok(Kept { ran, folder, shrunk })
}

/// What became of a failing run, in a sentence.
fn sentence(folder: &Folder, ran: &Ran, shrunk: &Shrunk) -> String {
    let (faults, duration) = (shrunk.scenario.faults.len(), shrunk.scenario.duration);
    let clients: u32 = shrunk.scenario.clients.iter().map(|crowd| crowd.count).sum();
    format!(
        "shrunk to {faults} of {} fault steps, {clients} of {} clients and {duration} in {} runs: avouch lab run {}/shrunk.toml",
        ran.script.len(),
        ran.homes.len(),
        shrunk.runs,
        folder.path.display()
    )
}

/// The command that does exactly the same.
fn repro(asked: &Run, seed: u64) -> String {
    let name = &asked.scenario;
    let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    let quoted = if name.chars().all(plain) { name.clone() } else { format!("'{name}'") };
    format!("avouch lab run {quoted} --seed {seed}")
}

impl Kept {
    fn told(&self, asked: &Run, scenario: &Scenario, screen: &mut Screen) -> Verdict {
        let (ran, expected) = (&self.ran, scenario.expect.verdict);
        let end = ran.end(expected);
        let path = self.folder.path.display().to_string();
        let repro = repro(asked, ran.seed);
        if screen.format == Format::Json {
            screen.line(&self.to_json(scenario, &repro).to_string());
            return end;
        }
        let text = verdict_text(scenario, ran);
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let word = ran.verdict().word();
        let painted = screen.paint(ran.verdict(), word);
        screen.line(&first.replacen(word, &painted, 1));
        screen.data(rest.as_bytes());
        let all = ran.measured.all();
        let shown = |span: Option<Nanos>| span.map_or("-".to_owned(), |span| span.to_string());
        let [p50, _, p99, p999] = all.quantiles().map(shown);
        screen.line(&format!(
            "{} of {} calls answered in {} of virtual time; p50 {p50}, p99 {p99}, p999 {p999}",
            all.took.len(),
            all.asked,
            ran.ended
        ));
        screen.line(&format!("kept in {path}; read {path}/report.html"));
        match (ran.verdict(), expected) {
            (Verdict::Refuted, Verdict::Refuted) => screen.line("as expected of the planted bug"),
            (Verdict::Holds, Verdict::Refuted) => {
                screen.line("the planted bug was not caught with this seed: unknown");
            }
            _ => {}
        }
        if let Some(shrunk) = &self.shrunk {
            screen.line(&sentence(&self.folder, ran, shrunk));
        }
        if end != Verdict::Holds {
            screen.line(&format!("repro: {repro}"));
        }
        end
    }

    fn to_json(&self, scenario: &Scenario, repro: &str) -> Value {
        let ran = &self.ran;
        let judged = ran.judged.iter().map(|judged| {
            json!({ "judge": judged.judge, "verdict": judged.verdict.word(), "text": judged.text })
        });
        json!({
            "scenario": scenario.name, "seed": ran.seed, "verdict": ran.verdict().word(),
            "expected": scenario.expect.verdict.word(), "judges": judged.collect::<Vec<_>>(),
            "hash": ran.hash.to_string(), "folder": self.folder.path,
            "metrics": ran.measured.to_json(), "repro": repro,
            "shrunk": self.shrunk.as_ref().map(|shrunk| json!({
                "faults": shrunk.scenario.faults.len(), "of": ran.script.len(),
                "runs": shrunk.runs, "duration": shrunk.scenario.duration.to_string(),
            })),
        })
    }
}

fn many(
    asked: &Run,
    scenario: &Scenario,
    seeds: &std::ops::Range<u64>,
    screen: &mut Screen,
) -> Result<Exit, Error> {
    let share = asked.shard.unwrap_or(Shard::WHOLE).of(seeds);
    let count = share.end - share.start;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = asked.jobs.map_or(cores, |jobs| jobs as usize);
    let mut progress = Bar::start(screen);
    let interrupt = Interrupt::catch(First::IsNoted)?;
    let summary = campaign(scenario, share.clone(), asked.stop_at, jobs, |done, failed| {
        progress.tell(screen, done, count, &format!(" seeds, {failed} failed"));
        !interrupt.came()
    })?;
    let elapsed = progress.elapsed();
    progress.end(screen);
    let planted = scenario.expect.verdict == Verdict::Refuted;
    let found = summary.seeds.iter().map(|seed| seed.verdict).fold(Verdict::Holds, worse);
    // What was not run could have been refuted.
    let cut = interrupt.came() && summary.seeds.len() as u64 != count;
    let open = planted || cut;
    let end = if open && found == Verdict::Holds { Verdict::Unknown } else { found };
    // Whoever is in a hurry gets the failing seed, and not its folder.
    let first = summary.first_refuted().map(|seed| seed.seed).filter(|_| !cut);
    let kept = first.map(|seed| keep(asked, scenario, seed, screen)).transpose()?;
    if screen.format == Format::Json {
        let mut told = summary_json(scenario, &share, &summary);
        told["interrupted"] = cut.into();
        if let (Some(kept), Some(told)) = (&kept, told.as_object_mut()) {
            let repro = repro(asked, kept.ran.seed);
            told.insert("first_failure".to_owned(), kept.to_json(scenario, &repro));
        }
        screen.line(&told.to_string());
        return Ok(Exit::Verdict(end));
    }
    for line in summary_lines(scenario, &share, &summary) {
        screen.line(&line);
    }
    let virtual_s: f64 =
        summary.seeds.iter().map(|seed| crate::lab::measure::seconds(seed.ended)).sum();
    screen.say(&format!(
        "{:.1} s on {jobs} threads, {:.0} virtual seconds a second",
        elapsed.as_secs_f64(),
        virtual_s / elapsed.as_secs_f64().max(1e-9)
    ));
    match &kept {
        Some(kept) => {
            screen.line("the lowest failing seed:");
            kept.told(asked, scenario, screen);
        }
        None => screen.line(&format!("{}: {}", screen.paint(end, end.word()), scenario.name)),
    }
    if cut {
        screen.line(&format!("interrupted: {} of {count} seeds were run", summary.seeds.len()));
    }
    // No folder, and yet not what was expected: the lowest seed that is to blame for it.
    if kept.is_none() && end != Verdict::Holds {
        let open = summary.first_refuted();
        let open =
            open.or_else(|| summary.seeds.iter().find(|seed| seed.verdict != Verdict::Holds));
        let blameless = summary.seeds.first().filter(|_| planted);
        if let Some(seed) = open.or(blameless) {
            screen.line(&format!("repro: {}", repro(asked, seed.seed)));
        }
    }
    Ok(Exit::Verdict(end))
}

fn summary_lines(
    scenario: &Scenario,
    share: &std::ops::Range<u64>,
    summary: &Summary,
) -> Vec<String> {
    let count = |verdict| summary.count(verdict);
    let mut lines = vec![format!(
        "{}: seeds {}..{}: {} held, {} refuted, {} unknown; trace hash of all {}",
        scenario.name,
        share.start,
        share.start + summary.seeds.len() as u64,
        count(Verdict::Holds),
        count(Verdict::Refuted),
        count(Verdict::Unknown),
        summary.hash
    )];
    let (asked, answered) = summary
        .seeds
        .iter()
        .fold((0, 0), |(asked, told), seed| (asked + seed.calls.0, told + seed.calls.1));
    let p99s = summary.p99s();
    let at = |share| nearest_rank(&p99s, share).map_or("-".to_owned(), |span| span.to_string());
    lines.push(format!("  {answered} of {asked} calls answered"));
    lines.push(format!(
        "  p99 over the seeds: lowest {}, median {}, p95 {}, highest {}",
        at(0.0),
        at(0.5),
        at(0.95),
        at(1.0)
    ));
    let wrong = summary.seeds.iter().filter_map(|seed| Some((seed, seed.against.as_ref()?)));
    for (seed, (judge, text)) in wrong.take(10) {
        lines.push(format!("  seed {}: {} by {judge}: {text}", seed.seed, seed.verdict));
    }
    lines
}

fn summary_json(scenario: &Scenario, share: &std::ops::Range<u64>, summary: &Summary) -> Value {
    let p99s = summary.p99s();
    let at = |share| nearest_rank(&p99s, share).map(crate::lab::measure::seconds);
    let failures = summary.seeds.iter().filter_map(|seed| {
        let (judge, text) = seed.against.as_ref()?;
        Some(json!({
            "seed": seed.seed, "verdict": seed.verdict.word(), "judge": judge, "text": text,
        }))
    });
    json!({
        "scenario": scenario.name, "from": share.start, "to": share.end,
        "seeds": summary.seeds.len(),
        "holds": summary.count(Verdict::Holds), "refuted": summary.count(Verdict::Refuted),
        "unknown": summary.count(Verdict::Unknown), "hash": summary.hash.to_string(),
        "p99_seconds": { "lowest": at(0.0), "median": at(0.5), "p95": at(0.95), "highest": at(1.0) },
        "failures": failures.collect::<Vec<_>>(),
        "events": summary.seeds.iter().map(|seed| seed.events).sum::<u64>(),
    })
}
