//! `clock`: what clocks and their stamps say.

pub(crate) mod arguments;
mod audit;
mod explain;
mod simulate;

use crate::arguments::Shape;
use crate::exit::Exit;
use crate::screen::Screen;
use arguments::{Clock, What};
use avouch_promise::{Blame, Error};

pub(super) fn run(clock: &Clock, shape: Shape, screen: &mut Screen) -> Result<Exit, Error> {
    if shape == Shape::Prometheus && !matches!(clock.what, What::Audit(_)) {
        return Err(Error::new(
            Blame::Caller,
            "text or json as the format of this command",
            "prometheus",
        )
        .hint("metrics are what `avouch clock audit` makes of its report"));
    }
    match &clock.what {
        What::Explain(explain) => explain::run(explain, screen).map(|()| Exit::DONE),
        What::Audit(audit) => audit::run(audit, shape, screen),
        What::Simulate(asked) => simulate::run(asked, screen),
    }
}
