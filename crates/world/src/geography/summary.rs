//! What the whole table of measured round trips shows: stretch, detours that are faster than the
//! direct way, and directions that disagree.
//!
//! The two entries of a pair were measured from either end, and a ping takes both ways each time:
//! where they differ, the two measurements differ, not the two ways. So their difference is called
//! drift of the measurement, and a pair's round trip is the mean of both.

use super::{Class, Fit, Place, Region, RoundTrip, round_trip, stretch};
use avouch_promise::Nanos;

/// The round trip of a pair: the mean of its two entries, at each quantile.
pub fn pair_round_trip(one: Region, other: Region) -> RoundTrip {
    let (there, back) = (round_trip(one, other), round_trip(other, one));
    let mean = |a: Nanos, b: Nanos| Nanos(u64::midpoint(a.0, b.0));
    RoundTrip { p50: mean(there.p50, back.p50), p90: mean(there.p90, back.p90) }
}

/// A way through a third region.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detour {
    /// From here.
    pub from: Region,
    /// To there.
    pub to: Region,
    /// Through this region, the fastest of all.
    pub via: Region,
    /// The direct median over that of the detour: above 1 the detour is faster.
    pub gain: f64,
}

/// The fastest way through a third region, from the directed entries as they were measured.
//= §1.1.1 triangle violations
pub fn best_detour(from: Region, to: Region) -> Option<Detour> {
    let through = |via: Region| round_trip(from, via).p50.plus(round_trip(via, to).p50);
    let ends = [from, to];
    let via = Region::all().filter(|via| !ends.contains(via)).min_by_key(|via| through(*via))?;
    #[expect(clippy::cast_precision_loss, reason = "a ratio of two times below a second")]
    let gain = round_trip(from, to).p50.0 as f64 / through(via).0 as f64;
    (from != to).then_some(Detour { from, to, via, gain })
}

/// How much two entries of a pair differ at the median.
pub fn drift(one: Region, other: Region) -> Nanos {
    Nanos(round_trip(one, other).p50.0.abs_diff(round_trip(other, one).p50.0))
}

/// How the pairs of one class lie against its band.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCount {
    /// The class.
    pub class: Class,
    /// How many unordered pairs it has.
    pub pairs: usize,
    /// How many of them are below, within and above the band.
    pub below: usize,
    /// Within.
    pub within: usize,
    /// Above.
    pub above: usize,
    /// The shortest and the longest round trip, with their ends.
    pub shortest: (Region, Region, Nanos),
    /// The longest.
    pub longest: (Region, Region, Nanos),
}

/// What the whole table shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many ordered pairs of unlike regions there are.
    pub pairs: usize,
    /// The smallest, the median and the largest stretch.
    pub stretch: [f64; 3],
    /// The ordered pairs that some detour serves at least 5 % faster, the greatest gain first.
    pub detours: Vec<Detour>,
    /// The unordered pair whose entries differ most, and by how much.
    pub drift: (Region, Region, Nanos),
    /// Each class that has pairs.
    pub classes: Vec<ClassCount>,
}

/// A detour counts from this gain: the relayed way takes at most 95 % of the direct one.
const GAIN_MIN: f64 = 1.0 / 0.95;

/// The summary of the table.
pub fn summary() -> Summary {
    let ordered = || Region::all().flat_map(|a| Region::all().map(move |b| (a, b)));
    let mut ratios: Vec<f64> = ordered().filter_map(|(a, b)| stretch(a, b)).collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = |at: usize| ratios.get(at).copied().unwrap_or(1.0);
    let mut detours: Vec<Detour> = ordered()
        .filter_map(|(a, b)| best_detour(a, b))
        .filter(|detour| detour.gain >= GAIN_MIN)
        .collect();
    detours.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    let unordered = || ordered().filter(|(a, b)| a < b);
    let none = (Region::US_EAST_1, Region::US_EAST_1, Nanos::ZERO);
    let drift = unordered()
        .map(|(a, b)| (a, b, drift(a, b)))
        .max_by_key(|(.., drift)| *drift)
        .unwrap_or(none);
    let classes = Class::ALL.into_iter().filter_map(count).collect();
    Summary {
        pairs: ratios.len(),
        stretch: [ratio(0), ratio(ratios.len() / 2), ratio(ratios.len().saturating_sub(1))],
        detours,
        drift,
        classes,
    }
}

/// The pairs of a class; a region with itself is one pair, that between two of its zones.
fn count(class: Class) -> Option<ClassCount> {
    let all = Region::all().flat_map(|a| Region::all().map(move |b| (a, b)));
    let of_class = |(a, b): &(Region, Region)| {
        a <= b && Class::of(Place::Region(*a), Place::Region(*b)) == class
    };
    let trips: Vec<(Region, Region, Nanos)> =
        all.filter(of_class).map(|(a, b)| (a, b, pair_round_trip(a, b).p50)).collect();
    let fits = |fit: Fit| trips.iter().filter(|(.., trip)| class.fit(*trip) == fit).count();
    Some(ClassCount {
        class,
        pairs: trips.len(),
        below: fits(Fit::Below),
        within: fits(Fit::Within),
        above: fits(Fit::Above),
        shortest: *trips.iter().min_by_key(|(.., trip)| *trip)?,
        longest: *trips.iter().max_by_key(|(.., trip)| *trip)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Class, Region, round_trip};
    use super::{best_detour, drift, pair_round_trip, summary};

    /// The published figures of this very table.
    //= §1.1.1 triangle violations test
    #[test]
    fn the_table_shows_what_was_published_of_it() {
        let summary = summary();
        assert_eq!((summary.pairs, summary.detours.len()), (1_056, 127));
        let gain = summary.detours[0].gain;
        assert!((1.285..1.295).contains(&gain), "up to 1.29 times: {gain}");
        let [least, median, most] = summary.stretch;
        assert!(least > 1.0 && (1.7..1.9).contains(&median) && most > 4.0, "{summary:?}");
        let (one, other, apart) = summary.drift;
        assert_eq!((one.name(), other.name()), ("me-south-1", "us-west-2"));
        assert_eq!(apart.0 / 1_000_000, 47, "48 ms, rounded");
        let zones = &summary.classes[0];
        assert_eq!((zones.class, zones.pairs, zones.within), (Class::IntraRegion, 33, 33));
        let pairs: usize = summary.classes.iter().map(|class| class.pairs).sum();
        assert_eq!(pairs, 33 * 34 / 2, "every pair is of one class");
        for class in &summary.classes {
            let judged = class.below + class.within + class.above;
            let expected = if class.class == Class::Continental { 0 } else { class.pairs };
            assert_eq!(judged, expected, "{}", class.class);
        }
        let across = summary.classes.iter().find(|class| class.class == Class::CrossUs);
        let across = across.expect("pairs across the United States");
        let ends = [across.shortest.0.name(), across.shortest.1.name()];
        assert_eq!((ends, across.below), (["us-east-2", "us-west-2"], 2), "51 ms");
    }

    #[test]
    fn a_detour_is_the_best_of_all_and_entries_are_not_made_equal() {
        for from in Region::all() {
            for to in Region::all().filter(|to| *to != from) {
                let detour = best_detour(from, to).expect("31 others");
                let direct = round_trip(from, to).p50;
                for via in Region::all().filter(|via| *via != from && *via != to) {
                    let there = round_trip(from, via).p50.plus(round_trip(via, to).p50);
                    #[expect(clippy::cast_precision_loss, reason = "below a second")]
                    let gain = direct.0 as f64 / there.0 as f64;
                    assert!(gain <= detour.gain, "{from} {via} {to}");
                }
                let (mean, apart) = (pair_round_trip(from, to).p50, drift(from, to));
                assert!(mean.0.abs_diff(direct.0).abs_diff(apart.0 / 2) <= 1, "{from} {to}");
            }
        }
        assert!(best_detour(Region::EU_WEST_1, Region::EU_WEST_1).is_none());
    }
}
