//! A report is looked at again, from its JSON and the history alone.

use crate::place::Place;

const SKEW: &str = "\
    {:process 0, :type :invoke, :f :txn, :value [[:append :x 1] [:append :y 1]]}\n\
    {:process 1, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]]}\n\
    {:process 0, :type :ok, :f :txn, :value [[:append :x 1] [:append :y 1]]}\n\
    {:process 1, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y []]]}\n\
    {:process 2, :type :invoke, :f :txn, :value [[:r :x nil] [:r :y nil]]}\n\
    {:process 2, :type :ok, :f :txn, :value [[:r :x [1]] [:r :y [1]]]}\n";

#[test]
fn a_report_is_confirmed_or_refused_by_the_history_alone() {
    let place = Place::new("rechecked");
    std::fs::write(place.path("skew.edn"), SKEW).unwrap();
    let judged = ["check", "skew.edn", "--level", "serializable", "--format", "json"];
    let judged = place.avouch(&judged);
    assert_eq!(judged.code, 1, "{judged:?}");
    std::fs::write(place.path("report.json"), &judged.out).unwrap();

    // The report is right: what it calls violated is confirmed.
    let told = place.avouch(&["check", "skew.edn", "--recheck", "report.json"]).well();
    assert!(told.contains("confirmed T0 -wr-> T1: key :x, written 1"), "{told}");
    assert!(told.contains("confirmed a cycle that serializable forbids"), "{told}");
    let told = place.avouch(&["check", "skew.edn", "--recheck", "report.json", "--format", "json"]);
    let told = told.json();
    assert_eq!(told[0]["recheck"]["verdict"], "holds", "{told}");
    let claims = &told[0]["recheck"]["guarantees"][0]["claims"];
    assert_eq!(claims[0]["said"], "confirmed", "{told}");

    // Another history does not say so.
    std::fs::write(place.path("well.edn"), SKEW.replace("[:r :y []]", "[:r :y [1]]")).unwrap();
    let told = place.avouch(&["check", "well.edn", "--recheck", "report.json"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.out.contains("T1 reads no list of :y of 0 up to nothing"), "{told:?}");

    // One that is not looked at again is unknown, and a file that is no report the caller's error.
    std::fs::write(place.path("register.log"), "INFO  jepsen.util - 0 :invoke :write 1\n").unwrap();
    let told = place.avouch(&["check", "register.log", "--recheck", "report.json"]);
    assert_eq!(told.code, 2, "{told:?}");
    let told = place.avouch(&["check", "skew.edn", "--recheck", "skew.edn"]);
    assert!(told.code == 3 && told.err.contains("skew.edn: a report, as"), "{told:?}");
    let told = place.avouch(&["check", "skew.edn", "--recheck", "absent.json"]);
    assert!(told.code == 3 && told.err.contains("a readable report"), "{told:?}");
    let told = place.avouch(&["check", "skew.edn", "well.edn", "--recheck", "report.json"]);
    assert!(told.code == 3 && told.err.contains("a report on well.edn"), "{told:?}");
}
