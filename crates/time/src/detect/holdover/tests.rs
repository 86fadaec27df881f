//! Budgets against published figures, and who leaves them.

use super::{Budget, Holdover, Oscillator, Steering};
use crate::detect::{Alarm, Difference, Mutant};
use avouch_promise::Nanos;

const HOUR: Nanos = Nanos::from_secs(3_600);
const DAY: Nanos = Nanos::from_secs(86_400);

fn budget(oscillator: Oscillator, mutant: Mutant) -> Budget {
    Budget { mutant, ..Budget::of(oscillator) }
}

/// The figures of `SecureSync`'s manual in nanoseconds: reached, and by no more than a quarter
/// passed.
fn published_figures_are_met(mutant: Mutant) -> bool {
    let figures = [
        (Oscillator::Rubidium, 200, 1_000),
        (Oscillator::GoodOcxo, 500, 10_000),
        (Oscillator::Ocxo, 1_000, 25_000),
        (Oscillator::Tcxo, 12_000, 450_000),
    ];
    figures.into_iter().all(|(oscillator, four, day)| {
        let budget = budget(oscillator, mutant);
        let near =
            |told: Nanos, figure: u64| (figure * 995 / 1_000..=figure * 5 / 4).contains(&told.0);
        near(budget.error(HOUR.times(4)), four) && near(budget.error(DAY), day)
    })
}

#[test]
fn budgets_are_those_that_are_published() {
    assert!(published_figures_are_met(Mutant::None));
    assert!(!published_figures_are_met(Mutant::ForgetsAgeing));
    let quartz = Budget::of(Oscillator::Quartz);
    assert_eq!(quartz.error(Nanos::ZERO), Nanos::ZERO);
    assert!((51_000_000..53_000_000).contains(&quartz.error(DAY).0));
}

fn a_warm_room_costs_its_coefficient(mutant: Mutant) -> bool {
    let ocxo = budget(Oscillator::Ocxo, mutant);
    let warmer = ocxo.within(5.0).error(HOUR).0 - ocxo.error(HOUR).0;
    // 0.2 ppb a kelvin, five kelvin, an hour.
    (3_599..=3_601).contains(&warmer)
}

#[test]
fn temperature_counts() {
    assert!(a_warm_room_costs_its_coefficient(Mutant::None));
    assert!(!a_warm_room_costs_its_coefficient(Mutant::ForgetsTemperature));
}

#[test]
fn an_epsilon_is_spent_when_the_error_reaches_it() {
    for oscillator in [Oscillator::Rubidium, Oscillator::Tcxo, Oscillator::Quartz] {
        let budget = Budget::of(oscillator).within(2.0);
        for epsilon in [Nanos(2_000), Nanos::from_micros(50), Nanos::from_millis(7)] {
            let now = Nanos(1_500);
            let lasts = budget.lasts(now, epsilon);
            let (there, beyond) = (budget.error(lasts), budget.error(lasts.plus(lasts)));
            let left = epsilon.minus(now).0;
            assert!(there.0.abs_diff(left) <= 1 + left / 1_000_000, "{oscillator} {epsilon}");
            assert!(beyond.plus(now) > epsilon);
        }
        assert_eq!(budget.lasts(Nanos(5), Nanos(5)), Nanos::ZERO);
    }
    let ideal = Budget { frequency_ppb: 0.0, ..Budget::of(Oscillator::Rubidium) };
    assert_eq!(ideal.lasts(Nanos(1), Nanos(2)), Nanos::MAX);
}

/// A clock that was right to 100 ns, on its own for 24 h, and is so far ahead then, give or take as
/// much as is told.
fn recovered(mutant: Mutant, ahead: i64, half: u64) -> Option<Alarm> {
    let mut holdover = Holdover::new(budget(Oscillator::Rubidium, mutant));
    assert_eq!(holdover.measured(HOUR, Difference::around(0, Nanos(100))), None);
    holdover.silent();
    let now = HOUR.plus(DAY);
    assert_eq!(holdover.alone(now).map(|(since, _)| since), Some(DAY));
    holdover.measured(now, Difference::around(ahead, Nanos(half)))
}

fn an_excess_is_told(mutant: Mutant) -> bool {
    let exceeded =
        |alarm| matches!(alarm, Some(Alarm::HoldoverExceeded { after, .. }) if after == DAY);
    exceeded(recovered(mutant, 1_500, 100))
        && exceeded(recovered(mutant, -1_500, 100))
        && recovered(mutant, 1_100, 100).is_none()
        // It may be within its budget: nobody knows.
        && recovered(mutant, 1_500, 250).is_none()
        && recovered(mutant, 0, 100).is_none()
}

#[test]
//= §3.1.1 rubidium-drift test
fn who_leaves_the_budget_for_certain_is_told() {
    assert!(an_excess_is_told(Mutant::None));
    assert!(!an_excess_is_told(Mutant::DoubtIsExcess));
    // Who was measured all the while, or was set, has no holdover.
    let mut holdover = Holdover::new(Budget::of(Oscillator::Rubidium));
    let far = Difference::around(1_000_000, Nanos(10));
    assert_eq!(holdover.measured(HOUR, Difference::default()), None);
    assert_eq!(holdover.measured(HOUR.plus(DAY), far), None);
    holdover.silent();
    holdover.forget();
    assert_eq!(holdover.measured(HOUR.plus(DAY).plus(DAY), Difference::default()), None);
}

/// Steered by so much more after so many days.
fn steered(mutant: Mutant, days: u64, ppb: f64) -> bool {
    let mut steering = Steering::new(budget(Oscillator::Rubidium, mutant));
    assert_eq!(steering.look(HOUR, 3.0), None);
    steering.look(HOUR.plus(DAY.times(days)), 3.0 + ppb).is_some()
}

fn drift_is_held_against_a_year(mutant: Mutant) -> bool {
    steered(mutant, 30, 0.2)
        && steered(mutant, 30, -0.2)
        && !steered(mutant, 30, 0.1)
        && !steered(mutant, 365, 0.9)
        && !steered(mutant, 0, 0.027)
}

#[test]
fn rubidium_that_drifts_faster_than_it_ages_is_told() {
    assert!(drift_is_held_against_a_year(Mutant::None));
    assert!(!drift_is_held_against_a_year(Mutant::ForgetsAgeing));
}
