//! What a link does to messages, with the planted bugs of its journey.

use super::*;
use crate::counters::{Count, Counters};
use crate::parts::Parts;
use avouch_promise::Random;

fn run(link: &mut Link, count: u64) -> (Counters, Vec<u64>) {
    let (mut random, mut counters) = (Random::new(5), Counters::default());
    let mut arrivals = Vec::new();
    for now in 0..count {
        let sent = link.send(now * 1_000, || 1_000, &mut random, &mut counters);
        arrivals.extend(sent.into_iter().flatten());
    }
    (counters, arrivals)
}

#[test]
fn loss_and_duplication_have_the_stated_share() {
    let mut link = Link::default();
    (link.loss, link.weather.loss, link.duplicate) = (0.1, 0.1, 0.05);
    let (counters, arrivals) = run(&mut link, 20_000);
    assert!(counters.of(Count::Lost).abs_diff(4_000) < 200);
    assert!(counters.of(Count::Duplicated).abs_diff(800) < 100);
    assert_eq!(
        arrivals.len() as u64,
        20_000 - counters.of(Count::Lost) + counters.of(Count::Duplicated)
    );
}

#[test]
fn only_an_ordered_link_keeps_the_order() {
    let (counters, arrivals) = run(&mut Link::default(), 500);
    assert!(!arrivals.is_sorted() && counters.of(Count::Reordered) > 100);
    let (counters, arrivals) = run(&mut Link::default().in_order(), 500);
    assert!(arrivals.is_sorted() && counters.of(Count::Reordered) == 0);
    let mut link = Link::default().in_order();
    (link.weather.reorder, link.weather.reorder_by) = (0.1, Nanos::from_millis(5));
    assert!(run(&mut link, 500).0.of(Count::Reordered) > 10);
}

#[test]
fn messages_queue_for_a_link_with_a_rate() {
    let mut link = Link::with(Delay::Constant(Nanos(5)));
    link.rate = Some(500_000_000);
    let (_, arrivals) = run(&mut link, 4);
    assert_eq!(arrivals, [2_005, 4_005, 6_005, 8_005]);
}

/// A link of 10 MB/s with three hops, measured: every part as worked out by hand.
#[test]
fn a_measured_link_keeps_the_parts_apart() {
    let us = Nanos::from_micros;
    let mut link = Link::with(Delay::Constant(us(700)));
    (link.rate, link.floor) = (Some(10_000_000), us(600));
    link.equipment = Equipment { hops: 3, switching: us(10), host: us(20) };
    link.measure();
    // A thousand bytes take 100 us a wire, on four wires; they come every microsecond.
    let (_, arrivals) = run(&mut link, 4);
    assert_eq!(arrivals, [1_170_000, 1_270_000, 1_370_000, 1_470_000]);
    let meter = link.meter().expect("measured");
    let last = Parts {
        propagation: us(700),
        serialisation: us(400),
        equipment: us(70),
        queueing: us(297),
    };
    assert_eq!((meter.count(), meter.last()), (4, last));
    assert_eq!(meter.sum().queueing, us(99 + 198 + 297));
    assert_eq!(meter.longest(), last);
}

#[test]
fn measuring_changes_nothing_and_no_delay_is_below_the_floor() {
    let build = || {
        let mut link = Link::default().in_order();
        (link.floor, link.duplicate, link.loss) = (Nanos::from_millis(1), 0.1, 0.1);
        (link.weather.reorder, link.weather.reorder_by) = (0.1, Nanos::from_millis(5));
        link
    };
    let (mut plain, mut measured) = (build(), build());
    measured.measure();
    let ((counters, arrivals), other) = (run(&mut plain, 2_000), run(&mut measured, 2_000));
    assert_eq!((&counters, &arrivals), (&other.0, &other.1));
    let meter = measured.meter().expect("measured");
    assert_eq!(meter.count(), arrivals.len() as u64);
    assert!(meter.sum().propagation >= Nanos::from_millis(arrivals.len() as u64));
}

/// The planted bugs of this file, each found by what holds the property.
#[test]
fn a_link_without_a_floor_or_with_free_equipment_is_noticed() {
    let fastest = |mutant: Option<LinkMutant>| {
        let mut link = Link::with(Delay::log_normal(Nanos(1_000), Nanos(2_000)));
        link.floor = Nanos(950);
        link.planted = mutant;
        let (_, arrivals) = run(&mut link, 2_000);
        arrivals.iter().zip(0..).map(|(at, sent)| at - sent * 1_000).min().expect("some")
    };
    assert_eq!(fastest(None), 950);
    assert!(fastest(Some(LinkMutant::NoFloor)) < 700, "below the floor");

    let mut link = Link::with(Delay::Constant(Nanos(1_000)));
    link.equipment = Equipment { hops: 1, switching: Nanos(10), host: Nanos(5) };
    link.plant(LinkMutant::FreeEquipment);
    link.measure();
    let caught = std::panic::catch_unwind(move || run(&mut link, 1));
    assert!(caught.is_err(), "parts that are more than the whole break I2");
}

#[test]
fn overlapping_cuts_are_each_taken_back_once() {
    let mut link = Link::default();
    link.cut();
    link.cut();
    link.mend();
    assert!(link.is_cut());
    assert_eq!(run(&mut link, 3).0.of(Count::Cut), 3);
    link.mend();
    link.mend();
    assert!(!link.is_cut());
}
