//! What `avouch plan` takes. Each help ends with examples, which a test runs as they stand.

pub(crate) use super::placement::Aim;
use crate::quantity;
use avouch_promise::guarantee::Guarantee;
use avouch_world::queueing::Model;
use clap::{Args, Subcommand};

pub(crate) const EXAMPLES: &str = "\
Examples:
  avouch plan rtt us-east-1 Frankfurt
  avouch plan queue --model M/M/c --servers 4 --arrival 3.2 --service 1
  avouch plan latency --guarantee linearizable --replicas 3";

const RTT: &str = "\
Examples:
  avouch plan rtt us-east-1 eu-west-1
  avouch plan rtt Nairobi 'Sao Paulo' --bytes 64KiB --rate 1Gbit
  avouch plan rtt --all
  avouch plan rtt --places --format json";

const QUEUE: &str = "\
Models: M/M/1, M/M/c (Erlang C), M/D/1, M/G/1 (Pollaczek-Khinchine), G/G/c (Allen-Cunneen).

Examples:
  avouch plan queue --model M/M/c --servers 4 --arrival 3.2 --service 1
  avouch plan queue --model M/G/1 --arrival 800 --service 1000 --service-variation 4
  avouch plan queue --model G/G/c --servers 8 --arrival 6 --service 1 --arrival-variation 2 --service-variation 0.5
  avouch plan queue --errors --servers 4 --utilisation 0.8 --customers 100000";

const LATENCY: &str = "\
Examples:
  avouch plan latency --guarantee linearizable --regions us-east-1,us-west-2,eu-west-1,ap-northeast-1,sa-east-1
  avouch plan latency --replicas 3 --minimise max
  avouch plan latency --guarantee bounded-staleness=2s --replicas 3 --clients eu-west-1,eu-central-1,sa-east-1
  avouch plan latency --replicas 5 --leader eu-central-1 --format json";

/// `avouch plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// What is planned.
    #[command(subcommand)]
    pub what: What,
}

/// What is planned.
#[derive(Debug, Subcommand)]
pub enum What {
    /// How long a message takes between two places, and how short it could be
    #[command(after_help = RTT)]
    Rtt(Rtt),
    /// How long requests wait for servers: by formula, beside a simulation
    #[command(after_help = QUEUE)]
    Queue(Queue),
    /// What each guarantee takes at least on a placement of replicas, and the best placement
    #[command(after_help = LATENCY)]
    Latency(Latency),
}

/// `avouch plan rtt`.
#[derive(Debug, Args)]
pub struct Rtt {
    /// From: an AWS region or a city
    #[arg(value_name = "PLACE", required_unless_present_any = ["all", "places"])]
    pub from: Option<String>,
    /// To
    #[arg(value_name = "PLACE", required_unless_present_any = ["all", "places"])]
    pub to: Option<String>,
    /// What the whole table of AWS regions shows: stretch, faster detours, drift, classes
    #[arg(long, conflicts_with_all = ["from", "to", "places"])]
    pub all: bool,
    /// Every place that has a name here
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub places: bool,
    /// The size of the sampled message
    #[arg(long, value_name = "SIZE", default_value = "1400", value_parser = quantity::size, allow_negative_numbers = true)]
    pub bytes: u64,
    /// The rate of every wire on the way, in bits per second as in 10Gbit or 100Mbit
    #[arg(long, value_name = "RATE", default_value = "10Gbit", value_parser = quantity::rate)]
    pub rate: u64,
    /// How many switches and routers are on the way; by distance unless given
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=255))]
    pub hops: Option<u32>,
    /// What names the sampled delay; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
}

/// `avouch plan queue`.
#[derive(Debug, Args)]
pub struct Queue {
    /// The model, in Kendall's notation
    #[arg(long, value_name = "MODEL", required_unless_present = "errors")]
    pub model: Option<Model>,
    /// How many servers there are
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    pub servers: u32,
    /// Arrivals per unit of time; which unit is up to you, and waits come in the same
    #[arg(
        long,
        value_name = "RATE",
        required_unless_present = "errors",
        allow_negative_numbers = true
    )]
    pub arrival: Option<f64>,
    /// Services of one server per unit of time
    #[arg(
        long,
        value_name = "RATE",
        required_unless_present = "errors",
        allow_negative_numbers = true
    )]
    pub service: Option<f64>,
    /// `Ca^2`: variance of the time between arrivals over its mean squared (G/G/c); 1 unless given
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub arrival_variation: Option<f64>,
    /// `Cs^2`: variance of the service time over its mean squared (M/G/1, G/G/c); 1 unless given
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    pub service_variation: Option<f64>,
    /// How far Allen and Cunneen's approximation is off, for 16 pairs of variations
    #[arg(long, conflicts_with_all = ["model", "arrival", "service", "arrival_variation", "service_variation"])]
    pub errors: bool,
    /// The utilisation at which --errors compares
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.8,
        requires = "errors",
        allow_negative_numbers = true
    )]
    pub utilisation: f64,
    /// How many customers are simulated; 4 million unless given, for --errors 1 million each
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1_000..=1_000_000_000))]
    pub customers: Option<u64>,
    /// What names the simulated queue; without it `AVOUCH_SEED`, or 1
    #[arg(long, value_name = "SEED")]
    pub seed: Option<u64>,
}

/// `avouch plan latency`.
#[derive(Debug, Args)]
pub struct Latency {
    /// The guarantee that is to be cheap (`avouch guarantees` lists them)
    #[arg(long, short, value_name = "GUARANTEE", default_value = "linearizable")]
    pub guarantee: Guarantee,
    /// The regions of the replicas; with --replicas those among which the best are looked for
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub regions: Vec<String>,
    /// How many replicas to place, in the best of the regions; without --regions of all 33
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=9))]
    pub replicas: Option<u32>,
    /// The region of the leader; the best one unless given
    #[arg(long, value_name = "REGION")]
    pub leader: Option<String>,
    /// The regions of the clients; those of --regions unless given
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub clients: Vec<String>,
    /// What is made small over the clients' regions
    #[arg(long, value_enum, default_value_t)]
    pub minimise: Aim,
}
