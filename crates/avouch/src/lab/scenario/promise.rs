//! What a scenario promises of the time that messages take: `[synchrony]`.
//!
//! | members | promise |
//! |---|---|
//! | no table | none: links, faults and queues decide alone |
//! | `delta` | a bound that holds from the start |
//! | `delta`, `delta-at-most` | a bound that nobody knows, drawn from the seed between both |
//! | `delta`, `gst` | a bound that holds from `gst` on; before it an adversary with `loss`, `hold` and `delay` |

//= §1.2.3 timing assumptions: a dial of partial synchrony, GST and delta

use super::codec::{Delay, Share, Span};
use super::reader::Table;
use super::source::Problem;
use avouch_promise::Nanos;
use avouch_world::{Adversary, Synchrony};

/// Reads the table.
pub(super) fn hear(table: &Table<'_>) -> Result<Synchrony, Problem> {
    let delta = table.need::<Span>("delta")?;
    let at_most = table.want::<Span>("delta-at-most")?;
    let gst = table.want::<Span>("gst")?;
    let usual = Adversary::default();
    let loss = table.want::<Share>("loss")?;
    let hold = table.want::<Share>("hold")?;
    let delay = table.want::<Delay>("delay")?;
    table.end()?;
    let adverse = loss.is_some() || hold.is_some() || delay.is_some();
    let wrong = |key, expected: &str, got: &str| {
        let place = table.value(key).map_or_else(|| table.span(), toml::Spanned::span);
        Problem::new(place, expected, got)
    };
    if delta == Nanos::ZERO {
        return Err(
            wrong("delta", "a bound above zero", "0s").hint("no message arrives in no time")
        );
    }
    match (gst, at_most) {
        (Some(_), Some(_)) => {
            Err(wrong("delta-at-most", "a bound after `gst`, or an unknown one", "both")
                .hint("leave out `gst` or `delta-at-most`"))
        }
        (None, _) if adverse => {
            let key = if loss.is_some() {
                "loss"
            } else if hold.is_some() {
                "hold"
            } else {
                "delay"
            };
            Err(wrong(key, "`gst`, until when an adversary has the messages", "none")
                .hint("write gst = \"2s\""))
        }
        (None, Some(at_most)) if at_most < delta => {
            Err(wrong("delta-at-most", "a bound of at least `delta`", "a shorter one"))
        }
        (None, at_most) => {
            let at_most = at_most.unwrap_or(delta);
            Ok(Synchrony::UnknownBound { at_least: delta, at_most })
        }
        (Some(gst), None) => {
            let before = Adversary {
                loss: loss.unwrap_or(usual.loss),
                hold: hold.unwrap_or(usual.hold),
                delay: delay.unwrap_or(usual.delay),
            };
            Ok(Synchrony::AfterGst { gst, delta, before })
        }
    }
}
