//! `lab`: named incidents in the simulated world.

use crate::exit::Exit;
use crate::lab::options::{Lab, What};
use crate::lab::shipped::{SHIPPED, Shipped, named};
use crate::lab::{divergence, gray, observer, synchrony};
use crate::screen::{Format, Screen};
use avouch_promise::Error;
use serde_json::{Value, json};

pub(super) fn run(lab: &Lab, screen: &mut Screen) -> Result<Exit, Error> {
    match &lab.what {
        What::Run(run) => super::lab_run::run(run, screen),
        What::List => Ok(list(screen)),
        What::Show(show) => {
            screen.data(named(&show.name)?.text.as_bytes());
            Ok(Exit::DONE)
        }
        What::Divergence(options) => divergence::run(options, screen),
        What::Gray(options) => gray::run(options, screen),
        What::Observer(options) => observer::run(options, screen),
        What::Synchrony(options) => synchrony::run(options, screen),
    }
}

fn list(screen: &mut Screen) -> Exit {
    if screen.format == Format::Json {
        let each = |one: &Shipped| json!({ "name": one.name, "summary": one.summary() });
        let all: Vec<_> = SHIPPED.iter().map(each).collect();
        screen.line(&Value::from(all).to_string());
        return Exit::DONE;
    }
    let width = SHIPPED.iter().map(|one| one.name.len()).max().unwrap_or(0);
    for one in SHIPPED {
        screen.line(&format!("{:width$}  {}", one.name, one.summary()));
    }
    Exit::DONE
}
