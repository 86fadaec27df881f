//! Scenarios are read and written alike, and what is wrong with one is shown where it stands.

use super::words::{WORDS, speak, undo};
use super::{Scenario, source::Source};
use avouch_machine::Seq;
use avouch_promise::{Nanos, NodeId};
use avouch_world::{Adversary, Course, Delay, Fault, Path, Synchrony};

const HEAD: &str = "name = \"x\"\nsummary = \"y\"\nduration = \"8s\"\n";

fn parse(text: &str) -> Scenario {
    Scenario::parse("x.toml", &format!("{HEAD}{text}")).unwrap_or_else(|error| panic!("{error}"))
}

/// A fault of every word, each member with an unusual value.
fn every_fault() -> Vec<Fault> {
    let (node, nodes) = (NodeId(2), vec![NodeId(1), NodeId(3)]);
    let (from, to) = (nodes.clone(), vec![node]);
    let sides = vec![nodes.clone(), to.clone()];
    let path = Path { from: None, to: Some(node) };
    let ms = Nanos::from_millis;
    let delays = [
        Delay::Constant(Nanos(7_000_001)),
        Delay::Uniform { low: ms(1), high: ms(4) },
        Delay::log_normal(ms(3), Nanos(8_123_457)),
        Delay::Pareto { minimum: ms(5), alpha: 1.37 },
        Delay::normal(ms(50), Nanos(5_000_003), ms(41)),
        Delay::Adversarial { minimum: ms(4) },
    ];
    let mut faults = vec![
        Fault::Crash { node },
        Fault::LostWrites { node },
        Fault::TornWrite { node },
        Fault::Outage { nodes },
        Fault::Restart { node },
        Fault::Pause { node, duration: Nanos(123_456_789) },
        Fault::Partition { sides: sides.clone() },
        Fault::Rejoin { sides },
        Fault::OneWay { from: from.clone(), to: to.clone() },
        Fault::BothWays { from, to },
        Fault::Isolate { node },
        Fault::Heal,
        Fault::Loss { path, probability: 0.123_456_789 },
        Fault::Duplicate { path: Path::ALL, probability: 0.1 },
        Fault::Reorder { path, probability: 1e-7, by: ms(12) },
        Fault::Slow { path, delay: None },
        Fault::ClockOffset { node, error_ns: -1_500_000 },
        Fault::ClockDrift { node, rate_ppb: -50_000 },
        Fault::ClockStep { node, by_ns: 3_600_000_000_000 },
        Fault::RotRecord { node, seq: Some(Seq(12)) },
        Fault::RotRecord { node, seq: None },
        Fault::RotCheckpoint { node },
        Fault::DiskSlow { node, factor: 40 },
        Fault::DiskFull { node, full: true },
        Fault::Calm,
        Fault::SlowNode { node, factor: 50 },
        Fault::StopTheWorld { node, every: ms(900), lasting: ms(300) },
        Fault::Throttle { node, quota: ms(5), period: ms(100) },
        Fault::DiskSaturated { node, utilisation: 1.25, service: ms(3) },
        Fault::SegmentLoss { path, probability: 0.3 },
        Fault::Blackouts { path, every: ms(700), lasting: ms(200) },
    ];
    faults.extend(more_faults(node, path));
    faults.extend(delays.map(|delay| Fault::Slow { path, delay: Some(delay) }));
    faults
}

/// What strikes for good, and what lies.
fn more_faults(node: NodeId, path: Path) -> Vec<Fault> {
    let ms = Nanos::from_millis;
    let nodes = || vec![NodeId(1), node];
    vec![
        Fault::CrashStop { node },
        Fault::FailStop { node },
        Fault::Amnesia { node },
        Fault::SubsetWrite { node },
        Fault::Corrupt { path, probability: 0.01 },
        Fault::Clog { path, duration: ms(300) },
        Fault::SwizzleClog { clogged: nodes(), unclogged: nodes(), step: ms(40) },
        Fault::LyingSync { node, lies: true },
        Fault::LyingCheckpoint { node, lies: true },
        Fault::MisdirectedWrite { node, seq: Some(Seq(7)) },
        Fault::MisdirectedWrite { node, seq: None },
        Fault::MisdirectedRead { node, probability: 0.2 },
        Fault::ReadError { node, probability: 0.5 },
        Fault::ClockWander { node, course: Some(Course::Linear { ppb: -5 }) },
        Fault::ClockWander { node, course: None },
        Fault::ClockFreeze { node, frozen: true },
        Fault::ClockHoldover { node, growth_ppb: 200_000 },
        Fault::ClockLost { node, lost: true },
        Fault::LeapSecond { nodes: nodes(), over: Nanos::ZERO },
        Fault::Byzantine { node, probability: 1.0 },
    ]
}

#[test]
fn every_fault_is_said_in_words_and_read_back_as_the_same() {
    let mut scenario = parse("");
    scenario.faults = (1..).map(|at| Nanos(at * 1_000_003)).zip(every_fault()).collect();
    let said: std::collections::BTreeSet<_> =
        scenario.faults.iter().map(|(_, fault)| speak(fault).0).collect();
    let missing: Vec<_> = WORDS.iter().filter(|word| !said.contains(word.word)).collect();
    assert!(missing.is_empty(), "this test has no fault of {missing:?}");
    let text = scenario.to_string();
    let back = Scenario::parse("x.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(back, scenario, "{text}");
}

/// The document knows every word and its members, and its example is a scenario.
#[test]
fn the_document_has_every_word_and_a_sound_example() {
    let document = include_str!("../../../../../docs/scenario-format.md");
    for word in WORDS {
        let members: Vec<_> = word.members.iter().map(|member| format!("`{member}`")).collect();
        let members = if members.is_empty() { "-".to_owned() } else { members.join(", ") };
        let ends = if word.ends { "yes" } else { "" };
        let row = format!("| `{}` | {members} | {ends} |", word.word);
        assert!(document.contains(&row), "{row}");
    }
    let (_, rest) = document.split_once("```toml\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let scenario = Scenario::parse("example", example).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(scenario.faults.len(), 2);
}

#[test]
fn a_fault_that_lasts_is_undone_by_another() {
    let scenario = parse(
        "[[fault]]\nat = \"1s\"\ndo = \"partition\"\nsides = [[\"n1\"], [\"n2\", \"eu-west-1\"]]\nfor = \"2s\"\n",
    );
    let sides = vec![vec![NodeId(1)], vec![NodeId(2), NodeId(3)]];
    let faults: Vec<_> = scenario.faults.iter().cloned().collect();
    assert_eq!(
        faults,
        [
            (Nanos::from_secs(1), Fault::Partition { sides: sides.clone() }),
            (Nanos::from_secs(3), Fault::Rejoin { sides }),
        ]
    );
    for fault in every_fault() {
        let word = speak(&fault).0;
        let ends = WORDS.iter().find(|known| known.word == word).is_some_and(|known| known.ends);
        assert_eq!(undo(&fault).is_some(), ends, "{word}");
    }
}

#[test]
fn everything_else_is_written_as_it_is_read() {
    let scenario = parse(
        "seed = 9\ncalm = \"2500ms\"\n[cluster]\nnodes = 3\nlink = \"log-normal 3ms 8ms\"\n\
         election = \"60ms\"\nsync = \"uniform 1ms 40ms\"\nclock-bound = \"5ms\"\n\
         checkpoint-entries = 60\nplant = \"read-without-quorum\"\n\
         [[clients]]\ncount = 3\nat = \"n2\"\nrate = 12.5\nkeys = 3\nvalue-bytes = 100\n\
         evidence = 1\npatience = \"700ms\"\noperations = { get = 1, cas = 0.5 }\n\
         guarantees = { eventual = 2 }\n\
         [rates]\ncrash = 0.4\nbit-rot = 0.1\nlasting = [\"5ms\", \"300ms\"]\ndown-at-most = 2\n\
         [expect]\nverdict = \"refuted\"\n[[expect.bound]]\nfrom = \"2s\"\nuntil = \"3s\"\n\
         guarantee = \"eventual\"\nanswered-at-least = 0.9\nanswered-at-most = 1\np99-at-most = \"80ms\"\n",
    );
    let text = scenario.to_string();
    let back = Scenario::parse("x.toml", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(back, scenario, "{text}");
    assert_eq!(scenario.script(9), back.script(9));
    assert!(scenario.script(9).len() > 4 && scenario.script(9) != scenario.script(8));
}

#[test]
fn each_promise_of_synchrony_is_written_as_it_is_read() {
    for (table, promise) in [
        ("", Synchrony::Asynchronous),
        (
            "[synchrony]\ndelta = \"25ms\"\n",
            Synchrony::UnknownBound {
                at_least: Nanos::from_millis(25),
                at_most: Nanos::from_millis(25),
            },
        ),
        (
            "[synchrony]\ndelta = \"1ms\"\ndelta-at-most = \"2s\"\n",
            Synchrony::UnknownBound {
                at_least: Nanos::from_millis(1),
                at_most: Nanos::from_secs(2),
            },
        ),
        (
            "[synchrony]\ndelta = \"25ms\"\ngst = \"3s\"\nloss = 0.5\nhold = 1\n",
            Synchrony::AfterGst {
                gst: Nanos::from_secs(3),
                delta: Nanos::from_millis(25),
                before: Adversary { loss: 0.5, hold: 1.0, ..Adversary::default() },
            },
        ),
    ] {
        let scenario = parse(table);
        assert_eq!(scenario.synchrony, promise);
        let text = scenario.to_string();
        let back = Scenario::parse("x.toml", &text).map_err(|error| error.to_string());
        assert_eq!(back, Ok(scenario), "{text}");
    }
    for (table, told) in [
        ("delta = \"0s\"", "a bound above zero"),
        ("gst = \"2s\"", "`delta`"),
        ("delta = \"1ms\"\ngst = \"2s\"\ndelta-at-most = \"2s\"", "or an unknown one"),
        ("delta = \"1ms\"\nhold = 0.5", "an adversary"),
        ("delta = \"1s\"\ndelta-at-most = \"2ms\"", "at least `delta`"),
        ("delat = \"1s\"\ndelta = \"1s\"", "a member of a promise of synchrony"),
    ] {
        let shown = shown(&format!("{HEAD}[synchrony]\n{table}\n"));
        assert!(shown.contains(told), "{shown}");
    }
}

/// What the user sees of a bad file.
fn shown(text: &str) -> String {
    let error = Scenario::parse("bad.toml", text).expect_err("it is bad");
    let told = avouch_promise::Error { hint: String::new(), ..error.clone() };
    format!("error: {told}\nhint: {}\n", error.hint)
}

macro_rules! bad {
    ($($test:ident: $text:expr => $shown:literal;)+) => {
        $(
            #[test]
            fn $test() {
                assert_eq!(shown(&$text), $shown);
            }
        )+
    };
}

bad! {
    a_mistyped_fault: format!("{HEAD}\n[[fault]]\nat = \"2s\"\ndo = \"partitoin\"\n") =>
"error: bad request: expected the word of a fault at bad.toml:7:6, got `partitoin`
  |
7 | do = \"partitoin\"
  |      ^^^^^^^^^^^
hint: did you mean partition?
";
    a_node_that_is_not_there: format!("{HEAD}[cluster]\nnodes = 3\n[[fault]]\nat = \"2s\"\ndo = \"crash\"\nnode = \"n9\"\n") =>
"error: bad request: expected one of the 3 nodes at bad.toml:9:8, got `n9`
  |
9 | node = \"n9\"
  |        ^^^^
hint: they are n1 to n3
";
    an_unknown_member: format!("{HEAD}[cluster]\nregoins = [\"us-east-1\"]\n") =>
"error: bad request: expected a member of a cluster at bad.toml:5:1, got `regoins`
  |
5 | regoins = [\"us-east-1\"]
  | ^^^^^^^
hint: did you mean regions?
";
    a_member_left_out: format!("{HEAD}[[fault]]\nat = \"2s\"\ndo = \"pause\"\nnode = \"n1\"\n") =>
"error: bad request: expected `duration`, a span of time at bad.toml:4:1, got a fault without `duration`
  |
4 | [[fault]]
  | ^^^^^^^^^
hint: write duration = \"250ms\"
";
    a_span_without_a_unit: "name = \"x\"\nsummary = \"y\"\nduration = 8\n" =>
"error: bad request: expected a span of time at bad.toml:3:12, got the number 8
  |
3 | duration = 8
  |            ^
hint: write \"250ms\"
";
    a_mistyped_region: format!("{HEAD}[cluster]\nregions = [\"us-east-1\", \"eu-wset-1\"]\n") =>
"error: bad request: expected the name of an AWS region at bad.toml:5:25, got `eu-wset-1`
  |
5 | regions = [\"us-east-1\", \"eu-wset-1\"]
  |                         ^^^^^^^^^^^
hint: did you mean eu-west-1?
";
    a_guarantee_that_is_not_served: format!("{HEAD}[[clients]]\nguarantees = {{ serializable = 1 }}\n") =>
"error: bad request: expected a guarantee that nodes answer in this version at bad.toml:5:16, got `serializable`
  |
5 | guarantees = { serializable = 1 }
  |                ^^^^^^^^^^^^
hint: did you mean linearizable?
";
    what_is_no_toml: format!("{HEAD}[cluster\nnodes = 3\n") =>
"error: bad request: expected TOML at bad.toml:4:9, got unclosed table, expected `]`
  |
4 | [cluster
  |         ^
hint: see docs/scenario-format.md
";
    a_fault_that_cannot_last: format!("{HEAD}[[fault]]\nat = \"2s\"\ndo = \"clock-step\"\nnode = \"n1\"\nby = \"1h\"\nfor = \"1s\"\n") =>
"error: bad request: expected a fault that ends by another at bad.toml:9:7, got `for` with clock-step
  |
9 | for = \"1s\"
  |       ^^^^
hint: add a [[fault]] of its own that ends it
";
}

#[test]
fn a_stretch_beyond_the_text_or_inside_a_character_is_shown_all_the_same() {
    let source = Source { name: "x", text: "ab = \"zwölf\"" };
    for span in [0..0, 8..9, 9..10, 400..900, 13..14] {
        let problem = super::source::Problem::new(span, "something", "else");
        assert!(source.error(&problem).got.contains("zwölf"));
    }
}

#[test]
fn an_integer_is_read_in_the_radix_in_which_it_is_written() {
    let scenario = parse("seed = 0b1_000\n[[clients]]\nkeys = 0x10\nrate = 0o17\n");
    let crowd = &scenario.clients[0];
    assert_eq!((scenario.seed, crowd.keys), (Some(8), 16));
    assert!((crowd.rate - 15.0).abs() < 1e-9, "{}", crowd.rate);
}

#[test]
fn what_a_run_cannot_do_is_refused_where_it_stands() {
    for (text, marked) in [
        ("[[fault]]\nat = \"80s\"\ndo = \"heal\"\n", "5 | at = \"80s\"\n  |      ^^^^^ (hint"),
        ("[[clients]]\nrate = 1e9\n", "^^^"),
        ("[[clients]]\nkeys = 10_000_000\n", "^^^"),
    ] {
        let error = Scenario::parse("x.toml", &format!("{HEAD}{text}")).unwrap_err().to_string();
        assert!(error.contains(marked), "{text}: {error}");
    }
    // What ends a fault may come when the others are over.
    let last =
        "[[fault]]\nat = \"8s\"\ndo = \"partition\"\nsides = [[\"n1\"], [\"n2\"]]\nfor = \"2s\"\n";
    assert_eq!(parse(last).faults.len(), 2);
}
