//! The measured round trips between regions, read from `aws.tsv` while compiling, so that a broken
//! table does not build.

use super::Region;
use super::distance::fibre_floor;
use avouch_promise::Nanos;

/// Two quantiles of the round-trip time from one region to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// Half of all round trips took no longer.
    pub p50: Nanos,
    /// Nine of ten took no longer.
    pub p90: Nanos,
}

impl RoundTrip {
    /// Within one availability zone. The operator's own figure for this is not published; others
    /// measure 0.08-0.1 ms (IBM Cloud, *Network latency*, 2025). p90 / p50 is the table's median.
    pub const SAME_ZONE: Self = Self { p50: Nanos::from_micros(100), p90: Nanos::from_micros(104) };
    /// Between two availability zones of one region: 1.75-2.2 ms (the same source), its ends taken
    /// as the two quantiles. The published table's own diagonal (1.5-8.3 ms) includes the overhead
    /// of the call that measured it.
    pub const BETWEEN_ZONES: Self =
        Self { p50: Nanos::from_micros(1_750), p90: Nanos::from_micros(2_200) };
}

/// The round trip measured from `from` to `to`: directed, so it may differ from that of the way
/// back. Within one region it is that between two of its zones.
pub fn round_trip(from: Region, to: Region) -> RoundTrip {
    if from == to { RoundTrip::BETWEEN_ZONES } else { TABLE[from.index()][to.index()] }
}

/// How many times the median round trip is longer than fibre along the geodesic would need; none
/// within one region.
//= §1.1.1 path stretch
pub fn stretch(from: Region, to: Region) -> Option<f64> {
    let floor = fibre_floor(from.position(), to.position()).times(2);
    #[expect(clippy::cast_precision_loss, reason = "a ratio of two times below a second")]
    let ratio = round_trip(from, to).p50.0 as f64 / floor.0 as f64;
    (from != to).then_some(ratio)
}

type Table = [[RoundTrip; Region::COUNT]; Region::COUNT];
static TABLE: Table = parse(include_bytes!("aws.tsv"));

/// Reads the cells of the table; its comments, header line and row names are skipped here and
/// compared with the regions' names by a test.
#[expect(clippy::large_stack_arrays, reason = "evaluated while compiling")]
const fn parse(text: &[u8]) -> Table {
    let mut table =
        [[RoundTrip { p50: Nanos::ZERO, p90: Nanos::ZERO }; Region::COUNT]; Region::COUNT];
    let mut at = 0;
    while text[at] == b'#' {
        at = after(text, at, b'\n');
    }
    at = after(text, at, b'\n');
    let mut row = 0;
    while row < Region::COUNT {
        let mut column = 0;
        while column < Region::COUNT {
            at = after(text, at, b'\t');
            let (p50, slash) = number(text, at);
            assert!(text[slash] == b'/', "a cell is p50/p90");
            let (p90, end) = number(text, slash + 1);
            assert!(p50 <= p90, "quantiles are in order");
            table[row][column] =
                RoundTrip { p50: Nanos::from_micros(p50), p90: Nanos::from_micros(p90) };
            at = end;
            column += 1;
        }
        assert!(text[at] == b'\n', "a row has one cell a region");
        at += 1;
        row += 1;
    }
    assert!(at == text.len(), "nothing follows the last row");
    table
}

/// The place after the next `byte`.
const fn after(text: &[u8], mut at: usize, byte: u8) -> usize {
    while text[at] != byte {
        at += 1;
    }
    at + 1
}

/// The number at `at`, and the place after it.
const fn number(text: &[u8], mut at: usize) -> (u64, usize) {
    let mut value = 0;
    while text[at].is_ascii_digit() {
        value = value * 10 + (text[at] - b'0') as u64;
        at += 1;
    }
    (value, at)
}

#[cfg(test)]
mod tests {
    use super::super::{FIVE, Region, fibre_floor};
    use super::{RoundTrip, round_trip, stretch};

    fn region(name: &str) -> Region {
        Region::parse(name).expect("a region's name")
    }

    #[test]
    fn rows_and_columns_are_the_regions_in_order() {
        let names: Vec<_> = Region::all().map(Region::name).collect();
        let mut lines = include_str!("aws.tsv").lines().filter(|line| !line.starts_with('#'));
        let header: Vec<_> = lines.next().expect("a header").split('\t').skip(1).collect();
        assert_eq!(header, names);
        let rows: Vec<_> = lines.map(|line| line.split('\t').next().expect("a name")).collect();
        assert_eq!(rows, names);
    }

    /// Figures of the source that are quoted elsewhere, read by eye there.
    #[test]
    fn known_pairs_have_their_known_times() {
        for (from, to, p50_us) in [
            ("us-east-1", "us-west-2", 64_400),
            ("us-east-1", "eu-west-1", 69_600),
            ("us-east-1", "ap-northeast-1", 149_700),
            ("ca-central-1", "us-east-1", 16_312),
        ] {
            let p50 = round_trip(region(from), region(to)).p50;
            assert!(p50.0.abs_diff(p50_us * 1_000) < 60_000, "{from} {to}: {p50}");
        }
        let one = region("eu-west-1");
        assert_eq!(round_trip(one, one), RoundTrip::BETWEEN_ZONES, "no inflated diagonal");
    }

    #[test]
    fn the_first_of_five_has_a_quorum_near_and_a_minority_far() {
        let mut trips = FIVE.map(|to| round_trip(FIVE[0], to).p50.0 / 1_000_000);
        trips.sort_unstable();
        assert!(trips[2] < 70 && trips[3] > 100, "{trips:?} ms");
    }

    #[test]
    fn no_pair_beats_fibre() {
        for from in Region::all() {
            for to in Region::all().filter(|to| *to != from) {
                let floor = fibre_floor(from.position(), to.position()).times(2);
                let measured = round_trip(from, to);
                assert!(measured.p50 > floor && measured.p50 <= measured.p90, "{from} {to}");
            }
        }
    }

    //= §1.1.1 path stretch test
    #[test]
    fn paths_are_stretched_and_some_break_the_triangle_inequality() {
        let pairs = || Region::all().flat_map(|a| Region::all().map(move |b| (a, b)));
        let mut ratios: Vec<f64> = pairs().filter_map(|(a, b)| stretch(a, b)).collect();
        ratios.sort_by(f64::total_cmp);
        assert_eq!(ratios.len(), 33 * 32);
        let median = ratios[ratios.len() / 2];
        assert!((1.7..1.9).contains(&median), "median stretch {median}");

        let relayed = |a: Region, b: Region| {
            Region::all()
                .filter(|via| *via != a && *via != b)
                .map(|via| round_trip(a, via).p50.plus(round_trip(via, b).p50))
                .min()
                .expect("31 relays")
        };
        let faster = pairs()
            .filter(|(a, b)| a != b)
            .filter(|(a, b)| relayed(*a, *b).times(100) <= round_trip(*a, *b).p50.times(95))
            .count();
        assert_eq!(faster, 127, "ordered pairs that a relay serves at least 5 % faster");
    }

    #[test]
    fn directions_differ() {
        let (there, back) = (region("us-west-2"), region("me-south-1"));
        let (there, back) = (round_trip(there, back).p50, round_trip(back, there).p50);
        assert_eq!(there.0.abs_diff(back.0) / 1_000_000, 47, "{there} there, {back} back");
        let longest =
            Region::all().flat_map(|a| Region::all().map(move |b| round_trip(a, b).p50)).max();
        assert_eq!(longest.map(|longest| longest.0 / 1_000_000), Some(420));
    }
}
