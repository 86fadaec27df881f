//! This host's clock stood still (a paused virtual machine, whose clocks all stop), or one source
//! stepped: told apart by how many sources jump, and which way.
//!
//! ```text
//!   A  ---------|~~~~~     all jump ahead together: this host missed that time
//!   B  ---------|~~~~
//!   C  ---------|~~~~~~
//! ```
//!
//! A jump is by how much a source gained on this host's steady clock between two exchanges, beyond
//! what the oscillator's bound allows. Of n sources f = (n-1)/2 may lie. If n - f of those that
//! were heard, and at least two, jump one way and none the other way, the host's clock is at fault;
//! the (f+1)-th widest jump is then no wider than an honest one, so the host missed that much at
//! least. Not seen: a pause that is shorter than the sources' intervals are wide; who is at fault
//! where there is one source, or where as many stepped together as may not lie.

use super::{Alarm, Difference, Mutant};

/// What the jumps of all sources since the last look say; nothing of a source that was not heard.
/// The alarms of single sources are by their number.
pub fn judge(jumps: &[Option<Difference>]) -> Vec<(Option<usize>, Alarm)> {
    judged(jumps, Mutant::None)
}

fn judged(jumps: &[Option<Difference>], mutant: Mutant) -> Vec<(Option<usize>, Alarm)> {
    let lying_most = jumps.len().saturating_sub(1) / 2;
    let ahead = |jump: &&Difference| jump.least > 0;
    let behind = |jump: &&Difference| jump.most < 0;
    let heard = || jumps.iter().flatten();
    let (forth, back) = (heard().filter(ahead).count(), heard().filter(behind).count());
    let needed = match mutant {
        Mutant::OneSourceIsEnough => 1,
        _ => (jumps.len() - lying_most).max(2),
    };
    // Jumps of those that lie may be of any size: as many are passed over.
    let passed = if mutant == Mutant::TrustsTheWidest { 0 } else { lying_most };
    if forth.max(back) >= needed && forth.min(back) == 0 {
        let mut sizes: Vec<_> = heard().map(Difference::least_amount).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let least = sizes.get(passed).copied().unwrap_or_default();
        let alarm = if forth > 0 { Alarm::StoodStill { least } } else { Alarm::RanAhead { least } };
        return vec![(None, alarm)];
    }
    let stepped = |(number, jump): (usize, &Option<Difference>)| {
        let jump = jump.filter(|jump| !jump.contains(0))?;
        Some((Some(number), Alarm::SourceStepped(jump)))
    };
    jumps.iter().enumerate().filter_map(stepped).collect()
}

#[cfg(test)]
mod tests {
    use super::judged;
    use crate::detect::{Alarm, Difference, Mutant};
    use avouch_promise::Nanos;

    fn pauses_are_told_from_steps(mutant: Mutant) -> bool {
        let jump = |least, most| Some(Difference { least, most });
        let still = |least| vec![(None, Alarm::StoodStill { least: Nanos(least) })];
        let stepped =
            |of, least, most| (Some(of), Alarm::SourceStepped(Difference { least, most }));
        let none = jump(-5, 5);
        judged(&[jump(90, 110), jump(95, 120), jump(80, 130)], mutant) == still(90)
            // One of three may lie: by the others' word the host missed 95.
            && judged(&[jump(900, 910), jump(95, 120), jump(80, 130)], mutant) == still(95)
            && judged(&[jump(90, 110), jump(95, 120)], mutant) == still(95)
            && judged(&[jump(-120, -90), jump(-99, -80), none], mutant)
                == [(None, Alarm::RanAhead { least: Nanos(80) })]
            // Near misses: one steps, two step apart, a sole one, nobody.
            && judged(&[jump(90, 110), none, none], mutant) == [stepped(0, 90, 110)]
            && judged(&[jump(90, 110), jump(-99, -90), none], mutant)
                == [stepped(0, 90, 110), stepped(1, -99, -90)]
            && judged(&[jump(90, 110)], mutant) == [stepped(0, 90, 110)]
            && judged(&[jump(90, 110), None, None], mutant) == [stepped(0, 90, 110)]
            && judged(&[none, none, None], mutant).is_empty()
            && judged(&[], mutant).is_empty()
    }

    #[test]
    fn a_host_that_stood_still_is_told_from_a_source_that_steps() {
        assert!(pauses_are_told_from_steps(Mutant::None));
        for bug in [Mutant::OneSourceIsEnough, Mutant::TrustsTheWidest] {
            assert!(!pauses_are_told_from_steps(bug), "{bug:?}");
        }
    }
}
