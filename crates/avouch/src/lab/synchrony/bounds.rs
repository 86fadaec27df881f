//! Bounds that somebody might assume of a round trip, and how often the trips break them.
//!
//! What is assumed comes from the first half of a series; what breaks it, from the second. The last
//! row is no bound but an estimate that follows the trips, as TCP's retransmission timer does.

//= §1.2.3 why pure asynchrony is unrealistic: bounds and how often traces violate them

use super::trips::Trips;
use crate::quantile::nearest_rank;
use avouch_promise::Nanos;

/// One bound.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// What is assumed.
    pub(super) name: String,
    /// The bound; of one that follows the trips, its mean.
    pub(super) bound: Nanos,
    /// How many trips were judged by it.
    pub(super) judged: u64,
    /// How many took longer.
    pub(super) broken: u64,
    /// By how much at most.
    pub(super) worst: Nanos,
    /// How many never came back: they break every bound.
    pub(super) lost: u64,
}

/// Multiples of the median, in percent.
const MULTIPLES: [u64; 6] = [110, 125, 150, 200, 300, 1_000];

/// Every bound against the series.
pub(super) fn rows(trips: &Trips) -> Vec<Row> {
    let (seen, judged) = trips.halves();
    let seen_sorted = Trips::sorted(seen);
    let median = nearest_rank(&seen_sorted, 0.5).unwrap_or_default();
    let fixed = |name: String, bound: Nanos| row(name, judged, |_| bound);
    let mut rows = vec![
        fixed("p99 so far".to_owned(), nearest_rank(&seen_sorted, 0.99).unwrap_or_default()),
        fixed("longest so far".to_owned(), nearest_rank(&seen_sorted, 1.0).unwrap_or_default()),
    ];
    for percent in MULTIPLES {
        let name = format!("{}.{:02} x median", percent / 100, percent % 100);
        rows.push(fixed(name, Nanos(median.times(percent).0 / 100)));
    }
    rows.sort_by_key(|row| row.bound);
    let mut timer = Timer::default();
    seen.iter().flatten().for_each(|trip| timer.take(*trip));
    rows.push(row("follows (RFC 6298)".to_owned(), judged, |trip| {
        let bound = timer.bound();
        if let Some(trip) = trip {
            timer.take(trip);
        }
        bound
    }));
    rows
}

/// A bound that may change with every trip: it is asked before the trip is known to it.
fn row(
    name: String,
    judged: &[Option<Nanos>],
    mut bound: impl FnMut(Option<Nanos>) -> Nanos,
) -> Row {
    let (mut broken, mut worst, mut lost, mut sum) = (0, Nanos::ZERO, 0, 0_u128);
    for trip in judged {
        let bound = bound(*trip);
        sum += u128::from(bound.0);
        match trip {
            None => lost += 1,
            Some(trip) if *trip > bound => {
                broken += 1;
                worst = worst.max(trip.minus(bound));
            }
            Some(_) => {}
        }
    }
    let count = judged.len() as u64;
    let mean = u64::try_from(sum / u128::from(count.max(1))).unwrap_or(u64::MAX);
    Row { name, bound: Nanos(mean), judged: count - lost, broken, worst, lost }
}

/// The smoothed mean and deviation of RFC 6298, §2, in eighths and quarters, without its least of a
/// second.
#[derive(Default)]
struct Timer {
    mean: Option<i128>,
    deviation: i128,
}

impl Timer {
    fn take(&mut self, trip: Nanos) {
        let trip = i128::from(trip.0);
        match &mut self.mean {
            None => (self.mean, self.deviation) = (Some(trip), trip / 2),
            Some(mean) => {
                self.deviation += ((trip - *mean).abs() - self.deviation) / 4;
                *mean += (trip - *mean) / 8;
            }
        }
    }

    fn bound(&self) -> Nanos {
        let bound = self.mean.unwrap_or(0) + 4 * self.deviation;
        Nanos(u64::try_from(bound).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips(millis: impl Iterator<Item = Option<u64>>) -> Trips {
        Trips {
            name: String::new(),
            source: String::new(),
            round: millis.map(|trip| trip.map(Nanos::from_millis)).collect(),
            sent: None,
        }
    }

    /// Counted by hand: the second half has 100 trips of 1 to 100 ms and two lost ones.
    #[test]
    //= §1.2.3 why pure asynchrony is unrealistic: bounds and how often traces violate them test
    fn each_bound_is_broken_as_often_as_counted() {
        let half = (1..=100).map(Some).chain([None, None]);
        let rows = rows(&trips(half.clone().chain(half)));
        let of = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(of("longest so far").bound, Nanos::from_millis(100));
        assert_eq!((of("longest so far").broken, of("longest so far").lost), (0, 2));
        assert_eq!((of("p99 so far").broken, of("p99 so far").judged), (1, 100));
        let double = of("1.50 x median");
        assert_eq!((double.bound, double.broken), (Nanos::from_millis(75), 25));
        assert_eq!(double.worst, Nanos::from_millis(25));
        assert!(rows[..rows.len() - 1].is_sorted_by_key(|row| row.bound));
    }

    #[test]
    fn what_follows_the_trips_is_broken_by_a_jump_once_and_a_fixed_bound_ever_after() {
        let rows = rows(&trips((0..400).map(|at| Some(if at < 250 { 20 } else { 70 }))));
        let fixed = rows.iter().find(|row| row.name == "3.00 x median").unwrap();
        assert_eq!(fixed.broken, 150);
        let follows = rows.last().unwrap();
        assert!((1..10).contains(&follows.broken), "{follows:?}");
    }
}
