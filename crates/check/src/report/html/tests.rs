//! Pages of histories of every kind, looked at as a browser and a reader would.

use super::{Shown, page, picture};
use crate::picture::{inspect, planted};
use crate::transaction::{Builder, Level};
use crate::{Input, Limits, Report, Word};
use avouch_promise::Random;

const HOSTILE: &str = "<script>alert('x')</script>\"&\u{202e}";

fn judged(input: &Input) -> Report {
    input.judge(None, &Limits::default()).unwrap_or_else(|error| panic!("{error}"))
}

fn html(name: &str, input: &Input, report: &Report) -> String {
    page(&[Shown::Judged { name, input, report, objects: None }])
}

/// Transactions on registers whose keys have this name, some of them wrong.
fn registers(key: &str, random: &mut Random) -> Input {
    let mut history = Builder::default();
    let mut written = vec![Vec::new(); 3];
    for value in 1..30 {
        history.begin(random.below(4));
        for _ in 0..=random.below(3) {
            let number = random.below(3) as usize;
            let name = format!("{key}{number}");
            let old = random.below(1 + written[number].len() as u64) as usize;
            match written[number].get(old) {
                Some(old) => history.read(&name, *old),
                None => history.read_initial(&name),
            };
        }
        let number = random.below(3) as usize;
        history.write(format!("{key}{number}"), value);
        written[number].push(value);
    }
    Input::Transactions(history.build())
}

/// Appends of `count` transactions, one after another; from `wrong` on one of them misses what was
/// there.
fn appends(key: &str, count: usize, wrong: Option<usize>) -> Input {
    let mut history = crate::append::Builder::default();
    let mut list = Vec::new();
    for number in 0..count {
        let value = i64::from(number as u32);
        let process = value % 7;
        let own = format!("{key}{}", number / 50);
        if number % 50 == 0 {
            list.clear();
        }
        list.push(value);
        let missed = wrong == Some(number);
        let seen = if missed { &list[..list.len() - 1] } else { &list[..] };
        history.append(&own, value).invoke(process).append(&own, value).ok(process);
        history.read(&own, &[]).invoke(process + 7).read(&own, seen).ok(process + 7);
    }
    Input::Appends(Box::new(history.build()))
}

/// Operations of which several overlap, and the last reads what is long gone.
fn operations(key: &str) -> Input {
    let key = serde_json::Value::from(key).to_string();
    let mut text = "{\"avouch_history\":1,\"about\":\"drawn\"}\n".to_owned();
    let mut add = |line: String| text += &(line + "\n");
    for value in 0..5 {
        add(format!(
            "{{\"type\":\"invoke\",\"process\":{value},\"op\":{value},\"time\":{value},\"do\":\
             {{\"kind\":\"put\",\"key\":{key},\"value\":\"{value}\"}},\"guarantee\":\"linearizable\"}}"
        ));
    }
    for value in 0..4 {
        let time = value + 10;
        add(format!(
            "{{\"type\":\"ok\",\"process\":{value},\"op\":{value},\"time\":{time},\"got\":{{\"kind\":\"done\"}}}}"
        ));
    }
    for (op, answer) in [(20, "\"3\""), (21, "null")] {
        let (time, after) = (op * 2, op * 2 + 1);
        add(format!(
            "{{\"type\":\"invoke\",\"process\":{op},\"op\":{op},\"time\":{time},\"do\":\
             {{\"kind\":\"get\",\"key\":{key}}},\"guarantee\":\"linearizable\"}}"
        ));
        add(format!(
            "{{\"type\":\"ok\",\"process\":{op},\"op\":{op},\"time\":{after},\"got\":\
             {{\"kind\":\"value\",\"value\":{answer}}}}}"
        ));
    }
    Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn all(key: &str) -> Vec<(Input, Report)> {
    let mut random = Random::new(Random::seed_from_environment());
    let mut all = vec![appends(key, 40, Some(30)), appends(key, 40, None), operations(key)];
    all.extend((0..12).map(|_| registers(key, &mut random)));
    all.into_iter()
        .map(|input| (judged(&input), input))
        .map(|(report, input)| (input, report))
        .collect()
}

#[test]
fn no_text_covers_another_or_leaves_its_picture() {
    let mut seen = 0;
    for key in ["k", "a key with a name that is rather long ", HOSTILE] {
        for (input, report) in all(key) {
            for page in [
                html("drawn.edn", &input, &report),
                picture(&[Shown::Judged {
                    name: key,
                    input: &input,
                    report: &report,
                    objects: None,
                }]),
            ] {
                // A group that is moved is looked at by itself.
                for part in page.split("<g transform=").map(|part| part.replace("<svg ", "\n<svg "))
                {
                    let (faults, texts) = inspect::faults(&part);
                    assert!(faults.is_empty(), "{faults:?}\n{report}");
                    seen += texts;
                }
            }
        }
    }
    assert!(seen > 1_000, "{seen} texts");
}

/// The tags of a page that are none of ours, and attributes that could run something.
fn foreign(page: &str) -> Vec<String> {
    const OURS: [&str; 41] = [
        "!doctype",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "p",
        "h1",
        "h2",
        "section",
        "table",
        "tbody",
        "tr",
        "td",
        "th",
        "span",
        "ul",
        "ol",
        "li",
        "figure",
        "figcaption",
        "svg",
        "g",
        "rect",
        "path",
        "line",
        "circle",
        "text",
        "tspan",
        "a",
        "code",
        "nav",
        "div",
        "dl",
        "dt",
        "dd",
        "thead",
        "b",
    ];
    let mut found = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or((tag, ""));
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
        let runs = [" on", "javascript:", "src=", "http://", "https://", "url(", "@import"];
        let plain = tag.replace("http://www.w3.org/2000/svg", "");
        if !OURS.contains(&name) || runs.iter().any(|sign| plain.contains(sign)) {
            found.push(tag.to_owned());
        }
    }
    found
}

#[test]
fn nothing_of_a_history_is_markup_and_nothing_comes_from_elsewhere() {
    let drawn = || {
        let mut pages = Vec::new();
        for (input, report) in all(HOSTILE) {
            pages.push(html(HOSTILE, &input, &report));
            pages.push(picture(&[Shown::Judged {
                name: HOSTILE,
                input: &input,
                report: &report,
                objects: None,
            }]));
        }
        let error = Input::parse(HOSTILE.as_bytes()).expect_err("no history");
        pages.push(page(&[Shown::Unread { name: HOSTILE, error: &error }]));
        pages
    };
    for page in drawn() {
        assert_eq!(foreign(&page), Vec::<String>::new());
        assert!(!page.contains('\u{202e}') && !page.contains("<script"));
        assert!(page.contains("&lt;script&gt;"), "the name is shown");
    }
    planted::RAW.set(true);
    let raw = drawn();
    planted::RAW.set(false);
    assert!(
        raw.iter().all(|page| !foreign(page).is_empty()),
        "a page that does not escape is seen"
    );
}

/// The places that links lead to and that are not there.
fn lost(page: &str) -> Vec<&str> {
    let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
    links.filter(|link| !page.contains(&format!("id=\"{link}\""))).collect()
}

#[test]
fn of_a_large_history_what_is_around_the_first_error_is_shown() {
    let wrong = 30_030;
    let input = appends("k", 60_000, Some(wrong));
    let report = judged(&input);
    assert_eq!(report.verdict(), Word::Violated);
    let page = html("large.edn", &input, &report);
    assert!(page.len() < 300_000, "{} bytes", page.len());
    let told = "160 of 120000 transactions, those around the first error; the others are left out";
    let caption = inspect::between(&page, "<h2>The history over time</h2>", "</figcaption>");
    assert!(page.contains(told), "{caption:?}");
    let first =
        inspect::between(&page, "class=\"jump\" href=\"#", "\"").expect("a way to the error");
    assert!(page.contains(&format!("<tr id=\"{first}\" class=\"witness\">")), "{first}");
    assert_eq!(lost(&page), Vec::<&str>::new());
    let missed = 2 * wrong + 1;
    assert!(page.contains(&format!("<tr id=\"h0c{missed}\" class=\"witness\">")));
    // One without an error shows its beginning.
    let input = appends("k", 200, None);
    let page = html("fine.edn", &input, &judged(&input));
    assert!(page.contains("The first 160 of 400 transactions") && !page.contains("class=\"jump\""));
}

#[test]
fn the_map_and_the_cycle_say_what_the_report_says() {
    let input = appends("k", 40, Some(30));
    let report = judged(&input);
    let page = html("lit.edn", &input, &report);
    let map = inspect::between(&page, "aria-label=\"What holds\">", "</svg>").expect("a map");
    assert_eq!(
        map.matches("✗ violated").count(),
        report.models.iter().filter(|one| one.word == Some(Word::Violated)).count()
    );
    assert_eq!(
        map.matches("✓ holds").count(),
        report.models.iter().filter(|one| one.word == Some(Word::Holds)).count()
    );
    assert_eq!(map.matches("<rect").count(), 2 * Level::ALL.len());
    let mut edges = 0;
    for (_, story) in super::witnesses(&report) {
        for edge in &story.cycle {
            assert!(page.contains(&format!(">{}</text>", edge.kind)), "{edge:?}");
            edges += 1;
        }
        let ends = story.cycle.iter().map(|edge| edge.to);
        let begins = story.cycle.iter().cycle().skip(1).map(|edge| edge.from);
        assert!(ends.zip(begins).all(|(end, begin)| end == begin), "{story:?}");
    }
    assert!(edges >= 2, "{report}");
}

/// Workloads and models of one object have a map, their witness drawn and their time, as all have.
#[test]
fn a_page_of_a_workload_has_a_map_a_witness_and_a_timeline() {
    let bank = "{:type :invoke, :f :read, :process 0}\n\
                {:type :ok, :f :read, :value {0 10, 1 0}, :process 0}\n\
                {:type :invoke, :f :transfer, :value {:from 0, :to 1, :amount 3}, :process 1}\n\
                {:type :ok, :f :transfer, :value {:from 0, :to 1, :amount 3}, :process 1}\n\
                {:type :invoke, :f :read, :process 0}\n\
                {:type :ok, :f :read, :value {0 7, 1 0}, :process 0}\n";
    let lock = "{:type :invoke, :f :acquire, :process 0}\n{:type :ok, :f :acquire, :process 0}\n\
                {:type :invoke, :f :acquire, :process 1}\n{:type :ok, :f :acquire, :process 1}\n";
    let serializable = ["serializable", "snapshot-isolation", "bank"];
    for (text, violated, open) in
        [(bank, &serializable[..], None), (lock, &["linearizable"], Some("sequential"))]
    {
        let input = Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let report = judged(&input);
        assert_eq!(report.verdict(), Word::Violated, "{report}");
        let word = |name: &str| {
            let found = report.models.iter().find(|model| model.name == name);
            found.unwrap_or_else(|| panic!("no {name}: {:?}", report.models)).word
        };
        assert!(violated.iter().all(|name| word(name) == Some(Word::Violated)));
        assert!(open.is_none_or(|name| word(name).is_none()), "nothing follows for it");
        let page = html("workload.edn", &input, &report);
        let map = inspect::between(&page, "aria-label=\"What holds\">", "</svg>").expect("a map");
        let is = |model: &&crate::report::Model| model.word == Some(Word::Violated);
        assert_eq!(map.matches("✗ violated").count(), report.models.iter().filter(is).count());
        let witness = inspect::between(&page, "<h2>The witness: ", "</figure>").expect("drawn");
        assert!(witness.contains("<rect"), "{witness}");
        let over_time = inspect::between(&page, "<h2>The history over time", "</figure>");
        assert!(over_time.is_some_and(|drawn| drawn.contains("var(--refuted)")));
        assert_eq!(lost(&page), Vec::<&str>::new());
        let (faults, _) = inspect::faults(&page.replace("<svg ", "\n<svg "));
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn a_page_says_what_holds_of_each_object_and_not_of_the_whole() {
    // Each of two keys is written and read in order; across them the orders contradict.
    let mut history = Builder::default();
    history.begin(1).read_initial("y").write("x", 1);
    history.begin(2).read_initial("x").write("y", 1);
    history.begin(1).read("x", 1);
    let input = Input::Transactions(history.build());
    let (level, limits) = (Some(Level::Serializable), Limits::default());
    let report = input.judge(level, &limits).expect("a report");
    let composition = crate::composition::compose(&input, &report, level, &limits);
    let composition = composition.expect("objects");
    let name = "objects.txt";
    let shown =
        [Shown::Judged { name, input: &input, report: &report, objects: Some(&composition) }];
    let page = page(&shown);
    let section = inspect::between(&page, "<h2>Each object alone</h2>", "</section>");
    let section = section.unwrap_or_else(|| panic!("no section: {composition}"));
    assert!(section.contains("2 objects, and some of what was done is on several"), "{section}");
    assert!(section.contains("it holds of each and not of the whole"), "{section}\n{report}");
    assert_eq!(foreign(&page), Vec::<String>::new());
}
