//! `check` keeps its bounds whatever it is at, and says how far it came.

use crate::place::Place;
use std::fmt::Write as _;

/// Far more than any machine reads within the bound and half as long again.
const EVENTS: u64 = 500_000;

/// One family of histories: its name and what one operation of it is asked and answered.
type Family = (&'static str, &'static str, fn(u64) -> (String, String));

const FAMILIES: [Family; 6] = [
    ("bank", "read", |_| ("nil".into(), "{0 50, 1 50}".into())),
    ("unique-ids", "generate", |at| ("nil".into(), at.to_string())),
    ("kafka", "send", |at| (format!("[[:send 1 {at}]]"), format!("[[:send 1 [{at} {at}]]]"))),
    ("list-append", "txn", |at| (format!("[[:append {at} 1]]"), format!("[[:append {at} 1]]"))),
    ("rw-register", "txn", |at| (format!("[[:w {at} 1]]"), format!("[[:w {at} 1]]"))),
    ("maps", "write", |at| (at.to_string(), at.to_string())),
];

fn history((_, function, operation): Family) -> String {
    let mut text = String::new();
    for at in 0..EVENTS / 2 {
        let (asked, answered) = operation(at);
        for (kind, value) in [("invoke", asked), ("ok", answered)] {
            let _ = writeln!(
                text,
                "{{:type :{kind}, :f :{function}, :value {value}, :process 0, :index {at}}}"
            );
        }
    }
    text
}

#[test]
fn no_family_goes_on_after_its_time() {
    let place = Place::new("bounded-time");
    for family in FAMILIES {
        std::fs::write(place.path("large.edn"), history(family)).unwrap();
        let told = place.avouch(&["check", "large.edn", "--time", "1ms"]);
        let name = family.0;
        assert_eq!(told.code, 2, "{name}: {told:?}");
        assert!(told.out.contains("the time bound of 1ms was reached"), "{name}: {told:?}");
        assert!(told.out.contains("not read to its end"), "{name}: {told:?}");
        assert!(told.out.contains("    reading"), "{name} says what it was at: {told:?}");
    }
}

#[test]
fn a_history_larger_than_the_bound_on_memory_is_unknown() {
    let place = Place::new("bounded-memory");
    std::fs::write(place.path("large.edn"), history(FAMILIES[0])).unwrap();
    let told = place.avouch(&["check", "large.edn", "--memory", "1MiB"]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.out.contains("the memory bound of 1 MiB was reached"), "{told:?}");
    assert!(told.out.contains("nothing was read of a history of "), "{told:?}");
    // What is no history stays an error, whatever the bound.
    std::fs::write(place.path("other"), "what is this?").unwrap();
    assert_eq!(place.avouch(&["check", "other", "--time", "1s"]).code, 6);
    // A page shows the verdict, too.
    let page = place.avouch(&["check", "large.edn", "--memory", "1MiB", "--format", "html"]);
    assert!(page.code == 2 && page.out.contains("memory bound of 1 MiB"), "{page:?}");
}
