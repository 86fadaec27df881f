//! `plan rtt`: two places, the floors that physics sets, what was measured, and one message's delay
//! taken apart.

use super::arguments::Rtt;
use super::{seed, thousands};
use crate::screen::{Format, Screen};
use avouch_promise::{Error, Nanos, Random};
use avouch_world::equipment::serialisation;
use avouch_world::geography::{
    Class, Fit, PathDelay, Place, Region, RoundTrip, best_detour, drift, fibre_floor,
    geodesic_metres, pair_round_trip, round_trip, summary, vacuum_floor,
};
use avouch_world::{Delay, Equipment, Parts};
use serde_json::{Value, json};

pub(super) fn run(rtt: &Rtt, screen: &mut Screen) -> Result<(), Error> {
    if rtt.places {
        places(screen);
    } else if rtt.all {
        super::summary::show(&summary(), screen);
    } else if let (Some(from), Some(to)) = (&rtt.from, &rtt.to) {
        let route = Route::between(Place::parse(from)?, Place::parse(to)?);
        let sampled = Sampled::draw(rtt, &route);
        match screen.format {
            Format::Json => screen.line(&json(&route, &sampled).to_string()),
            Format::Text => text(&route, &sampled, screen),
        }
    }
    Ok(())
}

/// Every name, one a line.
fn places(screen: &mut Screen) {
    let row = |place: Place| {
        let at = place.position();
        let also = match place {
            Place::Region(region) => region.city(),
            Place::City(city) => city.country,
        };
        (place.name(), also, place.continent().name(), at.latitude, at.longitude)
    };
    match screen.format {
        Format::Json => {
            let rows: Vec<Value> = Place::all()
                .map(row)
                .map(|(name, also, continent, latitude, longitude)| {
                    json!({ "name": name, "in": also, "continent": continent,
                            "latitude": latitude, "longitude": longitude })
                })
                .collect();
            screen.line(&Value::from(rows).to_string());
        }
        Format::Text => {
            for (name, also, continent, latitude, longitude) in Place::all().map(row) {
                let line =
                    format!("{name:18} {also:24} {continent:14} {latitude:7.2} {longitude:8.2}");
                screen.line(&line);
            }
        }
    }
}

/// Where the round trip of two places comes from.
enum Source {
    /// Measured between these regions, which the places are or lie near.
    Measured { from: Region, to: Region },
    /// Nothing was measured: the floor times the median stretch of what was.
    Estimated { stretch: f64 },
    /// Within one region, from zone to zone.
    Zones,
}

/// What is known of two places.
struct Route {
    from: Place,
    to: Place,
    class: Class,
    metres: f64,
    vacuum: Nanos,
    fibre: Nanos,
    source: Source,
    trip: RoundTrip,
}

/// A city this near to a region has that region's round trips.
const NEAR_METRES: f64 = 100e3;

/// The median of p90 over p50 in the measured table, in percent.
const ESTIMATED_P90_PERCENT: u64 = 104;

impl Route {
    //= §1.1.1 latency-floor against measured latency
    fn between(from: Place, to: Place) -> Self {
        let metres = geodesic_metres(from.position(), to.position());
        let round = |one_way: Nanos| one_way.times(2);
        let vacuum = round(vacuum_floor(from.position(), to.position()));
        let fibre = round(fibre_floor(from.position(), to.position()));
        let ((near, off), (far, beside)) = (from.nearest_region(), to.nearest_region());
        // A city at a region's far side may be farther away than light allows what was measured.
        let possible = round_trip(near, far).p50.min(round_trip(far, near).p50) > fibre;
        let measured = off <= NEAR_METRES && beside <= NEAR_METRES && near != far && possible;
        let (source, trip) = if from.is_same_as(to) {
            (Source::Zones, RoundTrip::BETWEEN_ZONES)
        } else if measured {
            (Source::Measured { from: near, to: far }, pair_round_trip(near, far))
        } else {
            let stretch = summary().stretch[1];
            let (p50, p90) = estimate(fibre, stretch);
            (Source::Estimated { stretch }, RoundTrip { p50, p90 })
        };
        Self { from, to, class: Class::of(from, to), metres, vacuum, fibre, source, trip }
    }

    /// The measured median over the fibre floor.
    fn stretch(&self) -> Option<f64> {
        (self.fibre > Nanos::ZERO && !matches!(self.source, Source::Zones))
            .then(|| ratio(self.trip.p50, self.fibre))
    }

    /// The delay of one way.
    fn way(&self) -> Delay {
        let floor = Nanos(self.fibre.0 / 2);
        Delay::Path(match self.source {
            Source::Measured { from, to } => {
                PathDelay::fit_pair(round_trip(from, to), round_trip(to, from), floor)
            }
            _ => PathDelay::fit(self.trip, floor),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio of two times below a second")]
fn ratio(one: Nanos, other: Nanos) -> f64 {
    one.0 as f64 / other.0 as f64
}

#[expect(clippy::cast_precision_loss, reason = "spans below a second are exact")]
#[expect(clippy::cast_sign_loss, reason = "a stretch is above 1")]
fn estimate(fibre: Nanos, stretch: f64) -> (Nanos, Nanos) {
    let p50 = Nanos((fibre.0 as f64 * stretch) as u64).plus(Nanos::from_micros(100));
    (p50, Nanos(p50.0 * ESTIMATED_P90_PERCENT / 100))
}

/// One message's delay, one way.
struct Sampled {
    parts: Parts,
    /// Of the propagation, what no cable could do without.
    floor: Nanos,
    bytes: u64,
    bits_per_second: u64,
    equipment: Equipment,
    seed: u64,
}

impl Sampled {
    //= §1.1.1 equipment delays: serialisation, switching, NIC and kernel, summed per hop
    fn draw(rtt: &Rtt, route: &Route) -> Self {
        let assumed = Equipment::assumed(route.metres);
        let equipment = Equipment { hops: rtt.hops.unwrap_or(assumed.hops), ..assumed };
        let (way, seed) = (route.way(), seed(rtt.seed));
        let sample = way.sample(&mut Random::new(seed));
        let serialisation = equipment.serialisation(rtt.bytes, rtt.rate / 8);
        let parts = Parts { serialisation, ..way.split(sample, way.minimum(), &equipment) };
        let floor = way.minimum();
        Self { parts, floor, bytes: rtt.bytes, bits_per_second: rtt.rate, equipment, seed }
    }
}

/// The band of a class in words, and where the round trip lies.
fn judged(class: Class, trip: Nanos) -> String {
    let band = match class.band() {
        Some((low, high)) => {
            format!(", commonly {}-{} ms", low.0 / 1_000_000, high.0 / 1_000_000)
        }
        None => String::new(),
    };
    let fit = match class.fit(trip) {
        Fit::Below => ": an exception, below that",
        Fit::Within => ": as expected",
        Fit::Above => ": an exception, above that",
        Fit::NoBand => ", for which nothing is commonly said",
    };
    format!("{class}{band}{fit}")
}

fn text(route: &Route, sampled: &Sampled, screen: &mut Screen) {
    let (from, to, trip) = (route.from, route.to, route.trip);
    let told = match route.source {
        Source::Measured { .. } => "measured",
        Source::Estimated { .. } => "estimated, not measured",
        Source::Zones => "from zone to zone",
    };
    let over = match route.stretch() {
        Some(stretch) => format!(", {stretch:.2} times the fibre floor"),
        None => String::new(),
    };
    screen.line(&format!("{from} to {to}: {} round trip, {told}{over}", trip.p50));
    let mut line = |name: &str, text: &str| screen.line(&format!("  {name:14} {text}"));
    line("class", &judged(route.class, trip.p50));
    line("distance", &format!("{:.0} km along the WGS-84 geodesic", route.metres / 1e3));
    line("vacuum floor", &format!("{} round trip", route.vacuum));
    line("fibre floor", &format!("{} round trip (204.22 km/ms: group index 1.468)", route.fibre));
    source(route, &mut line);
    message(sampled, screen);
}

fn source(route: &Route, line: &mut dyn FnMut(&str, &str)) {
    let quantiles = |trip: RoundTrip| format!("p50 {}, p90 {}", trip.p50, trip.p90);
    match route.source {
        Source::Measured { from, to } => {
            let near = if route.from == Place::Region(from) && route.to == Place::Region(to) {
                String::new()
            } else {
                format!(", between the AWS regions near by, {from} and {to}")
            };
            line("measured", &format!("{}, mean of both entries{near}", quantiles(route.trip)));
            line("  there", &quantiles(round_trip(from, to)));
            line("  back", &quantiles(round_trip(to, from)));
            let apart = drift(from, to);
            line("  drift", &format!("{apart} between the medians of the two measurements"));
            if let Some(stretch) = route.stretch() {
                line("path stretch", &format!("{stretch:.2}"));
            }
            if let Some(detour) = best_detour(from, to) {
                let relative = if detour.gain > 1.0 {
                    format!("{:.2} times faster than the direct way", detour.gain)
                } else {
                    format!("none is faster; the best, {:.2} times slower", 1.0 / detour.gain)
                };
                line("relay", &format!("{relative}, through {}", detour.via));
            }
        }
        Source::Estimated { stretch } => {
            let how = format!(
                "the fibre floor times {stretch:.2}, the median of all AWS pairs, and 100 us"
            );
            line("estimated", &format!("{}: {how}", quantiles(route.trip)));
        }
        Source::Zones => {
            let (low, high) = (RoundTrip::BETWEEN_ZONES.p50, RoundTrip::BETWEEN_ZONES.p90);
            line("between zones", &format!("{low} to {high}"));
            line("same zone", &format!("about {}", RoundTrip::SAME_ZONE.p50));
        }
    }
}

/// One message's parts, which add up.
fn message(sampled: &Sampled, screen: &mut Screen) {
    let Sampled { parts, floor, equipment, .. } = sampled;
    let bytes = thousands(sampled.bytes);
    let total = parts.total();
    screen.line(&format!("one message of {bytes} B one way, seed {}: {total}", sampled.seed));
    let (hops, wires) = (equipment.hops, equipment.hops + 1);
    let wire = serialisation(sampled.bytes, sampled.bits_per_second / 8);
    let detour = parts.propagation.minus(*floor);
    #[expect(clippy::cast_precision_loss, reason = "for the eye only")]
    let rate = sampled.bits_per_second as f64 / 1e9;
    let why = [
        format!("{floor} floor + {detour} detour of the cable"),
        format!("{wires} wires x {wire} at {rate} Gbit/s"),
        format!(
            "{hops} hops x {} + 2 hosts x {}, assumed; within what was measured",
            equipment.switching, equipment.host
        ),
        "all that varies from message to message".to_owned(),
    ];
    for ((name, part), why) in parts.named().into_iter().zip(why) {
        screen.line(&format!("  {name:14} {:>14} ns  {why}", thousands(part.0)));
    }
    screen.line(&format!("  {:14} {:>14} ns", "sum", thousands(total.0)));
}

fn json(route: &Route, sampled: &Sampled) -> Value {
    let place = |place: Place| {
        let at = place.position();
        json!({ "name": place.name(), "latitude": at.latitude, "longitude": at.longitude })
    };
    let trip = |trip: RoundTrip| json!({ "p50_ns": trip.p50.0, "p90_ns": trip.p90.0 });
    let fit = match route.class.fit(route.trip.p50) {
        Fit::Below => "below",
        Fit::Within => "within",
        Fit::Above => "above",
        Fit::NoBand => "no band",
    };
    let band = route.class.band().map(|(low, high)| json!([low.0, high.0]));
    let source = match route.source {
        Source::Measured { from, to } => json!({
            "kind": "measured", "regions": [from.name(), to.name()],
            "there": trip(round_trip(from, to)), "back": trip(round_trip(to, from)),
            "drift_ns": drift(from, to).0,
            "relay": best_detour(from, to)
                .map(|detour| json!({ "via": detour.via.name(), "gain": detour.gain })),
        }),
        Source::Estimated { stretch } => json!({ "kind": "estimated", "stretch": stretch }),
        Source::Zones => json!({
            "kind": "zones", "same_zone": trip(RoundTrip::SAME_ZONE),
            "between_zones": trip(RoundTrip::BETWEEN_ZONES),
        }),
    };
    let mut parts = serde_json::Map::new();
    for (name, part) in sampled.parts.named() {
        parts.insert(format!("{name}_ns"), part.0.into());
    }
    json!({
        "from": place(route.from), "to": place(route.to), "distance_m": route.metres,
        "class": route.class.name(), "band_ns": band, "fit": fit,
        "vacuum_floor_ns": route.vacuum.0, "fibre_floor_ns": route.fibre.0,
        "round_trip": trip(route.trip), "stretch": route.stretch(), "source": source,
        "message": { "bytes": sampled.bytes, "seed": sampled.seed, "parts": parts,
                     "hops": sampled.equipment.hops, "floor_ns": sampled.floor.0,
                     "total_ns": sampled.parts.total().0 },
    })
}
