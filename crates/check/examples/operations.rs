//! How fast the orders of single operations are found:
//! `cargo run --release -p avouch-check --example operations [-- --brief]`.
//!
//! - Porcupine's logs of etcd and its key-value histories, where `AVOUCH_DATA` names a folder of
//!   them; without it these are skipped with a line. Its own figures, measured once on a machine of
//!   the same kind: 102 logs 0.30 s, c50-ok 0.16 s, c10-ok as one map 2.0 s.
//! - Histories of those shapes made here, and one register of a million operations.
//!
//! Each figure is the best of a few runs, as whatever else the machine does only ever adds to one.

mod measure;

use avouch_check::history::{Event, Events, History, Kind};
use avouch_check::limits::Budget;
use avouch_check::linearizability::{Verdict, decide};
use avouch_check::model::key_value::{Action, Contents, KeyValue, Outcome};
use avouch_check::model::{Brings, Next, Register, RegisterAnswer, RegisterInput, Sequential};
use avouch_check::operation::{Moment, Operation};
use avouch_check::{Input, Limits, judge};
use avouch_promise::guarantee::Guarantee;
use avouch_promise::{Nanos, Random};
use measure::timed;
use std::path::PathBuf;
use std::process::ExitCode;

/// The key-value store as one map that is searched as a whole.
struct Whole(KeyValue);

impl Sequential for Whole {
    type Input = Action;
    type Output = Outcome;
    type State = Contents;

    fn initial(&self) -> Contents {
        self.0.initial()
    }
    fn step(&self, state: &Contents, input: &Action, output: Option<&Outcome>) -> Next<Contents> {
        self.0.step(state, input, output)
    }
    fn is_pure(&self, input: &Action, output: Option<&Outcome>) -> bool {
        self.0.is_pure(input, output)
    }
    fn needs(&self, input: &Action, output: &Outcome) -> Option<Vec<u8>> {
        self.0.needs(input, output)
    }
    fn brings(&self, input: &Action) -> Brings {
        self.0.brings(input)
    }
    fn may_grow(&self, state: &Contents, input: &Action, output: &Outcome) -> bool {
        self.0.may_grow(state, input, output)
    }
    fn object<'a>(&self, input: &'a Action) -> Option<&'a [u8]> {
        self.0.object(input)
    }
}

fn goal(name: &str, took: f64, target: f64) {
    let met = if took <= target { "met" } else { "short" };
    println!("goal {name} {:.3} ms target {:.3} {met}", took * 1e3, target * 1e3);
}

/// The best of a few runs.
fn best<T>(runs: u32, mut run: impl FnMut() -> T) -> (T, f64) {
    let mut found = timed(&mut run);
    for _ in 1..runs {
        let again = timed(&mut run);
        if again.1 < found.1 {
            found = again;
        }
    }
    found
}

/// A file or folder of `AVOUCH_DATA`.
fn data(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("AVOUCH_DATA").map(|data| PathBuf::from(data).join(name));
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: no {name} in AVOUCH_DATA");
    }
    found
}

/// The logs of etcd: with reading them, and without.
fn logs(limits: &Limits) -> bool {
    let Some(folder) = data("histories/porcupine-etcd") else { return true };
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    let mut texts: Vec<Vec<u8>> = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.extension().is_some_and(|ending| ending == "log") {
            texts.extend(std::fs::read(path).ok());
        }
    }
    let read = || texts.iter().map(|text| History::parse(text)).collect::<Result<Vec<_>, _>>();
    let (histories, reading) = best(5, read);
    let Ok(histories) = histories else { return false };
    let judged = || histories.iter().map(|history| judge(history, limits)).collect::<Vec<_>>();
    let (reports, judging) = best(5, judged);
    let steps: u64 = reports.iter().map(|report| report.steps).sum();
    println!(
        "{} logs of etcd: read in {:.2} ms, judged in {:.2} ms with {steps} steps",
        histories.len(),
        reading * 1e3,
        judging * 1e3
    );
    goal("etcd_logs", judging, 0.015);
    !reports.is_empty()
}

fn operations(history: &History) -> Vec<Operation<Action, Outcome>> {
    let calls = history.calls.iter().map(|call| Operation {
        input: call.action.clone(),
        output: call.answer.clone(),
        earliest: call.began.moment,
        latest: call.ended.map(|ended| ended.moment),
    });
    calls.collect()
}

/// A history key by key, and as one map.
fn appends(
    name: &str,
    history: &History,
    limits: &Limits,
    apart: Option<f64>,
    whole: Option<f64>,
) -> bool {
    let (report, took) = best(5, || judge(history, limits));
    let found = report.verdict();
    println!("{name}: {} operations: {found} in {:.2} ms", report.operations, took * 1e3);
    let mut right = report.exit_code() == 0;
    let name = name.replace('-', "_");
    if let Some(target) = apart {
        goal(&name, took, target);
    }
    if let Some(target) = whole {
        let operations = operations(history);
        let model = Whole(history.model);
        let judged = || {
            let mut budget = Budget::new(*limits);
            (decide(&model, &operations, &mut budget), budget.taken())
        };
        let ((verdict, steps), took) = best(3, judged);
        println!("{name} as one map: {:.2} ms, {steps} steps", took * 1e3);
        goal(&format!("{name}_one_map"), took, target);
        right &= matches!(verdict, Verdict::Holds(_));
    }
    right
}

/// So many clients that append to, put into and get from ten keys, as Porcupine's were made.
fn clients(count: u64, each: u64, random: &mut Random) -> History {
    let mut calls = Vec::new();
    for client in 0..count {
        let mut now = random.below(100);
        for number in 0..each {
            let (began, length) = (now + random.between(1, 50), random.between(1, 200));
            now = began + length + 1;
            let key = random.below(10).to_string().into();
            let value = format!("x {client} {number} y").into();
            let action = match random.below(100) {
                0..45 => Action::Append { key, value },
                45..50 => Action::Put { key, value },
                _ => Action::Get { key },
            };
            calls.push((began + random.between(0, length), began, now - 1, client, action));
        }
    }
    calls.sort_by_key(|(effect, ..)| *effect);
    let (model, mut state) = (KeyValue::default(), Contents::new());
    let mut events = Vec::new();
    for (_, began, ended, process, action) in calls {
        let outcome = model.apply(&mut state, &action);
        let mut add = |time, kind| {
            events.push(Event { process, kind, time: Some(Nanos(time)), line: 0 });
        };
        add(began * 2, Kind::Invoked(action, Guarantee::Linearizable));
        add(ended * 2 + 1, Kind::Answered(outcome, None, None));
    }
    events.sort_by_key(|event| event.time);
    let mut collected = Events::default();
    for event in events {
        if let Err(error) = collected.add(event, "") {
            eprintln!("{error:?}");
        }
    }
    collected.finish(model, "generated")
}

type RegisterOperation = Operation<RegisterInput, RegisterAnswer>;

/// One register of `count` operations by so many clients, half writes of values of their own;
/// `stale` makes one read, late in it, see what had been overwritten long before.
fn register(clients: u64, count: u64, stale: bool, random: &mut Random) -> Vec<RegisterOperation> {
    let mut free = vec![0_u64; clients as usize];
    let mut calls = Vec::with_capacity(count as usize);
    for number in 0..count {
        let client = (number % clients) as usize;
        let (began, length) = (free[client] + random.between(1, 50), random.between(1, 200));
        free[client] = began + length + 1;
        calls.push((began + random.between(0, length), began, began + length));
    }
    calls.sort_unstable();
    let (mut value, mut next, mut old) = (None, 0, None);
    let mut made = Vec::with_capacity(calls.len());
    for (place, (_, began, ended)) in calls.into_iter().enumerate() {
        let is_wrong = stale && place as u64 >= count * 3 / 4;
        if place as u64 == count / 2 {
            old = value;
        }
        let (input, output) = if random.chance(0.5) {
            next += 1;
            value = Some(next);
            (RegisterInput::Write(next), RegisterAnswer::Done)
        } else {
            let seen = if is_wrong && old.is_some() { old.take() } else { value };
            (RegisterInput::Read, RegisterAnswer::Value(seen))
        };
        let (earliest, latest) = (Moment(began), Some(Moment(ended)));
        made.push(Operation { input, output: Some(output), earliest, latest });
    }
    made
}

fn registers(count: u64, limits: &Limits, brief: bool) -> bool {
    let random = &mut Random::new(Random::seed_from_environment());
    let mut right = true;
    for (name, stale) in [("register", false), ("register_stale", true)] {
        let operations = register(50, count, stale, random);
        let mut budget = Budget::new(*limits);
        let (verdict, took) = timed(|| decide(&Register, &operations, &mut budget));
        let word = match &verdict {
            Verdict::Holds(_) => "holds".to_owned(),
            Verdict::Violated(violation) => {
                format!("violated, as {} operations show", violation.core.essential.len())
            }
            Verdict::Unknown(progress) => format!("unknown: {}", progress.bound),
            Verdict::Refused(error) => error.to_string(),
        };
        println!("one register, {count} operations: {word} in {took:.3} s");
        right &=
            matches!((verdict, stale), (Verdict::Holds(_), false) | (Verdict::Violated(_), true));
        if !brief {
            goal(&format!("{name}_1m"), took, 2.0);
        }
    }
    right
}

/// One register that takes few values, again and again, so that a search must judge it; a read late
/// in it sees what had been overwritten.
fn repeating(count: u64, limits: &Limits) -> bool {
    const VALUES: i64 = 40;
    let random = &mut Random::new(Random::seed_from_environment());
    let mut operations = register(10, count, false, random);
    let held = |value: &i64| value % VALUES;
    let late = count as usize * 3 / 4;
    let is_read = |operation: &RegisterOperation| matches!(operation.input, RegisterInput::Read);
    let wrong = operations.iter().skip(late).position(is_read).map(|place| place + late);
    for (place, Operation { input, output, .. }) in operations.iter_mut().enumerate() {
        if let RegisterInput::Write(value) = input {
            *value = held(value);
        }
        if let Some(RegisterAnswer::Value(Some(value))) = output {
            *value = held(&(*value + if Some(place) == wrong { VALUES / 2 } else { 0 }));
        }
    }
    let judged = || decide(&Register, &operations, &mut Budget::new(*limits));
    let (verdict, took) = best(3, judged);
    let Verdict::Violated(violation) = verdict else {
        println!("one register of few values: not violated");
        return false;
    };
    let shown = violation.core.essential.len();
    println!(
        "one register of few values, {count} operations: violated, as {shown} operations show, in \
         {:.2} ms",
        took * 1e3
    );
    goal("register_of_few_values_stale", took, 0.1);
    violation.core.minimal && shown <= 10
}

fn main() -> ExitCode {
    let brief = std::env::args().any(|argument| argument == "--brief");
    let limits = Limits::default();
    let mut right = logs(&limits);
    for (name, apart, whole) in [("c10-ok", None, Some(0.020)), ("c50-ok", Some(0.017), None)] {
        if let Some(file) = data(&format!("histories/porcupine-kv/{name}.txt")) {
            let Ok(Input::Calls(history)) = Input::read(&file, &limits) else {
                return ExitCode::FAILURE;
            };
            right &= appends(name, &history, &limits, apart, whole);
        }
    }
    let random = &mut Random::new(Random::seed_from_environment());
    right &= appends("like-c10-ok", &clients(10, 34, random), &limits, None, Some(0.020));
    right &= appends("like-c50-ok", &clients(50, 34, random), &limits, Some(0.017), None);
    right &= registers(if brief { 20_000 } else { 1_000_000 }, &limits, brief);
    right &= repeating(2_000, &limits);
    if right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
