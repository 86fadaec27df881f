//! Registers in real time: the judge against its oracle, on histories at random, and on long ones
//! that are right by construction.

use super::by_versions;
use super::exhaustive::holds;
use super::judge::decide_with;
use super::mutant::Mutant;
use super::{Access, Builder, Level, Span, Transactions, judge};
use crate::campaign::{cases, counted};
use crate::report::{Finding, Word};
use crate::{Input, Limits};
use avouch_promise::Random;
use std::fmt::Write;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Ok,
    Fail,
    Info,
}

/// One read or write.
#[derive(Clone, Copy)]
struct Step {
    key: u64,
    access: Access,
    value: i64,
}

/// One transaction as it went.
#[derive(Clone)]
struct Ran {
    process: u64,
    steps: Vec<Step>,
    span: Span,
    fate: Fate,
}

/// A store of some discipline, and what clients did with it.
struct Store {
    values: Vec<Option<i64>>,
    all: Vec<Ran>,
    /// The places of those under way.
    open: Vec<usize>,
    events: u32,
    next_value: i64,
    /// How often an answer is not what the store holds.
    bent: f64,
    /// Whether a transaction runs at one moment, or reads when it begins and writes when it ends.
    at_once: bool,
    /// Processes that may ask: one whose outcome is unknown gives way to another.
    idle: Vec<u64>,
    next_process: u64,
}

impl Store {
    fn new(keys: u64, processes: u64, bent: f64, at_once: bool) -> Self {
        let values = vec![None; keys as usize];
        let (all, open) = (Vec::new(), Vec::new());
        let idle = (0..processes).collect();
        let next_process = processes;
        Self { values, all, open, events: 0, next_value: 0, bent, at_once, idle, next_process }
    }

    fn begin(&mut self, random: &mut Random, process: u64, steps: u64) {
        let mut made = Vec::new();
        let mut own: Vec<(u64, i64)> = Vec::new();
        for _ in 0..=random.below(steps) {
            let key = random.below(self.values.len() as u64);
            if random.chance(0.5) {
                self.next_value += 1;
                made.push(Step { key, access: Access::Write, value: self.next_value });
                own.push((key, self.next_value));
            } else {
                made.push(Step { key, access: Access::Read, value: 0 });
            }
        }
        let span = Span { began: self.events, ended: Span::NEVER };
        self.events += 1;
        self.open.push(self.all.len());
        self.all.push(Ran { process, steps: made, span, fate: Fate::Info });
        if !self.at_once {
            let last = self.all.len() - 1;
            self.read(random, last);
        }
    }

    /// Its reads see what is there, and its own writes.
    fn read(&mut self, random: &mut Random, place: usize) {
        let mut values = self.values.clone();
        for step in &mut self.all[place].steps {
            let value = &mut values[step.key as usize];
            match step.access {
                Access::Write => *value = Some(step.value),
                _ if random.chance(self.bent) => {
                    let most = self.next_value.unsigned_abs() + 2;
                    let other = random.below(most).cast_signed();
                    (step.access, step.value) = (Access::Read, other.max(1));
                }
                _ => {
                    let access = value.map_or(Access::ReadInitial, |_| Access::Read);
                    (step.access, step.value) = (access, value.unwrap_or(0));
                }
            }
        }
    }

    fn end(&mut self, random: &mut Random, (fails, infos): (f64, f64)) {
        let place = self.open.remove(random.below(self.open.len() as u64) as usize);
        if self.at_once {
            self.read(random, place);
        }
        let chance = random.unit();
        let fate = if chance < fails {
            Fate::Fail
        } else if chance < fails + infos {
            Fate::Info
        } else {
            Fate::Ok
        };
        // What is of unknown outcome may have taken effect, or does so later, or never.
        let takes_effect = fate == Fate::Ok || (fate == Fate::Info && random.chance(0.5));
        let Self { all, values, .. } = self;
        for step in all[place].steps.iter().filter(|step| step.access == Access::Write) {
            if takes_effect {
                values[step.key as usize] = Some(step.value);
            }
        }
        all[place].fate = fate;
        if fate == Fate::Info {
            self.idle.push(self.next_process);
            self.next_process += 1;
        } else {
            self.idle.push(all[place].process);
            all[place].span.ended = self.events;
        }
        self.events += 1;
    }

    fn run(&mut self, random: &mut Random, mut left: u64, steps: u64) {
        let fates = (0.04, 0.08);
        while left > 0 || !self.open.is_empty() {
            if left > 0 && !self.idle.is_empty() && random.chance(0.5) {
                left -= 1;
                let place = random.below(self.idle.len() as u64) as usize;
                let process = self.idle.swap_remove(place);
                self.begin(random, process, steps);
            } else if !self.open.is_empty() {
                self.end(random, fates);
            }
        }
    }

    /// As a history in EDN.
    fn text(&self) -> String {
        let mut lines = vec![String::new(); self.events as usize + 1];
        let told = |ran: &Ran, kind: &str, answered: bool| {
            let mut steps = String::new();
            for step in &ran.steps {
                let Step { key, value, .. } = step;
                let _ = match step.access {
                    Access::Write => write!(steps, "[:w {key} {value}] "),
                    Access::Read if answered => write!(steps, "[:r {key} {value}] "),
                    _ => write!(steps, "[:r {key} nil] "),
                };
            }
            let process = ran.process;
            format!("{{:type :{kind}, :f :txn, :value [{steps}], :process {process}}}\n")
        };
        for ran in &self.all {
            lines[ran.span.began as usize] = told(ran, "invoke", false);
            let answered = match ran.fate {
                Fate::Ok => told(ran, "ok", true),
                Fate::Fail => told(ran, "fail", false),
                Fate::Info => continue,
            };
            lines[ran.span.ended as usize] = answered;
        }
        lines.concat()
    }

    /// Every history that it may be, by which of unknown outcome committed.
    fn meanings(&self) -> Vec<Transactions> {
        let unknown: Vec<usize> =
            (0..self.all.len()).filter(|one| self.all[*one].fate == Fate::Info).collect();
        let meaning = |set: usize| {
            let mut history = Builder::default();
            for (place, ran) in self.all.iter().enumerate() {
                let bit = unknown.iter().position(|one| *one == place);
                match (ran.fate, bit) {
                    (Fate::Fail, _) => {
                        history.begin(1_000 + place as u64).abort();
                    }
                    (Fate::Info, Some(bit)) if set >> bit & 1 == 0 => continue,
                    // A process does nothing after what is of unknown outcome.
                    (Fate::Info | Fate::Ok, _) => {
                        history.begin(ran.process);
                    }
                }
                history.ran(ran.span.began, ran.span.ended);
                for step in &ran.steps {
                    let key = step.key.to_string();
                    match step.access {
                        Access::Write => history.write(key, step.value),
                        _ if ran.fate != Fate::Ok => &mut history,
                        Access::Read => history.read(key, step.value),
                        Access::ReadInitial => history.read_initial(key),
                    };
                }
            }
            history.build()
        };
        (0..1 << unknown.len()).map(meaning).collect()
    }
}

fn small(random: &mut Random) -> Store {
    let bent = if random.chance(0.5) { 0.0 } else { 0.15 };
    let mut store = Store::new(1 + random.below(3), 3, bent, random.chance(0.6));
    let left = 2 + random.below(4);
    store.run(random, left, 3);
    store
}

fn parsed(text: &str) -> Transactions {
    match Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{text}")) {
        Input::Transactions(history) => history,
        _ => panic!("not transactions:\n{text}"),
    }
}

/// A story names processes as the history does, also those whose outcome is unknown.
#[test]
fn a_story_tells_of_the_processes_of_the_history() {
    let text = "\
        {:type :invoke, :f :txn, :value [[:w :x 1]], :process 7}\n\
        {:type :info, :f :txn, :value [[:w :x 1]], :process 7}\n\
        {:type :invoke, :f :txn, :value [[:r :x nil]], :process 5}\n\
        {:type :ok, :f :txn, :value [[:r :x 1]], :process 5}\n\
        {:type :invoke, :f :txn, :value [[:r :x nil]], :process 6}\n\
        {:type :ok, :f :txn, :value [[:r :x nil]], :process 6}\n";
    let report = judge(&parsed(text), Some(Level::StrictSerializable), &Limits::default());
    let Finding::Violated(story) = &report.parts[0].finding else { panic!("{report}") };
    let told: Vec<u64> = story.lines.iter().filter_map(|line| line.process).collect();
    assert_eq!(told, [7, 5, 6], "{report}");
}

/// Whether a level holds by definition: read uncommitted is the absence of reads from nowhere.
fn expected(store: &Store, level: Level) -> bool {
    let is_right = |history: &Transactions| match level {
        // What is of unknown outcome may have been read all the same.
        dirty if dirty.reads_dirty() => {
            let is_written = |read: &Step| {
                let mut all = store.all.iter().flat_map(|ran| &ran.steps);
                all.any(|step| {
                    let is_write = step.access == Access::Write;
                    is_write && (step.key, step.value) == (read.key, read.value)
                })
            };
            let ended = store.all.iter().filter(|ran| ran.fate == Fate::Ok);
            let mut steps = ended.flat_map(|ran| &ran.steps);
            steps.all(|step| step.access != Access::Read || is_written(step))
                && by_versions::holds(history, dirty, &[])
        }
        _ => holds(history, level),
    };
    store.meanings().iter().any(is_right)
}

fn has_reads_or_writes(store: &Store) -> bool {
    store.all.iter().any(|ran| !ran.steps.is_empty())
}

//= §2.3.2 strict serializability decided test
/// Also with failed transactions and those of unknown outcome, whatever the oracle lets them be.
#[test]
fn every_verdict_on_registers_in_real_time_is_the_exhaustive_deciders() {
    const LEVELS: usize = Level::TIMED_REGISTERS.len();
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(11);
    let count = counted(cases(5_000), |case, count: &mut [[u64; 2]; LEVELS]| {
        let store = small(&mut root.fork(case));
        if !has_reads_or_writes(&store) {
            return;
        }
        let text = store.text();
        let history = parsed(&text);
        let report = judge(&history, None, &Limits::default());
        assert_eq!(report.parts.len(), Level::TIMED_REGISTERS.len(), "{report}");
        for (place, part) in report.parts.iter().enumerate() {
            let level: Level = part.guarantee.parse().expect("a level");
            let expected = if expected(&store, level) { Word::Holds } else { Word::Violated };
            count[place][usize::from(expected == Word::Holds)] += 1;
            assert_eq!(
                part.finding.word(),
                expected,
                "repro: AVOUCH_SEED={seed}, case {case}, {level}:\n{text}\n{report}"
            );
            assert!(!matches!(part.finding, Finding::Holds { checked: false, .. }), "{report}");
        }
    });
    println!("violated and holding, by level: {count:?}");
    assert!(count.iter().flatten().all(|count| *count > 100), "{count:?}");
}

/// Times add levels and take none away: without them each of the others is what it was.
#[test]
fn the_judge_without_times_never_contradicts_the_one_with_them() {
    let root = Random::new(Random::seed_from_environment()).fork(12);
    for case in 0..1_000 {
        let store = small(&mut root.fork(case));
        if !has_reads_or_writes(&store) {
            continue;
        }
        let timed = parsed(&store.text());
        let untimed = Transactions { spans: None, ..timed.clone() };
        let (with, without) =
            (judge(&timed, None, &Limits::default()), judge(&untimed, None, &Limits::default()));
        for part in &without.parts {
            let other = with.parts.iter().find(|other| other.guarantee == part.guarantee);
            let other = other.expect("the same level");
            assert_eq!(part.finding.word(), other.finding.word(), "case {case}: {with}\n{without}");
        }
        let asked = judge(&timed, Some(Level::StrictSerializable), &Limits::default());
        let strict = with.parts.last().expect("parts");
        assert_eq!(asked.verdict(), strict.finding.word(), "case {case}: {with}\n{asked}");
    }
}

/// Each gives another verdict than the exhaustive decider, or one that its verifier refuses.
#[test]
fn every_planted_bug_of_registers_in_real_time_is_caught() {
    let root = Random::new(Random::seed_from_environment()).fork(13);
    for mutant in Mutant::OF_TIME {
        let is_wrong = |store: &Store| {
            let history = parsed(&store.text());
            [Level::StrictSerializable, Level::StrongSnapshotIsolation].into_iter().any(|level| {
                let word = decide_with(&history, level, &Limits::default(), mutant).word();
                (word == Word::Holds) != expected(store, level) || word == Word::Unknown
            })
        };
        let caught = (0..20_000).find(|case| {
            let store = small(&mut root.fork(*case));
            has_reads_or_writes(&store) && is_wrong(&store)
        });
        println!("{mutant:?} is caught by case {caught:?}");
        assert!(caught.is_some(), "{mutant:?} is not caught");
    }
}

/// Long histories that are strictly serializable by construction, with failures, crashed clients
/// and hot keys: not one alarm.
#[test]
fn what_is_right_by_construction_raises_no_alarm() {
    let seed = Random::seed_from_environment();
    let root = Random::new(seed).fork(14);
    for case in 0..cases(4) {
        let mut random = root.fork(case);
        let mut store = Store::new(1 + random.below(12), 20, 0.0, true);
        store.run(&mut random, 400, 4);
        let history = parsed(&store.text());
        let report = judge(&history, None, &Limits::default());
        let repro = format!("repro: AVOUCH_SEED={seed}, case {case}");
        assert_eq!(report.verdict(), Word::Holds, "{repro}: {report}");
        // A read that is bent is found.
        let mut bent = store;
        let reads =
            |ran: &Ran| ran.fate == Fate::Ok && ran.steps.iter().any(|step| step.value > 200);
        let late = bent.all.iter().rposition(reads);
        let Some(late) = late else { continue };
        for step in &mut bent.all[late].steps {
            if step.access == Access::Read {
                (step.access, step.value) = (Access::ReadInitial, 0);
            }
        }
        let history = parsed(&bent.text());
        let is_bent = bent.all[late].steps.iter().any(|step| step.access == Access::ReadInitial);
        let report = judge(&history, None, &Limits::default());
        let expected = if is_bent { Word::Violated } else { Word::Holds };
        assert_eq!(report.verdict(), expected, "{repro}: {report}");
    }
}

/// A read that is stale in real time is told by the two that show it, however much ran between.
#[test]
fn a_stale_read_is_told_by_two_transactions() {
    let line = |process: u64, kind: &str, value: &str| {
        format!("{{:type :{kind}, :f :txn, :value [{value}], :process {process}}}\n")
    };
    let both = |process, asked: &str, answered: &str| {
        line(process, "invoke", asked) + &line(process, "ok", answered)
    };
    let between: String = (0..30)
        .map(|one| both(one % 3, &format!("[:w z {one}]"), &format!("[:w z {one}]")))
        .collect();
    let text = both(0, "[:w x 1]", "[:w x 1]") + &between + &both(1, "[:r x nil]", "[:r x nil]");
    let report = judge(&parsed(&text), None, &Limits::default());
    let told = report.to_string();
    println!("{told}");
    let part = report.parts.iter().find(|part| part.guarantee == "strong-snapshot-isolation");
    let Some(Finding::Violated(story)) = part.map(|part| &part.finding) else { panic!("{told}") };
    assert_eq!((story.lines.len(), story.minimal), (2, true), "{told}");
    let title = "G-single-realtime, a stale or future view in real time";
    let strict = judge(&parsed(&text), Some(Level::StrictSerializable), &Limits::default());
    assert!(strict.to_string().contains(title) && told.contains(title), "{strict}");
    assert!(told.contains("had ended before T"), "{told}");
    assert!(
        told.contains("strongest that hold: strong-read-committed, strong-session-serializable"),
        "{told}"
    );
}
