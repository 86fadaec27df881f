//! A queue as somebody states it: a model after Kendall's notation, rates and variations. What
//! cannot be a queue is refused here, so that formulas need not ask.

use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use std::str::FromStr;

/// A model, in Kendall's notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Poisson arrivals, exponential service, one server.
    MM1,
    /// Poisson arrivals, exponential service, c servers.
    MMc,
    /// Poisson arrivals, constant service, one server.
    MD1,
    /// Poisson arrivals, any service, one server.
    MG1,
    /// Any arrivals, any service, c servers.
    GGc,
}

impl Model {
    /// Every model, the simplest first.
    pub const ALL: [Self; 5] = [Self::MM1, Self::MMc, Self::MD1, Self::MG1, Self::GGc];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MM1 => "M/M/1",
            Self::MMc => "M/M/c",
            Self::MD1 => "M/D/1",
            Self::MG1 => "M/G/1",
            Self::GGc => "G/G/c",
        }
    }

    /// Whether it may have more than one server.
    pub const fn has_many_servers(self) -> bool {
        matches!(self, Self::MMc | Self::GGc)
    }
}

impl FromStr for Model {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |name: &str| name.replace('/', "").to_lowercase();
        let wanted = plain(text);
        if let Some(model) = Self::ALL.into_iter().find(|model| plain(model.name()) == wanted) {
            return Ok(model);
        }
        // Kendall's notation with the number in it.
        let count = wanted.trim_start_matches(|letter: char| !letter.is_ascii_digit());
        let kind = wanted.strip_suffix(count).unwrap_or_default();
        if let (Some(model), Ok(servers)) = (several(kind), count.parse::<u32>()) {
            let expected = format!("{} with its number of servers apart", model.name());
            return Err(Error::new(Blame::Caller, expected, format!("{text:?}"))
                .hint(format!("--model {} --servers {servers}", model.name())));
        }
        let names = Self::ALL.map(Self::name);
        let hint = match nearest(&text.to_uppercase(), names) {
            Some(near) if text.len() > 2 => {
                format!("did you mean {near}? One of {}; --servers says how many", names.join(", "))
            }
            _ => format!("one of {}; --servers says how many", names.join(", ")),
        };
        Err(Error::new(Blame::Caller, "a model of a queue", format!("{text:?}")).hint(hint))
    }
}

/// The model of many servers whose arrivals and services are of this kind.
fn several(kind: &str) -> Option<Model> {
    match kind {
        "mm" => Some(Model::MMc),
        "gg" => Some(Model::GGc),
        _ => None,
    }
}

/// A stable queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    model: Model,
    servers: u32,
    arrival: f64,
    service: f64,
    arrival_variation: f64,
    service_variation: f64,
}

/// More servers than this are not computed.
const SERVERS_MAX: u32 = 1_000_000;

fn wrong(expected: &str, got: impl Into<String>, hint: &str) -> Error {
    Error::new(Blame::Caller, expected, got.into()).hint(hint)
}

impl Queue {
    /// A queue with `arrival` arrivals and `service` services a server per unit of time. Variations
    /// are those of the model unless given (`Ca^2` and `Cs^2`); one that contradicts the model is
    /// refused, and so is a queue that would grow for ever.
    pub fn new(
        model: Model,
        servers: u32,
        (arrival, service): (f64, f64),
        (arrival_variation, service_variation): (Option<f64>, Option<f64>),
    ) -> Result<Self, Error> {
        if servers == 0 || servers > SERVERS_MAX || (servers > 1 && !model.has_many_servers()) {
            let expected = if model.has_many_servers() {
                format!("1 to {SERVERS_MAX} servers")
            } else {
                format!("one server, as {} has", model.name())
            };
            let hint = if model.has_many_servers() {
                "--servers says how many there are".to_owned()
            } else {
                let several = if model == Model::MM1 { "M/M/c" } else { "G/G/c" };
                format!("{several} has as many servers as --servers says")
            };
            return Err(wrong(&expected, format!("{servers} servers"), &hint));
        }
        for (rate, name) in [(arrival, "arrival"), (service, "service")] {
            if !(rate.is_finite() && rate > 0.0 && (1e-12..=1e12).contains(&rate)) {
                let expected = format!("a rate of {name} from 1e-12 to 1e12 per unit of time");
                return Err(wrong(&expected, format!("{rate}"), "write a rate such as 3.2"));
            }
        }
        let queue = Self {
            model,
            servers,
            arrival,
            service,
            arrival_variation: variation(arrival_variation, fixed_arrivals(model), "arrivals")?,
            service_variation: variation(service_variation, fixed_services(model), "services")?,
        };
        queue.stable()
    }

    fn stable(self) -> Result<Self, Error> {
        let rho = self.utilisation();
        if rho < 1.0 {
            return Ok(self);
        }
        let needed = (self.offered().floor() + 1.0).max(2.0);
        let more = if self.model.has_many_servers() {
            format!("at least {needed} servers")
        } else {
            format!(
                "{} with at least {needed} servers",
                if self.model == Model::MM1 { "M/M/c" } else { "G/G/c" }
            )
        };
        let most = f64::from(self.servers) * self.service;
        let expected = "a stable queue: utilisation below 1";
        let got = format!("utilisation {rho:.4}: the queue grows for ever");
        let hint = format!("{more}, or an arrival rate below {most}, would keep up");
        Err(wrong(expected, got, &hint))
    }

    /// The model.
    pub const fn model(&self) -> Model {
        self.model
    }
    /// How many servers.
    pub const fn servers(&self) -> u32 {
        self.servers
    }
    /// Arrivals per unit of time.
    pub const fn arrival(&self) -> f64 {
        self.arrival
    }
    /// Services of one server per unit of time.
    pub const fn service(&self) -> f64 {
        self.service
    }
    /// Ca^2: the variance of the time between arrivals over its mean squared.
    pub const fn arrival_variation(&self) -> f64 {
        self.arrival_variation
    }
    /// Cs^2: the same of service times.
    pub const fn service_variation(&self) -> f64 {
        self.service_variation
    }
    /// The load in servers: arrivals over services of one server.
    pub const fn offered(&self) -> f64 {
        self.arrival / self.service
    }
    /// Rho: the share of time for which a server works.
    pub fn utilisation(&self) -> f64 {
        self.offered() / f64::from(self.servers)
    }
}

/// The variation that a model prescribes.
fn fixed_arrivals(model: Model) -> Option<f64> {
    (model != Model::GGc).then_some(1.0)
}

fn fixed_services(model: Model) -> Option<f64> {
    match model {
        Model::MM1 | Model::MMc => Some(1.0),
        Model::MD1 => Some(0.0),
        Model::MG1 | Model::GGc => None,
    }
}

fn variation(given: Option<f64>, fixed: Option<f64>, of: &str) -> Result<f64, Error> {
    let value = given.or(fixed).unwrap_or(1.0);
    if !(value.is_finite() && (0.0..=1e4).contains(&value)) {
        let expected = format!("a squared coefficient of variation of {of} from 0 to 10000");
        return Err(wrong(&expected, format!("{value}"), "0 is constant, 1 exponential"));
    }
    match fixed {
        #[expect(clippy::float_cmp, reason = "given as typed or fixed as written")]
        Some(fixed) if fixed != value => {
            let expected = format!("the variation of {of} that the model has, {fixed}");
            Err(wrong(&expected, format!("{value}"), "M/G/1 or G/G/c take a variation of your own"))
        }
        _ => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{Model, Queue};
    use avouch_promise::{Blame, Error};

    fn refused(model: Model, servers: u32, rates: (f64, f64)) -> Error {
        let error = Queue::new(model, servers, rates, (None, None)).expect_err("refused");
        assert!(error.blame == Blame::Caller && !error.hint.is_empty(), "{error}");
        error
    }

    #[test]
    fn a_queue_that_grows_for_ever_is_refused_with_what_would_keep_up() {
        assert!(refused(Model::MMc, 4, (4.0, 1.0)).hint.starts_with("at least 5 servers"));
        assert!(refused(Model::MMc, 4, (9.5, 1.0)).hint.starts_with("at least 10 servers"));
        assert!(refused(Model::MM1, 1, (1.0, 1.0)).hint.starts_with("M/M/c with at least 2"));
        assert!(refused(Model::MG1, 1, (3.0, 2.0)).hint.contains("an arrival rate below 2"));
    }

    #[test]
    fn nonsense_is_refused() {
        for (model, servers, rates) in [
            (Model::MM1, 2, (0.5, 1.0)),
            (Model::MMc, 0, (0.5, 1.0)),
            (Model::GGc, u32::MAX, (0.5, 1.0)),
            (Model::MM1, 1, (0.0, 1.0)),
            (Model::MM1, 1, (-1.0, 1.0)),
            (Model::MM1, 1, (0.5, f64::NAN)),
            (Model::MM1, 1, (0.5, f64::INFINITY)),
        ] {
            refused(model, servers, rates);
        }
        for variations in [(Some(2.0), None), (None, Some(2.0)), (None, Some(-1.0))] {
            assert!(Queue::new(Model::MM1, 1, (0.5, 1.0), variations).is_err());
        }
        assert!(Queue::new(Model::GGc, 2, (0.5, 1.0), (Some(2.0), Some(0.0))).is_ok());
    }

    #[test]
    fn a_model_is_found_however_it_is_written() {
        for model in Model::ALL {
            assert_eq!(model.name().parse(), Ok(model));
            assert_eq!(model.name().to_lowercase().replace('/', "").parse(), Ok(model));
        }
        for (text, hint) in [("M/M/3", "M/M/c --servers 3"), ("gg12", "G/G/c --servers 12")] {
            let error = text.parse::<Model>().expect_err("a number");
            assert_eq!(error.hint, format!("--model {hint}"));
        }
        for strange in ["", "é", "M", "M/é/3", "M/M/99999999999"] {
            assert!(!strange.parse::<Model>().expect_err("no model").hint.is_empty());
        }
        let error = "M/M/k".parse::<Model>().expect_err("no such model");
        assert!(error.hint.contains("M/M/"), "{error}");
    }
}
