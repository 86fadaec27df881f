//! `plan`: what geography and queues allow, before anything is built.

pub(crate) mod arguments;
mod floor;
mod latency;
mod placement;
mod queue;
mod route;
mod rtt;
mod summary;

use crate::exit::Exit;
use crate::screen::Screen;
use arguments::{Plan, What};
use avouch_promise::{Error, Random};

pub(super) fn run(plan: &Plan, screen: &mut Screen) -> Result<Exit, Error> {
    match &plan.what {
        What::Rtt(rtt) => rtt::run(rtt, screen),
        What::Queue(queue) => queue::run(queue, screen),
        What::Latency(latency) => latency::run(latency, screen),
    }?;
    Ok(Exit::DONE)
}

/// The seed that was typed, or that of the environment.
fn seed(typed: Option<u64>) -> u64 {
    typed.unwrap_or_else(Random::seed_from_environment)
}

/// A number with commas between its thousands.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        let written = [0, 12, 999, 1_000, 1_056, 123_456, 1_000_000].map(thousands);
        assert_eq!(written, ["0", "12", "999", "1,000", "1,056", "123,456", "1,000,000"]);
    }
}
