//! The judge by stamps against its oracle, streams against whole histories, and a right store
//! against false alarms.

use super::exhaustive::{has_ties, truth};
use super::follow::At;
use super::history::{Access, Stamped, Transaction};
use super::judge::{Known, LEVELS, against, findings, follow, known, order, unknown};
use super::mutant::Mutant;
use super::online::{Asked, Source, run as run_stream};
use super::store::{self, Bug, Made, Shape};
use super::verify;
use crate::campaign::{cases, counted};
use crate::limits::{Budget, Limits};
use crate::report::{Part, Word};
use crate::transaction::Level;
use crate::{Input, stream};
use avouch_promise::{Error, Random};

/// A small history at random: of a store with or without a bug, or of none.
fn small(random: &mut Random) -> Stamped {
    if random.chance(0.5) {
        return store::history(&store::random(random));
    }
    let all = [&[Bug::None, Bug::NoValidation][..], &Bug::OF_SNAPSHOTS[..]].concat();
    let shape = Shape {
        bug: random.pick(&all).copied().unwrap_or(Bug::None),
        sessions: random.between(2, 3),
        keys: random.between(1, 2),
        steps: 3,
        lists: random.chance(0.4),
        validates: random.chance(0.5),
        coarse: random.chance(0.6),
    };
    let count = random.between(2, 6) as usize;
    store::history(&store::run(shape, count, random))
}

/// The words of the one pass, by level, before equal stamps are ordered.
fn words(history: &Stamped, mutant: Mutant) -> Vec<(Level, Word)> {
    let mut budget = Budget::new(Limits::default());
    let order = order(history, mutant);
    let found = follow(history, &order, &mut budget, mutant).expect("no bound");
    let word = |level: Level| {
        if against(&found, level).is_some() {
            Word::Violated
        } else if unknown(history, &found, level).is_some() {
            Word::Unknown
        } else {
            Word::Holds
        }
    };
    LEVELS.into_iter().map(|level| (level, word(level))).collect()
}

/// The words of the whole judge, by level, before what it shows is checked again.
pub(super) fn decided(history: &Stamped, mutant: Mutant) -> Vec<(Level, Word)> {
    let mut budget = Budget::new(Limits::default());
    let word = |known: &Known| match known {
        Known::Holds(_) => Word::Holds,
        Known::Violated(_) | Known::Unserved(..) => Word::Violated,
        Known::Unknown(_) => Word::Unknown,
    };
    let known = known(history, &mut budget, mutant).expect("no bound");
    LEVELS.into_iter().zip(known.iter().map(word)).collect()
}

/// What speaks against a judge's words.
pub(super) fn fault(history: &Stamped, words: &[(Level, Word)]) -> Option<String> {
    let lists = history.transactions().iter().flat_map(|one| &one.steps);
    let mut lists =
        lists.filter(|step| matches!(step.access, Access::Append(_) | Access::ReadList(_)));
    let has_lists = lists.next().is_some();
    let has_ties = has_ties(history);
    for (at, plain, of_sessions) in [
        (At::Start, Level::SnapshotIsolation, Level::StrongSessionSnapshotIsolation),
        (At::Commit, Level::Serializable, Level::StrongSessionSerializable),
    ] {
        let truth = truth(history, at);
        for (level, is_true) in [(plain, truth.plain), (of_sessions, truth.of_sessions)] {
            let word = words.iter().find(|(one, _)| *one == level).map(|(_, word)| *word)?;
            let is_right = match word {
                Word::Holds => is_true,
                Word::Violated => !is_true,
                // P2, and T3: each read agrees with some order.
                Word::Unknown => has_ties && (truth.possible || has_lists),
            };
            if !is_right {
                return Some(format!("{level}: {word}, but {truth:?}, ties {has_ties}"));
            }
        }
    }
    None
}

/// So many histories for a test, or for each seed of a campaign.
pub(super) const HISTORIES: u64 = 8_000;

pub(super) fn repro(seed: u64, case: u64, test: &str) -> String {
    format!("case {case}\nrepro: AVOUCH_SEED={seed} cargo test -p avouch-check {test}")
}

//= §2.3.2 snapshot isolation (SI) decided test
//= §2.3.2 serializability decided test
#[test]
fn every_verdict_by_stamps_is_the_exhaustive_deciders() {
    let seed = Random::seed_from_environment();
    // By level: holds, violated, unknown.
    let count = counted(cases(HISTORIES), |case, count: &mut [[u64; 3]; 4]| {
        let history = small(&mut Random::new(seed).fork(case));
        let repro = || repro(seed, case, "every_verdict_by_stamps_is_the_exhaustive_deciders");
        for words in [words(&history, Mutant::None), decided(&history, Mutant::None)] {
            let fault = fault(&history, &words);
            assert!(fault.is_none(), "{fault:?} in {:#?}\n{}", history.transactions(), repro());
        }
        let words = decided(&history, Mutant::None);
        let mut budget = Budget::new(Limits::default());
        for (level, (count, (_, word))) in findings(&history, &mut budget, Mutant::None)
            .into_iter()
            .zip(count.iter_mut().zip(&words))
        {
            // What is shown passes the verifier: else it would be unknown.
            let (level, found) = level;
            assert_eq!(found.word(), *word, "{level}: {found:?}\n{}", repro());
            count[*word as usize] += 1;
        }
    });
    println!("{LEVELS:?}: holds, violated, unknown {count:?}");
    for [holds, violated, unknown] in count {
        let all = holds + violated;
        assert!(holds > all / 10 && violated > all / 10 && unknown == 0, "{count:?}");
    }
}

#[test]
fn every_planted_bug_of_the_judge_by_stamps_is_caught() {
    let seed = Random::seed_from_environment();
    for mutant in Mutant::WHOLE {
        let caught = (0..cases(HISTORIES)).find_map(|case| {
            let history = small(&mut Random::new(seed).fork(case));
            fault(&history, &words(&history, mutant)).map(|fault| (case, fault))
        });
        let Some((case, fault)) = caught else { panic!("{mutant:?} was not caught") };
        println!("{mutant:?} caught by history {case}: {fault}");
    }
}

/// Transactions from memory.
struct Held {
    all: std::vec::IntoIter<Transaction>,
    names: Stamped,
}

impl Held {
    fn new(history: &Stamped) -> Self {
        let all = history.transactions().to_vec().into_iter();
        Self { all, names: Stamped { all: Vec::new(), ..history.clone() } }
    }
}

impl Source for Held {
    fn next(&mut self) -> Result<Option<Transaction>, Error> {
        Ok(self.all.next())
    }
    fn names(&self) -> &Stamped {
        &self.names
    }
    fn ending(&self) -> Option<String> {
        None
    }
}

fn streamed(history: &Stamped, bounds: (usize, u64), mutant: Mutant) -> Vec<(Level, Word)> {
    let asked = Asked { level: None, limits: Limits::default() };
    let report =
        run_stream(&mut Held::new(history), asked, &mut |_| {}, bounds, mutant).expect("a report");
    LEVELS.into_iter().zip(report.parts.iter().map(|part| part.finding.word())).collect()
}

/// Transactions in the order in which they arrive: each at most so many places late, those of a
/// session in its order.
fn arriving(made: Vec<Made>, late: u64, random: &mut Random) -> Vec<Made> {
    let mut last = std::collections::BTreeMap::new();
    let mut keyed: Vec<((u64, u64), Made)> = Vec::new();
    for (place, one) in (0..).zip(made) {
        let at = (place + random.below(late + 1)).max(last.get(&one.session).copied().unwrap_or(0));
        last.insert(one.session, at);
        keyed.push(((at, place), one));
    }
    keyed.sort_by_key(|(at, _)| *at);
    keyed.into_iter().map(|(_, one)| one).collect()
}

/// A longer history in a random order of arrival, and how late transactions are at most.
fn longer(random: &mut Random) -> (Stamped, u64) {
    let all = [&[Bug::None, Bug::None, Bug::NoValidation][..], &Bug::OF_SNAPSHOTS[..]].concat();
    let shape = Shape {
        bug: random.pick(&all).copied().unwrap_or(Bug::None),
        sessions: random.between(2, 6),
        keys: random.between(2, 12),
        steps: random.between(1, 4),
        lists: random.chance(0.4),
        validates: random.chance(0.5),
        coarse: random.chance(0.5),
    };
    let count = random.between(10, 80) as usize;
    let mut made = store::run(shape, count, random);
    if random.chance(0.3) {
        // A bug that shows once only.
        let right = store::run(Shape { bug: Bug::None, ..shape }, count, random);
        made = right;
        let place = random.below(count as u64) as usize;
        if let Some((_, Access::Read(value))) = made[place].steps.first_mut() {
            *value = Some(random.below(9).cast_signed());
        }
    }
    let late = random.below(12);
    (store::history(&arriving(made, late, random)), late)
}

/// What speaks against the words on a stream: O1, and that nothing is unknown within the bounds.
fn stream_fault(
    history: &Stamped,
    late: u64,
    wide: bool,
    random: &mut Random,
    mutant: Mutant,
) -> Option<String> {
    let whole = words(history, Mutant::None);
    let bounds = if wide {
        // Stamps of those that only read are their starts: far behind, as long ones end.
        (history.transactions().len().max(late as usize), 1_000)
    } else {
        (random.below(12) as usize, random.below(24))
    };
    let found = streamed(history, bounds, mutant);
    let differs = whole
        .iter()
        .zip(&found)
        .find(|((_, whole), (_, found))| whole != found && (wide || *found != Word::Unknown));
    differs.map(|differs| format!("whole and as it came: {differs:?}, bounds {bounds:?}"))
}

#[test]
fn a_stream_in_any_order_has_the_verdict_of_the_whole() {
    let seed = Random::seed_from_environment();
    // Wide or narrow: the same, unknown.
    let count = counted(cases(6_000), |case, count: &mut [[u64; 2]; 2]| {
        let random = &mut Random::new(seed).fork(case);
        let (history, late) = longer(random);
        let wide = case % 2 == 0;
        let fault = stream_fault(&history, late, wide, random, Mutant::None);
        let repro = || repro(seed, case, "a_stream_in_any_order_has_the_verdict_of_the_whole");
        assert!(fault.is_none(), "{fault:?}\n{}", repro());
        let narrow = streamed(&history, (8, 16), Mutant::None);
        let is_unknown = narrow.iter().any(|(_, word)| *word == Word::Unknown);
        count[usize::from(wide)][usize::from(is_unknown)] += 1;
    });
    println!("narrow and wide: decided, unknown {count:?}");
    let [[decided, unknown], _] = count;
    assert!(decided > 100 && unknown > 100, "{count:?}");
}

#[test]
fn every_planted_bug_of_the_streams_is_caught() {
    let seed = Random::seed_from_environment();
    for mutant in Mutant::OF_STREAMS {
        let caught = (0..cases(4_000)).find_map(|case| {
            let random = &mut Random::new(seed).fork(case);
            let (history, late) = longer(random);
            stream_fault(&history, late, false, random, mutant).map(|fault| (case, fault))
        });
        let Some((case, fault)) = caught else { panic!("{mutant:?} was not caught") };
        println!("{mutant:?} caught by history {case}: {fault}");
    }
}

#[test]
fn a_right_store_raises_no_alarm_and_each_bug_of_it_is_found() {
    let seed = Random::seed_from_environment();
    let by = |words: &[(Level, Word)], level: Level| {
        words.iter().find(|(one, _)| *one == level).map(|(_, word)| *word)
    };
    for (number, lists) in (0..).zip([false, true, false, true]) {
        let random = &mut Random::new(seed).fork(number);
        let shape = Shape {
            bug: Bug::None,
            sessions: 8,
            keys: 20,
            steps: 6,
            lists,
            validates: true,
            coarse: number >= 2,
        };
        for _ in 0..40 {
            let right = store::history(&store::run(shape, 400, random));
            let words = words(&right, Mutant::None);
            assert!(words.iter().all(|(_, word)| *word == Word::Holds), "{shape:?} {words:?}");
        }
        for bug in Bug::OF_SNAPSHOTS {
            let wrong = store::history(&store::run(Shape { bug, ..shape }, 400, random));
            let words = words(&wrong, Mutant::None);
            let level = match bug {
                Bug::SessionBehind => Level::StrongSessionSnapshotIsolation,
                _ => Level::SnapshotIsolation,
            };
            assert_eq!(by(&words, level), Some(Word::Violated), "{bug:?} {words:?}");
        }
        // Write skew is allowed under snapshot isolation, and found by commits.
        let shape = Shape { bug: Bug::NoValidation, ..shape };
        let words = words(&store::history(&store::run(shape, 400, random)), Mutant::None);
        assert_eq!(by(&words, Level::SnapshotIsolation), Some(Word::Holds), "{words:?}");
        assert_eq!(by(&words, Level::Serializable), Some(Word::Violated), "{words:?}");
    }
}

/// A history that holds has an order that shows it; any other order is refused.
#[test]
fn the_verifier_refuses_what_is_not_so() {
    let seed = Random::seed_from_environment();
    let (mut orders, mut violations) = (0, 0);
    for case in 0..2_000 {
        let random = &mut Random::new(seed).fork(case);
        let history = small(random);
        let mut budget = Budget::new(Limits::default());
        let order = order(&history, Mutant::None);
        let found = follow(&history, &order, &mut budget, Mutant::None).expect("no bound");
        for at in [At::Start, At::Commit] {
            let mut other: Vec<usize> = (0..order.len()).collect();
            random.shuffle(&mut other);
            // An order that it accepts is one of those that stamps allow, and then some order fits.
            if verify::accepts_order(&history, at, &other) == Some(true) {
                assert!(truth(&history, at).plain, "case {case}");
                orders += 1;
            }
        }
        for ((at, axiom), tally) in &found.wrong {
            let mut wrong = tally.first.clone();
            assert!(verify::accepts(&history, &wrong), "case {case}: {wrong:?}");
            // Somebody else, or another step, is hardly ever wrong in the same way.
            let all = history.transactions();
            let Some(other) = random.pick(all) else { continue };
            wrong.who = std::sync::Arc::clone(&other.who);
            wrong.step = random.below(3) as usize;
            let of = truth(&history, *at);
            let is_accepted = verify::accepts(&history, &wrong);
            assert!(!is_accepted || !of.plain || *axiom == super::follow::Axiom::Session);
            violations += u64::from(is_accepted);
        }
    }
    println!("{orders} orders and {violations} violations accepted");
    assert!(orders > 100 && violations > 10);
}

const SMALL: &str = r#"[
 {"tid": 1, "sid": "till", "sts": {"p": 10, "l": 0}, "cts": {"p": "20", "l": 0},
  "ops": [{"t": "r", "k": 7, "v": 0}, {"t": "W", "k": 7, "v": 5}]},
 {"tid": 2, "sid": "store", "sts": {"l": 0, "p": 15}, "cts": {"p": 15, "l": 0}, "rtts": 7,
  "ops": [{"t": "read", "k": 7}, {"t": "a", "k": "x\n", "v": 3}, {"t": "r", "k": "x\n", "v": [3]}]}
]"#;

#[test]
fn what_is_converted_to_a_stream_and_back_is_the_same() {
    let parse = |bytes: &[u8]| match Input::parse(bytes) {
        Ok(Input::Stamped(history)) => *history,
        other => panic!("{other:?}"),
    };
    let folder = std::env::temp_dir().join(format!("avouch-stamped-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let seed = Random::seed_from_environment();
    let mut texts = vec![SMALL.to_owned(), "[]".to_owned()];
    for case in 0..50 {
        let history = small(&mut Random::new(seed).fork(case));
        let one = |place: usize| stream::text_of_stamped(&history, &history.transactions()[place]);
        let lines: Vec<String> = (0..history.transactions().len()).map(one).collect();
        // A list, or one after another.
        texts.push(if case % 2 == 0 { format!("[{}]", lines.join(",")) } else { lines.join("\n") });
    }
    for text in texts {
        if text == "[]" {
            continue;
        }
        let (from, over, back) = (folder.join("a"), folder.join("b"), folder.join("c"));
        std::fs::write(&from, &text).expect("a file");
        for (from, to) in [(&from, &over), (&over, &back)] {
            let to = std::fs::File::create(to).expect("a file");
            stream::convert(from, to, &Limits::default()).expect("a history");
        }
        let whole = parse(text.as_bytes());
        for bytes in [std::fs::read(&over), std::fs::read(&back)] {
            let read = parse(&bytes.expect("a file"));
            assert_eq!(told(&read), told(&whole), "{text}");
            let whole = words(&whole, Mutant::None);
            assert_eq!(words(&read, Mutant::None), whole);
        }
        // As it comes, text or stream, it has the same verdict.
        for bytes in [text.clone().into_bytes(), std::fs::read(&over).expect("a file")] {
            let asked =
                crate::online::Asked { by_model: false, level: None, limits: Limits::default() };
            let report = crate::online::judge(&bytes[..], asked).expect("a report");
            let found: Vec<_> = report.parts.iter().map(|part| part.finding.word()).collect();
            let whole: Vec<_> = words(&whole, Mutant::None).iter().map(|(_, word)| *word).collect();
            assert_eq!(found, whole, "{text}");
        }
    }
    std::fs::remove_dir_all(folder).expect("a folder");
}

/// A history but for its lines.
fn told(history: &Stamped) -> Vec<String> {
    let one = |one: &Transaction| {
        let steps = history.told(one);
        let session = history.session(one.who.session);
        format!("{} {session} {} {} {steps}", one.who.name, one.who.start, one.who.commit)
    };
    history.transactions().iter().map(one).collect()
}

#[test]
fn malformed_transactions_are_placed_alike_in_a_file_and_in_a_stream() {
    let mut wrong = Vec::new();
    for (from, to, place, expected) in [
        ("\"l\": 0}, \"cts\"", "\"l\": 0.5}, \"cts\"", "line 2, column 50", "a whole number"),
        ("\"20\"", "\"2\"", "line 2, column 61", "not before the start stamp 10"),
        ("\"W\"", "\"x\"", "line 3, column 45", "a type of operation"),
        ("\"sid\": \"till\", ", "", "line 2, column 2", "`sid`"),
        ("\"v\": 3}", "\"v\": [3]}", "line 5, column 34", "an append of one value"),
        ("\"t\": \"a\"", "\"t\": \"w\"", "line 5, column 66", "as one value"),
        (
            "\"ops\": [{\"t\": \"read\"",
            "\"ops\": {\"t\": \"read\"",
            "line 5, column 10",
            "the list",
        ),
        ("{\"l\": 0, \"p\": 15}", "{\"l\": 0}", "line 4, column 36", "physical part"),
        ("\"v\": 5", "\"v\": 9223372036854775808", "line 3, column 63", "64 bits"),
        ("\"v\": 5", "\"v\": 5, \"v\": 5", "line 3, column 66", "a key that stands once"),
    ] {
        let text = SMALL.replacen(from, to, 1);
        assert_ne!(text, SMALL, "{from}");
        let whole = Input::parse(text.as_bytes()).expect_err(to);
        let asked =
            crate::online::Asked { by_model: false, level: None, limits: Limits::default() };
        let streamed = crate::online::judge(text.as_bytes(), asked).expect_err(to);
        for error in [&whole, &streamed] {
            let told = error.to_string();
            if !told.contains(place) || !told.contains(expected) || error.hint.is_empty() {
                wrong.push(format!("{to}: {told}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What is cut in the middle is left out of a stream, and told.
    let asked = crate::online::Asked { by_model: false, level: None, limits: Limits::default() };
    let report = crate::online::judge(&SMALL.as_bytes()[..SMALL.len() - 9], asked);
    let report = report.expect("the first").to_string();
    assert!(report.contains("begins at line 4 is cut"), "{report}");
}

/// Nothing holds of a stream of which nothing is left; a list that is not closed is told.
#[test]
fn a_stream_that_is_cut_says_so() {
    let judged = |text: &str| {
        let asked =
            crate::online::Asked { by_model: false, level: None, limits: Limits::default() };
        crate::online::judge(text.as_bytes(), asked).expect("a report")
    };
    let one = "{\"tid\": 1, \"sid\": 1, \"sts\": {\"p\": 5, \"l\": 0}, \"cts\": {\"p\": 6, \"l\": 0}, \
               \"ops\": [{\"t\": \"w\", \"k\": 1, \"v\": 2}]}";
    let whole = judged(&format!("[{one}]"));
    assert!(whole.verdict() == Word::Holds && !whole.to_string().contains("cut"), "{whole}");
    let open = judged(&format!("[{one},"));
    assert!(open.to_string().contains("its closing bracket is missing"), "{open}");
    let nothing = judged(&one[..40]);
    assert!(nothing.to_string().contains("nothing is left of the history"), "{nothing}");
    assert_eq!(nothing.verdict(), Word::Unknown);
    // One key, however its number is written.
    let read = one.replace("\"w\", \"k\": 1, \"v\": 2", "\"r\", \"k\": 1.0, \"v\": 0");
    let read = read.replace(": 5", ": 7").replace(": 6", ": 8");
    assert_eq!(judged(&format!("[{one}, {read}]")).verdict(), Word::Violated);
}

/// Lists without stamps have no times: whoever stands later in the file need not come later.
#[test]
fn the_order_of_a_file_is_no_time() {
    let text = "[{\"tid\": 2, \"sid\": 2, \"sts\": {\"p\": 7, \"l\": 0}, \"cts\": {\"p\": 8, \"l\": 0}, \
                \"ops\": [{\"t\": \"r\", \"k\": 1, \"v\": [2]}]},\n\
                {\"tid\": 1, \"sid\": 1, \"sts\": {\"p\": 5, \"l\": 0}, \"cts\": {\"p\": 6, \"l\": 0}, \
                \"ops\": [{\"t\": \"a\", \"k\": 1, \"v\": 2}]}]";
    let Ok(Input::Stamped(history)) = Input::parse(text.as_bytes()) else { panic!("stamped") };
    let input = history.without_stamps().expect("lists");
    let report = input.judge(None, &Limits::default()).expect("a report");
    assert_eq!(report.verdict(), Word::Holds, "{report}");
    let timed = input.judge(Some(Level::StrictSerializable), &Limits::default()).expect("a report");
    assert_eq!(timed.verdict(), Word::Unknown, "{timed}");
}

#[test]
fn what_comes_later_than_the_bounds_is_told() {
    let made = |session, start, commit, steps: &[(u64, Access)]| Made {
        session,
        start,
        commit,
        steps: steps.to_vec(),
    };
    let mut all: Vec<Made> =
        (0..20).map(|at| made(0, 10 * at, 10 * at + 5, &[(1, Access::Write(Some(at)))])).collect();
    all.push(made(1, 3, 203, &[(1, Access::Read(None))]));
    let asked = Asked { level: Some(Level::SnapshotIsolation), limits: Limits::default() };
    let run = |all: &[Made], bounds| {
        let history = store::history(all);
        run_stream(&mut Held::new(&history), asked, &mut |_| {}, bounds, Mutant::None)
            .expect("a report")
            .to_string()
    };
    assert!(run(&all, (4, 100)).starts_with("holds"), "{}", run(&all, (4, 100)));
    assert!(run(&all, (4, 5)).contains("before the oldest versions"), "{}", run(&all, (4, 5)));
    all.push(made(2, 6, 8, &[(2, Access::Write(Some(1)))]));
    assert!(run(&all, (4, 100)).contains("arrives behind more than 4"), "{}", run(&all, (4, 100)));
    assert!(run(&all, (30, 100)).starts_with("holds"), "{}", run(&all, (30, 100)));
}

/// Somebody who listens hears of each level's first violation when it is found, and the stream ends
/// there if nothing that still comes can mend it.
#[test]
fn a_violation_is_told_when_it_is_found() {
    let made = |session, start, commit, steps: &[(u64, Access)]| Made {
        session,
        start,
        commit,
        steps: steps.to_vec(),
    };
    let write = |value| (1, Access::Write(Some(value)));
    let run = |wrong: Made, level| {
        let mut all: Vec<Made> =
            (1..30).map(|at| made(0, 10 * at, 10 * at + 5, &[write(at)])).collect();
        all.insert(10, wrong);
        let history = store::history(&all);
        let mut heard = Vec::new();
        let asked = Asked { level, limits: Limits::default() };
        let mut tell = |part: &Part| heard.push(format!("{} {:?}", part.guarantee, part.finding));
        let mut held = Held::new(&history);
        let report = run_stream(&mut held, asked, &mut tell, (4, 100), Mutant::None);
        (heard, report.expect("a report"), held.all.len())
    };
    // It overlaps with another that writes the key: nothing mends that.
    let (heard, report, left) =
        run(made(1, 101, 106, &[write(77)]), Some(Level::SnapshotIsolation));
    assert!(heard.len() == 1 && heard[0].contains("NOCONFLICT"), "{heard:?}");
    assert!(report.verdict() == Word::Violated && left > 10, "{report} {left}");
    let serial = format!("{} by stamps: unknown", Level::Serializable);
    assert!(report.notes.contains(&serial), "{report}");
    // It reads what nobody wrote yet: somebody late may have.
    let read = (1, Access::Read(Some(5_000)));
    for level in [Some(Level::Serializable), None] {
        let (heard, report, left) = run(made(1, 106, 108, std::slice::from_ref(&read)), level);
        assert_eq!(heard.len(), if level.is_none() { 4 } else { 1 }, "{heard:?}");
        assert!(heard[0].contains("EXT") && left == 0, "{heard:?} {left}");
        assert_eq!(report.verdict(), Word::Violated);
    }
}

/// Whatever bytes come, a stream's reader ends with a verdict or an error.
#[test]
fn no_bytes_make_the_reader_of_streams_panic() {
    let seed = Random::seed_from_environment();
    let (mut read, mut refused) = (0, 0);
    for case in 0..cases(10_000) {
        let random = &mut Random::new(seed).fork(case);
        let mut bytes = SMALL.as_bytes().to_vec();
        for _ in 0..random.between(1, 3) {
            let at = random.below(bytes.len() as u64 + 1) as usize;
            match random.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, random.bits() as u8),
                2 => bytes.insert(at, random.pick(b"{}[]\":,\\\n 019-").copied().unwrap_or(b' ')),
                _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
                _ => {}
            }
        }
        let asked =
            crate::online::Asked { by_model: false, level: None, limits: Limits::default() };
        match crate::online::judge(&bytes[..], asked) {
            Ok(report) => read += usize::from(!report.to_string().is_empty()),
            Err(error) => refused += usize::from(!error.expected.is_empty()),
        }
    }
    println!("{read} read, {refused} refused");
    assert!(read > 500 && refused > 500, "{read} {refused}");
}
