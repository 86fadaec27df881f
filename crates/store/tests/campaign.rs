//! The shipped node under every fault, seed by seed.

use avouch_store::campaign::Plan;

#[test]
fn five_nodes_under_every_fault() {
    let report = Plan::default().campaign("five_nodes_under_every_fault", 20);
    println!("{report}");
    assert!(report.verdict().is_ok());
}
