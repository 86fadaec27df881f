//! The shipped node under every fault, seed by seed: no violation, equal hashes on a second run,
//! and every kind of trouble met often enough.

mod accidents;
mod beyond;
mod families;
mod power;

use avouch_store::campaign::Plan;

#[test]
fn five_nodes_under_every_fault() {
    let report = Plan::default().campaign("five_nodes_under_every_fault", 1_000);
    println!("{report}");
    assert!(report.verdict().is_ok(), "{report}");
}

#[test]
fn nodes_that_crash_and_part_all_the_time() {
    for nodes in [3, 5] {
        let plan = Plan { nodes, ..Plan::rough() };
        let report = plan.rough_campaign("nodes_that_crash_and_part_all_the_time", 200);
        println!("{report}");
        assert!(report.verdict().is_ok(), "{report}");
    }
}
