//! Every shipped scenario comes out as it says, the same seed twice is the same run, and a failing
//! one shrinks to something smaller that fails alike.

use super::campaign::campaign;
use super::report::Beside;
use super::run::{Look, guarded, run, stretch};
use super::scenario::Scenario;
use super::setup::setup;
use super::shipped::SHIPPED;
use super::shrink::shrink;
use avouch_promise::Nanos;
use avouch_promise::evidence::Verdict;

fn parse(name: &str) -> Scenario {
    let shipped = super::shipped::named(name).unwrap_or_else(|error| panic!("{error}"));
    Scenario::parse(name, shipped.text).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_shipped_scenario_comes_out_as_it_says() {
    assert!(SHIPPED.len() >= 12 && SHIPPED.is_sorted_by_key(|shipped| shipped.name));
    for shipped in SHIPPED {
        let scenario = parse(shipped.name);
        assert_eq!(
            (scenario.name.as_str(), scenario.summary.as_str()),
            (shipped.name, shipped.summary())
        );
        let first = scenario.seed.unwrap_or(1);
        let summary = campaign(&scenario, first..first + 2, None, 2, |_, _| true)
            .unwrap_or_else(|error| panic!("{}: {error}", shipped.name));
        let expected = scenario.expect.verdict;
        for seed in &summary.seeds {
            let fine =
                seed.verdict == expected || expected == Verdict::Refuted && seed.seed > first;
            assert!(
                fine,
                "{}: {} {:?}\nrepro: avouch lab run {} --seed {}",
                shipped.name, seed.verdict, seed.against, shipped.name, seed.seed
            );
            assert!(seed.calls.1 > 0, "{} answered nothing", shipped.name);
        }
    }
}

#[test]
fn the_same_seed_is_the_same_run_however_closely_it_is_looked_at() {
    for name in ["split-brain-attempt", "bad-week", "gray-leader"] {
        let scenario = parse(name);
        let go = |seed, look| run(&scenario, seed, look).unwrap_or_else(|error| panic!("{error}"));
        let (first, again) = (go(3, Look::Verdict), go(3, Look::Verdict));
        assert_eq!(first.hash, again.hash, "{name}");
        assert_eq!(first.findings.history.calls, again.findings.history.calls);
        let window = stretch(&first);
        let close = go(3, Look::Close(Some(window)));
        assert_eq!(first.hash, close.hash, "{name}: looking changed it");
        assert_eq!(first.measured, close.measured);
        assert!(close.passages.iter().all(|seen| window.0 <= seen.sent && seen.sent <= window.1));
        assert!(close.passages.len() > 100);
        assert_ne!(first.hash, go(4, Look::Verdict).hash);
    }
}

/// A campaign that stops at its first failure reports the same seeds on any number of threads.
#[test]
fn a_campaign_is_the_same_on_any_number_of_threads() {
    let scenario = parse("stale-leader-reads");
    let go = |stop_at, jobs| {
        campaign(&scenario, 1..7, stop_at, jobs, |_, _| true)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let (alone, beside) = (go(None, 1), go(None, 3));
    assert_eq!(alone.hash, beside.hash);
    assert_eq!(alone.seeds.len(), 6);
    let stopped = [1, 2, 3].map(|jobs| go(Some(1), jobs));
    let first = alone.first_refuted().map(|seed| seed.seed);
    assert!(first.is_some());
    for summary in &stopped {
        assert_eq!(summary.seeds.last().map(|seed| seed.seed), first);
        assert_eq!(summary.hash, stopped[0].hash);
    }
}

/// Whoever stops a campaign gets the first seeds, as they would have been.
#[test]
fn a_campaign_that_is_told_to_end_reports_the_first_seeds() {
    let scenario = parse("stale-leader-reads");
    let go = |enough| {
        campaign(&scenario, 1..200, None, 2, |done, _| done < enough)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let cut = go(3);
    let seeds: Vec<_> = cut.seeds.iter().map(|seed| seed.seed).collect();
    assert!((3..20).contains(&seeds.len()), "{seeds:?}");
    assert_eq!(seeds, (1..=seeds.len() as u64).collect::<Vec<_>>());
    let whole =
        campaign(&scenario, 1..4, None, 1, |_, _| true).unwrap_or_else(|error| panic!("{error}"));
    for (one, other) in cut.seeds.iter().zip(&whole.seeds) {
        assert_eq!((one.hash, one.verdict), (other.hash, other.verdict));
    }
}

#[test]
fn a_failing_run_shrinks_to_a_file_that_fails_alike() {
    let scenario = parse("stale-leader-reads");
    let seed = scenario.seed.unwrap_or(1);
    let go = |scenario: &Scenario| {
        run(scenario, seed, Look::Verdict).unwrap_or_else(|error| panic!("{error}"))
    };
    let ran = go(&scenario);
    let make = || shrink(&scenario, &ran, &mut |_, _| ()).unwrap_or_else(|error| panic!("{error}"));
    let (shrunk, again) = (make().expect("it failed"), make().expect("it failed"));
    assert_eq!(shrunk.scenario, again.scenario, "shrinking is determined");
    assert!(shrunk.scenario.faults.len() < ran.script.len());
    assert!(shrunk.scenario.duration < scenario.duration);
    let text = shrunk.scenario.to_string();
    let read = Scenario::parse("shrunk.toml", &text).unwrap_or_else(|error| panic!("{error}"));
    let small = go(&read);
    let judge = |ran: &super::run::Ran| ran.first_against().map(|judged| judged.judge);
    assert_eq!((small.verdict(), judge(&small)), (Verdict::Refuted, judge(&ran)));
    // Without the planted bug the same world is fine.
    let mut sound = scenario.clone();
    sound.cluster.plant = None;
    assert_eq!(go(&sound).verdict(), Verdict::Holds);
    // One fault less than the least and the bug does not show.
    let mut none = read.clone();
    none.faults = avouch_world::Script::new();
    assert_ne!(go(&none).verdict(), Verdict::Refuted);
}

#[test]
fn a_bound_that_is_missed_refutes_and_one_of_nobody_does_too() {
    let text = super::shipped::named("quorum-loss").unwrap_or_else(|error| panic!("{error}")).text;
    let harder = text.replace("answered-at-most = 0.0", "answered-at-least = 0.5");
    assert_ne!(harder, text);
    let scenario = Scenario::parse("harder", &harder).unwrap_or_else(|error| panic!("{error}"));
    let ran = run(&scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"));
    let against = ran.first_against().expect("it is missed");
    assert_eq!((against.judge, against.verdict), ("bounds", Verdict::Refuted), "{}", against.text);
    let shrunk = shrink(&scenario, &ran, &mut |_, _| ()).unwrap_or_else(|error| panic!("{error}"));
    let shrunk = shrunk.expect("it was refuted");
    // The bound ends at 3.5 s; whoever asked just before has 3 times 400 ms for an answer.
    assert_eq!(shrunk.scenario.expect.bounds.len(), 1, "the missed one");
    assert_eq!(shrunk.scenario.duration, Nanos::from_millis(4_700));
    assert!(shrunk.scenario.faults.len() < ran.script.len(), "what ends the crashes is behind it");
    let small = run(&shrunk.scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"));
    let again = small.first_against().expect("it is missed still");
    assert_eq!((again.judge, again.verdict), ("bounds", Verdict::Refuted), "{}", again.text);
}

/// A process that stops for an hour is not put right by anything: its node answers none of the
/// last reads, and nobody else may answer for it.
const STUCK: &str = r#"
name = "stuck"
summary = "a process hangs and nothing wakes it"
duration = "3s"
calm = "8s"
[cluster]
nodes = 3
link = "log-normal 1ms 2ms"
[[clients]]
count = 3
at = "everywhere"
rate = 10
keys = 4
[[fault]]
at = "400ms"
do = "duplicate"
links = "all"
probability = 0.1
[[fault]]
at = "500ms"
do = "pause"
node = "n3"
duration = "1h"
"#;

#[test]
fn a_stuck_node_is_refuted_as_unavailable_and_the_run_shrinks_in_time() {
    let go = |scenario: &Scenario| {
        run(scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"))
    };
    let scenario = Scenario::parse("stuck", STUCK).unwrap_or_else(|error| panic!("{error}"));
    let ran = go(&scenario);
    let against = ran.first_against().expect("a node is stuck");
    assert_eq!((against.judge, against.verdict), ("availability", Verdict::Refuted));
    assert_eq!(against.text, "4 calls begun in calm were never answered", "one for each key");
    let shrunk = shrink(&scenario, &ran, &mut |_, _| ()).unwrap_or_else(|error| panic!("{error}"));
    let shrunk = shrunk.expect("it was refuted").scenario;
    assert_eq!((shrunk.faults.len(), shrunk.calm), (1, scenario.calm), "calm is what is judged");
    assert!(shrunk.duration < Nanos::from_secs(1), "{}", shrunk.duration);
    assert_eq!(go(&shrunk).first_against().map(|judged| judged.judge), Some("availability"));
    let well = STUCK.replace("\"1h\"", "\"1s\"");
    let well = Scenario::parse("well", &well).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(go(&well).verdict(), Verdict::Holds);
}

/// The figures against figures counted again from the history, another way.
//= §1.4.2 utilisation, tail latencies, closed-timestamp age, conflict rates, follower lag test
#[test]
fn the_figures_are_those_of_the_history() {
    let mut scenario = parse("slow-fsync");
    scenario.clients[0].operations.insert(avouch_store::campaign::Deed::Swap, 5.0);
    let ran = run(&scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"));
    let calls = &ran.findings.history.calls;
    let all = ran.measured.all();
    assert_eq!(all.asked as usize, calls.len());
    let span = |call: &avouch_check::history::Call| {
        call.ended
            .and_then(|ended| ended.time)
            .map(|at| at.minus(call.began.time.unwrap_or_default()))
    };
    let slower = |bound: Nanos| calls.iter().filter_map(span).filter(|took| *took > bound).count();
    let [_, p95, p99, p999] = all.quantiles().map(|span| span.expect("there are answers"));
    for (bound, one_in) in [(p95, 20), (p99, 100), (p999, 1_000)] {
        let most = all.took.len() / one_in;
        assert!(slower(bound) <= most, "{} slower than {bound}, {most} may be", slower(bound));
        assert!(slower(Nanos(bound.0 - 1)) >= most.max(1));
    }
    // Two disks are kept busy for half the time, the third is not.
    let rho = |node: &str| ran.measured.utilisation[node][0];
    assert!(rho("n2") > 2.0 * rho("n3") && rho("n2") < 1.0, "{:?}", ran.measured.utilisation);
    let json = ran.measured.to_json();
    assert_eq!(json["closed_timestamp_age"], "not served");
    let (met, asked) = ran.measured.conflicts;
    assert!(0 < met && met < asked, "{met} of {asked}");
    let text = ran.measured.to_prometheus();
    for name in [
        "avouch_utilization_ratio{resource=\"disk\",node=\"n1\"}",
        "avouch_utilization_ratio{resource=\"uplink\",node=\"n1\"} 0\n",
        "avouch_utilization_ratio{resource=\"processor\",node=\"n1\"} 0\n",
        "avouch_request_seconds_bucket{guarantee=\"linearizable\",kind=\"read\",le=\"+Inf\"}",
        "avouch_conflicts_total{kind=\"compare-and-swap\"}",
        "avouch_follower_lag_seconds{node=\"n3\",quantile=\"0.99\"}",
        "avouch_follower_lag_entries{node=\"n3\",quantile=\"0.99\"}",
        "# TYPE avouch_closed_timestamp_age_seconds gauge",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
    assert!(!text.contains("\navouch_closed_timestamp_age_seconds "), "no made-up age");
    let lag = &ran.measured.lag["n2"];
    assert!(lag.is_sorted() && lag.last().is_some_and(|longest| *longest > Nanos::from_millis(10)));
}

#[test]
fn a_node_that_panics_ends_the_run_as_a_violation() {
    let mut world = setup(&parse("bad-week"), 1, false).map(|setup| setup.world).unwrap();
    guarded(&mut world, |_| ());
    assert_eq!(world.violation(), None);
    guarded(&mut world, |world| world.fail("the first"));
    guarded(&mut world, |_| panic!("the node said {}", 7));
    assert_eq!(world.violation(), Some("the first"));
    let mut world = setup(&parse("bad-week"), 1, false).map(|setup| setup.world).unwrap();
    guarded(&mut world, |_| panic!("the node said {}", 7));
    assert!(world.violation().is_some_and(|said| said.ends_with("the node said 7")));
}

/// What a file says of itself is text in its report, whatever it looks like; and every node that a
/// fault names has a ring, by whichever member.
#[test]
fn a_report_escapes_names_and_rings_every_node_that_a_fault_names() {
    let one_way = "[[fault]]\nat = \"600ms\"\ndo = \"one-way\"\nfrom = [\"n1\"]\nto = [\"n2\"]\n";
    let report = |text: &str| {
        let scenario = Scenario::parse("odd", text).unwrap_or_else(|error| panic!("{error}"));
        let ran = run(&scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"));
        let stretch = stretch(&ran);
        super::report::report(&scenario, &ran, &Beside { repro: "<b>&", shrunk: None, stretch })
    };
    let odd = STUCK
        .replace("name = \"stuck\"", "name = '<b>&\"name'")
        .replace("summary = \"a process", "summary = \"<b>&a process");
    let (plain, page) = (report(STUCK), report(&format!("{odd}{one_way}")));
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;&amp;a process"));
    assert_eq!(page.matches("&lt;b&gt;&amp;").count(), 4, "title, heading, summary, repro");
    let rings = |page: &str| page.matches("r=\"8.5\"").count();
    assert_eq!((rings(&plain), rings(&page)), (1, 3));
    // Of a partition's sides the smallest is what is cut off.
    let sides =
        "[[fault]]\nat = \"600ms\"\ndo = \"partition\"\nsides = [[\"n1\", \"n3\"], [\"n2\"]]\n";
    assert_eq!(rings(&report(&format!("{STUCK}{sides}"))), 2, "n3 and n2");
}

/// A tenth of the bandwidth makes an uplink busy for ten times as long, and dearer steps a
/// processor; both hold answers up.
#[test]
//= §1.4.2 utilisation, tail latencies, closed-timestamp age, conflict rates, follower lag test
fn narrow_links_and_dear_steps_are_busy_and_hold_answers_up() {
    let run_with = |cluster: &str| {
        let text = format!(
            "name = \"busy\"\nsummary = \"busy\"\nduration = \"6s\"\n[cluster]\nnodes = 3\n{cluster}\n"
        );
        let scenario = Scenario::parse("busy", &text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Scenario::parse("again", &scenario.to_string()), Ok(scenario.clone()));
        let ran = run(&scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ran.verdict(), Verdict::Holds, "{cluster}");
        let busiest =
            |at: usize| ran.measured.utilisation.values().map(|rho| rho[at]).fold(0.0, f64::max);
        let p99 = ran.measured.all().quantiles()[2].expect("there are answers");
        (busiest(1), busiest(2), p99)
    };
    let free = run_with("");
    assert_eq!((free.0, free.1), (0.0, 0.0));
    let wide = run_with("bandwidth = \"5Mbit\"");
    let narrow = run_with("bandwidth = \"500kbit\"");
    assert!(wide.0 > 0.01 && narrow.0 > 4.0 * wide.0 && narrow.0 < 1.0, "{wide:?} {narrow:?}");
    assert!(narrow.2 > wide.2 && wide.2 >= free.2, "{free:?} {wide:?} {narrow:?}");
    let dear = run_with("step = \"constant 1ms\"");
    assert!(dear.1 > 0.05 && dear.1 < 1.0 && dear.2 > free.2, "{free:?} {dear:?}");
}

/// Of a stretch in which nobody asked nothing is known: it neither holds nor is refuted.
#[test]
fn a_bound_within_which_nobody_asked_is_undecided() {
    let bound = "[[expect.bound]]\nfrom = \"500ms\"\nuntil = \"1s\"\nguarantee = \"GUARANTEE\"\nanswered-at-least = 0.5\n";
    let with = |guarantee: &str| {
        let text = format!("{STUCK}{}", bound.replace("GUARANTEE", guarantee)).replace("1h", "1s");
        let text = text.replace("keys = 4", "keys = 4\nguarantees = { linearizable = 1 }");
        let scenario = Scenario::parse("asked", &text).unwrap_or_else(|error| panic!("{error}"));
        run(&scenario, 1, Look::Verdict).unwrap_or_else(|error| panic!("{error}")).verdict()
    };
    assert_eq!(with("linearizable"), Verdict::Holds);
    assert_eq!(with("eventual"), Verdict::Unknown);
}
