//! A node that the leader does not reach learns what is decided from a neighbour that it does
//! reach, so that it is not far behind when it has to lead, and its readers see the news.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod stage;

use avouch_agreement::explore::configs;
use avouch_agreement::log::{Config, Message, Timer};
use avouch_machine::Event;
use avouch_promise::NodeId;
use stage::Stage;

const LEADER: NodeId = NodeId(1);
const MIDDLE: NodeId = NodeId(2);
const END: NodeId = NodeId(3);

#[test]
fn decided_entries_travel_past_a_cut_link() {
    let heart = |config: Config| Config { heartbeats: true, ..config };
    let mut stage = Stage::new(configs(3, None).into_iter().map(heart).collect());
    for _ in 0..4 {
        for node in [LEADER, MIDDLE, END] {
            stage.step(node, Event::Timer(Timer::Election));
            stage.deliver(&[LEADER, MIDDLE, END]);
        }
    }
    let leader = *[LEADER, MIDDLE, END].iter().find(|node| stage.leads(**node)).unwrap();
    let [near, far] =
        [LEADER, MIDDLE, END].into_iter().filter(|n| *n != leader).collect::<Vec<_>>()[..]
    else {
        panic!("three nodes")
    };
    for number in 0..9 {
        stage.propose(leader, &[number]);
        stage.deliver(&[leader, near]);
    }
    let furthest = stage.decided(leader);
    assert!(stage.decided(far) < furthest, "it was told nothing");
    for _ in 0..3 {
        for (node, other) in [(leader, near), (near, far), (far, near)] {
            stage.step(node, Event::Timer(Timer::Election));
            stage.deliver(&[node, other]);
        }
        stage.under_way.retain(|(from, to, _)| [*from, *to] != [leader, far]);
        stage.under_way.retain(|(from, to, _)| [*from, *to] != [far, leader]);
    }
    assert!(stage.leads(leader), "nobody took over");
    assert_eq!(stage.decided(far), stage.decided(leader));
}

#[test]
fn a_leader_that_learns_of_a_later_one_from_a_neighbour_follows_it() {
    let mut stage = Stage::new(configs(3, None));
    stage.campaign(LEADER);
    stage.deliver(&[LEADER, MIDDLE, END]);
    stage.propose(LEADER, b"before");
    stage.deliver(&[LEADER, MIDDLE, END]);
    stage.campaign(END);
    stage.deliver(&[MIDDLE, END]);
    stage.propose(END, b"after");
    stage.deliver(&[MIDDLE, END]);
    stage.under_way.clear();
    assert!(stage.leads(LEADER) && stage.leads(END), "the first one has heard nothing");
    let fetch = Message::Fetch { after: stage.decided(LEADER) };
    stage.step(MIDDLE, Event::Message { from: LEADER, message: fetch });
    stage.deliver(&[LEADER, MIDDLE]);
    assert_eq!(stage.end(LEADER), stage.end(END), "it took what is decided");
    assert!(!stage.leads(LEADER), "it must not acknowledge its own ballot with another's log");
    assert_eq!(stage.promised(LEADER), stage.promised(END));
    stage.propose(LEADER, b"to whom it follows");
    stage.deliver(&[LEADER, MIDDLE, END]);
    assert_eq!(stage.decided(LEADER), stage.end(END).index);
    assert!(!stage.contradiction);
}
