//! `clock`: what clocks and their stamps say.

pub(crate) mod arguments;
mod audit;
mod explain;

use crate::exit::Exit;
use crate::screen::Screen;
use arguments::{Clock, What};
use avouch_promise::Error;

pub(super) fn run(clock: &Clock, screen: &mut Screen) -> Result<Exit, Error> {
    match &clock.what {
        What::Explain(explain) => explain::run(explain, screen).map(|()| Exit::DONE),
        What::Audit(audit) => audit::run(audit, screen),
    }
}
