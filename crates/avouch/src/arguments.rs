//! The command line: one definition, from which parsing, help and hints come.
//!
//! Every command's help ends with examples, which a test runs as they stand.

use crate::quantity;
use crate::screen::Format;
use avouch_check::Level;
use avouch_check::memory::Model;
use avouch_promise::Error;
use avouch_promise::guarantee::Guarantee;
use avouch_promise::nearest::nearest;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

const EXIT: &str = "\
Exit codes:
  0 holds   1 refuted or violated   2 unknown
  3 usage   4 environment   5 a peer's error   6 corrupt data";

const CHECK: &str = "\
Of several histories the worst counts: 1 if one is violated, else the code of the first error, else 2 if one
is unknown. 3 is what is wrong with what was asked (a path, a level that the history does not have, a bound); 6
is whatever is wrong with what a file holds, in every format.

docs/formats.md shows the smallest example of each format.

Examples:
  avouch check session.history
  avouch check session.history --time 10s --memory 256MiB --format json
  avouch check transactions.txt --level causal
  avouch check appends.edn registers.edn --level strict-serializable
  avouch check set.edn bank.json
  avouch check queue.edn --model fifo-queue
  avouch check registers.edn --model multi-register
  avouch check session.history --model monotonic-reads
  avouch check appends.edn session.history --format html > report.html
  avouch check session.history --format svg > witness.svg
  avouch check store-buffer.edn --objects --level serializable
  avouch check session.history --convert session.stream
  avouch check session.history --convert - > session.stream
  avouch check appends.edn --level serializable --format json > report.json
  avouch check appends.edn --recheck report.json
  avouch check session.history --stream
  avouch check stamped.json --level snapshot-isolation
  avouch check stamped.json --stream --level serializable
  avouch check stamped.json --ignore-stamps --level serializable";

const FIRST: &str = "\
A first session:
  avouch up
  avouch put stock/42 17                           (in another terminal)
  avouch get stock/42 --near eu-west-1 --evidence stock.evidence
  avouch verify stock.evidence

Exit codes:
  0 holds   1 refuted or violated   2 unknown
  3 usage   4 environment   5 a peer's error   6 corrupt data";

/// A geo-replicated key-value store whose answers carry evidence.
///
/// Every request names the guarantee that it needs; every answer carries evidence that it got it,
/// which anybody can verify offline with the cluster's public trust file.
#[derive(Debug, Parser)]
#[command(name = "avouch", version, after_help = FIRST, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Text for people, or JSON on stdout for programs; `check` also makes a page or a picture,
    /// `clock audit` metrics
    #[arg(long, global = true, value_enum, default_value_t)]
    pub format: Shape,
}

/// The shape of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// For people.
    #[default]
    Text,
    /// For programs: JSON on stdout.
    Json,
    /// Of `check`: one page that stands alone.
    Html,
    /// Of `check`: the witnesses alone, as a picture.
    Svg,
    /// Of `clock audit`: metrics, as Prometheus reads them.
    Prometheus,
}

impl Shape {
    /// The shape of all that is neither a page nor a picture.
    pub fn format(self) -> Format {
        if self == Self::Json { Format::Json } else { Format::Text }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a cluster of five AWS regions in this process
    #[command(
        after_help = "Examples:\n  avouch up\n  avouch up --data shop --delay off --record full --port 4379"
    )]
    Up(Up),
    /// Read a key or a range of keys
    #[command(
        after_help = "Examples:\n  avouch get stock/42\n  avouch get stock/42 --guarantee consistent-prefix --near sa-east-1\n  avouch get stock/ --prefix --keys-only\n  avouch get stock/42 --session shop.session\n  avouch get stock/42 --evidence stock.evidence --format json"
    )]
    Get(Get),
    /// Write a key
    #[command(
        after_help = "Examples:\n  avouch put stock/42 17\n  avouch put stock/42 16 --near ap-northeast-1 --evidence stock.evidence\n  avouch put stock/42 14 --session shop.session\n  echo 15 | avouch put stock/42 -"
    )]
    Put(Put),
    /// Delete a key or a range of keys
    #[command(
        after_help = "Examples:\n  avouch del stock/7\n  avouch del old/ --prefix --evidence stock.evidence"
    )]
    Del(Del),
    /// If every comparison holds do one thing, else another, all at once
    #[command(
        after_help = "Comparisons: value(KEY), version(KEY), create(KEY), mod(KEY) or lease(KEY), then = != < or >, then a value.
Steps: put KEY VALUE, get KEY [END], get KEY --prefix, del KEY [END], del KEY --prefix. Quote what holds spaces.

Examples:
  avouch txn --if 'version(stock/9) = 0' --then 'put stock/9 100' --else 'get stock/9'
  avouch txn --if 'value(stock/9) = 100' --if 'mod(stock/9) > 0' --then 'put stock/9 99' --then 'put sold/9 1'"
    )]
    Txn(Txn),
    /// Judge evidence offline: needs only the files and the cluster's trust file
    #[command(after_help = format!("Examples:\n  avouch verify stock.evidence\n  avouch verify stock.evidence --trust avouch-data/trust.json --format json\n\n{EXIT}"))]
    Verify(Verify),
    /// Judge histories: did the answers keep their promises?
    #[command(after_help = format!("{CHECK}\n\n{EXIT}"))]
    Check(Check),
    /// Show the table of guarantees, or explain one
    #[command(after_help = "Examples:\n  avouch guarantees\n  avouch guarantees linearizable")]
    Guarantees(Guarantees),
    /// Found a cluster of real nodes: configurations, keys and the trust file
    #[command(
        after_help = "Examples:\n  avouch init --data nodes --node 127.0.0.1:5379 --node 127.0.0.1:5381 --node 127.0.0.1:5383"
    )]
    Init(Init),
    /// Run one real node
    #[command(after_help = "\
What tells the node the time stands in its configuration, in a table [clock]; without one its clock has
no bound, which it says, and bounded-staleness costs a round trip to a quorum:
  sources = [\"192.0.2.1\", \"192.0.2.2:123\"]   NTP servers that it asks itself; three outvote a liar;
                                             nts://HOST has to vouch for its time
  authority = \"ca.pem\"                       whose word counts for that, instead of the machine's
  drift = \"50ppm\", poll = \"16s\"             by how much its oscillator may be off; how often they are asked
  segment = \"/var/run/clockbound/shm0\"       or what a ClockBound segment claims
  chrony = \"127.0.0.1:323\"                   or what chronyd claims

Examples:
  avouch serve --config nodes/n1/node.toml")]
    Serve(Serve),
    /// Break a cluster of its own in a minute, and judge every answer that it gave
    #[command(after_help = crate::tour::options::EXAMPLES)]
    Tour(crate::tour::options::Options),
    /// Run named incidents in a simulated world, each from a seed, and judge every answer
    #[command(after_help = crate::lab::options::EXAMPLES)]
    Lab(crate::lab::options::Lab),
    /// Say what clocks and their stamps say
    #[command(after_help = crate::commands::clock::arguments::EXAMPLES)]
    Clock(crate::commands::clock::arguments::Clock),
    /// Plan before building: round trips and their floors, queues, guarantees and placements
    #[command(after_help = crate::commands::plan::arguments::EXAMPLES)]
    Plan(crate::commands::plan::arguments::Plan),
}

/// `avouch up`.
#[derive(Debug, Args)]
pub struct Up {
    /// Where the cluster keeps its data; started again on the same folder, it goes on where it was
    #[arg(long, value_name = "DIR", default_value = crate::cluster::DEFAULT_DATA)]
    pub data: PathBuf,
    /// Whether messages between regions take as long as measured between AWS regions
    #[arg(long, value_enum, default_value_t)]
    pub delay: Switch,
    /// The regions, by AWS's names: an odd number decides best
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub regions: Vec<String>,
    /// The first client port; the others are the next even steps, peers between; 0 takes free ones
    #[arg(long, value_name = "BASE", default_value_t = 2379)]
    pub port: u16,
    /// Which steps each node writes down in its folder, as steps.tsv; sampled: one of 16
    #[arg(long, value_enum, default_value_t)]
    pub record: Record,
}

/// Which steps are written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Record {
    /// None.
    #[default]
    Off,
    /// One of 16.
    Sampled,
    /// Every one.
    Full,
}

impl From<Record> for avouch_store::host::Recording {
    fn from(record: Record) -> Self {
        match record {
            Record::Off => Self::Off,
            Record::Sampled => Self::Sampled,
            Record::Full => Self::Full,
        }
    }
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    #[default]
    On,
    /// Off.
    Off,
}

/// Which cluster is asked, and how.
#[derive(Debug, Args)]
pub struct Asked {
    /// The guarantee that the answer must have (`avouch guarantees` lists them)
    #[arg(long, short, value_name = "GUARANTEE", default_value = "linearizable")]
    pub guarantee: Guarantee,
    /// The region, or node such as n3, to ask first
    #[arg(long, value_name = "REGION", conflicts_with = "endpoint")]
    pub near: Option<String>,
    /// Add request, answer and evidence to this file
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    /// Follow the highest hybrid stamp in this file, and keep the answer's in it
    #[arg(long, value_name = "FILE")]
    pub session: Option<PathBuf>,
    /// How long to try, as in 500ms or 10s
    #[arg(long, value_name = "SPAN", default_value = "10s", value_parser = quantity::deadline)]
    pub deadline: Duration,
    /// The cluster file, or a folder with one; without it the one that `AVOUCH_CLUSTER` names, or
    /// the last cluster that `up` started or `init` founded, or the one in avouch-data
    #[arg(long, value_name = "FILE")]
    pub cluster: Option<PathBuf>,
    /// A node's address host:port, instead of a cluster file; may be repeated. Where no known
    /// cluster lists it, evidence can be judged only with --trust
    #[arg(long, value_name = "ADDRESS", conflicts_with = "cluster")]
    pub endpoint: Vec<String>,
    /// The trust file, or a folder with one, instead of the one that the cluster file names
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
}

/// A key, or a range of keys.
#[derive(Debug, Args)]
pub struct Keys {
    /// The key
    #[arg(allow_negative_numbers = true)]
    pub key: OsString,
    /// The key to stop before, for a range
    #[arg(allow_negative_numbers = true, value_name = "END", conflicts_with_all = ["prefix", "from_key"])]
    pub end: Option<OsString>,
    /// Every key that begins with KEY
    #[arg(long, conflicts_with = "from_key")]
    pub prefix: bool,
    /// Every key from KEY on
    #[arg(long)]
    pub from_key: bool,
}

/// `avouch get`.
#[derive(Debug, Args)]
pub struct Get {
    /// What.
    #[command(flatten)]
    pub keys: Keys,
    /// At most this many keys; 0 for all
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pub limit: i64,
    /// As of this revision; 0 for the present one
    #[arg(long, value_name = "REVISION", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pub rev: i64,
    /// Write values as they are, also to a terminal, where control characters are escaped otherwise
    #[arg(long)]
    pub raw: bool,
    /// Leave the values out
    #[arg(long)]
    pub keys_only: bool,
    /// Only count the keys
    #[arg(long, conflicts_with = "keys_only")]
    pub count_only: bool,
    /// How.
    #[command(flatten)]
    pub asked: Asked,
}

/// `avouch put`.
#[derive(Debug, Args)]
pub struct Put {
    /// The key
    #[arg(allow_negative_numbers = true)]
    pub key: OsString,
    /// The value; `-` reads it from stdin, without a newline at its end
    #[arg(allow_negative_numbers = true)]
    pub value: OsString,
    /// Answer with what it was before
    #[arg(long)]
    pub previous: bool,
    /// How.
    #[command(flatten)]
    pub asked: Asked,
}

/// `avouch del`.
#[derive(Debug, Args)]
pub struct Del {
    /// What.
    #[command(flatten)]
    pub keys: Keys,
    /// Answer with what was deleted
    #[arg(long)]
    pub previous: bool,
    /// How.
    #[command(flatten)]
    pub asked: Asked,
}

/// `avouch txn`.
#[derive(Debug, Args)]
pub struct Txn {
    /// A comparison that must hold; may be repeated
    #[arg(long = "if", value_name = "COMPARISON")]
    pub compare: Vec<String>,
    /// A step to take if all hold; may be repeated
    #[arg(long = "then", value_name = "STEP", required = true)]
    pub success: Vec<String>,
    /// A step to take otherwise; may be repeated
    #[arg(long = "else", value_name = "STEP")]
    pub failure: Vec<String>,
    /// How.
    #[command(flatten)]
    pub asked: Asked,
}

/// `avouch verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Evidence files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// The cluster's trust file, or a folder with one; without it that of the cluster that the
    /// evidence names, where `up`, `init` or --cluster has seen it
    #[arg(long, value_name = "FILE")]
    pub trust: Option<PathBuf>,
    /// The cluster file that names the trust file
    #[arg(long, value_name = "FILE", conflicts_with = "trust")]
    pub cluster: Option<PathBuf>,
}

/// A model that a history is judged by.
#[derive(Clone, Copy, Debug)]
pub enum ByModel {
    /// An object, whose operations have one order.
    Object(avouch_check::Model),
    /// A model of gets and puts.
    Operations(Model),
}

impl FromStr for ByModel {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(model) = text.parse() {
            return Ok(Self::Object(model));
        }
        let error: Error = match text.parse() {
            Ok(model) => return Ok(Self::Operations(model)),
            Err(error) => error,
        };
        if text.parse::<Level>().is_ok() {
            let hint = format!("that is a level of transactions: --level {text}");
            return Err(Error { expected: MODEL.to_owned(), hint, ..error });
        }
        if text.contains('=') {
            return Err(error);
        }
        if ["register", "cas-register", "kv", "map"].contains(&text.to_ascii_lowercase().as_str()) {
            let hint = "gets and puts are judged by what they promise: linearizable (as without a \
                        model), sequential, regular or safe; transactions on several registers by \
                        multi-register";
            return Err(Error { expected: MODEL.to_owned(), hint: hint.to_owned(), ..error });
        }
        let names = [avouch_check::Model::names(), Model::names()].concat();
        let hint = match nearest(&text.to_ascii_lowercase(), names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of {}", names.join(", ")),
        };
        Err(Error { expected: MODEL.to_owned(), hint, ..error })
    }
}

const MODEL: &str = "a model of an object, or of gets and puts,";

/// What a history is judged by, and the name by which it was asked for: the answer carries that.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// What is meant.
    pub what: T,
    /// As it was typed.
    pub name: String,
}

impl FromStr for Named<ByModel> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Ok(Self { what: text.parse()?, name: text.to_owned() })
    }
}

impl FromStr for Named<Level> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text.parse::<Level>() {
            Ok(what) => Ok(Self { what, name: text.to_owned() }),
            Err(error) if text.parse::<ByModel>().is_ok() => {
                Err(error.hint(format!("that is a model of operations: --model {text}")))
            }
            Err(error) => Err(error),
        }
    }
}

/// `avouch check`.
#[derive(Clone, Debug, Args)]
pub struct Check {
    /// Histories: avouch's own, as text or stream; Jepsen's register logs or maps; its list-append,
    /// rw-register, bank, set, counter, queue, unique-ids, long-fork, causal-reverse, lock, kafka
    /// and closed-predicate in EDN or JSON, or as stored in a test.jepsen; transactions in Plume's
    /// text, dbcop's bincode, JSON or text, or a folder of cobra's logs, or with the store's own
    /// stamps in Chronos' JSON (judged by those stamps); a folder with operations.json and
    /// watch.json of a run of etcd's robustness tests; `-` is stdin
    #[arg(required = true, value_name = "HISTORY")]
    pub histories: Vec<PathBuf>,
    /// Judge transactions by this level: read-uncommitted, read-committed (Adya's; of AWDIT, Plume
    /// and dbcop it is monotonic-atomic-view), cursor-stability, read-atomic, update-atomic,
    /// causal, consistent-view, parallel-snapshot-isolation, update-serializable, prefix,
    /// repeatable-read, snapshot-isolation, serializable, or one of the first two and the last two
    /// as strong-session-...; where there is real time, as strong-... or strict-serializable too;
    /// Jepsen's appends also by monotonic-view; those with stamps by snapshot-isolation and
    /// serializable, and both as strong-session-... Adya's names (pl-2+) are known, too, and
    /// abbreviations (SI, SER, RC, RA, PSI, TCC, 1SR). The others are noted. Without it by all of
    /// them
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<Named<Level>>,
    /// Judge operations by one order that an object allows (mutex, counter, set, fifo-queue,
    /// priority-queue, stack, log or multi-register); or gets and puts by a model, whatever each
    /// was promised: linearizable, sequential, red-blue (red: promised sequential or more),
    /// causal-plus, causal-convergence, causal-memory, causal, pram, read-your-writes,
    /// monotonic-reads, monotonic-writes, writes-follow-reads, regular, safe, convergent,
    /// consistent-prefix, k-atomic=2, delta-atomic=50ms, bounded-staleness=2s or =5v (the worst
    /// staleness is measured then). The other models are noted
    #[arg(long, value_name = "MODEL", conflicts_with = "level")]
    pub model: Option<Named<ByModel>>,
    /// Judge every object alone, too, and say what holds of each and not of the whole
    #[arg(long, conflicts_with = "model")]
    pub objects: bool,
    /// Judge avouch's own histories, as text or stream, or transactions with the store's stamps, as
    /// they come, in memory that does not grow with them. Of single operations,
    /// linearizability of gets and puts whose values are unlike; anything else is unknown, with the
    /// reason. Transactions may arrive up to 8192 behind their place by commit stamp, and events up
    /// to 4096: so a violation is found when so many more have come, or at the end. That of an
    /// operation ends the judgement with its verdict. That of a transaction is told on stderr at
    /// once, for each level; what a late one cannot mend (a conflict, a session, its own writes)
    /// ends it when every level asked is violated so
    #[arg(long, conflicts_with_all = ["objects", "convert", "ignore_stamps"])]
    pub stream: bool,
    /// Judge transactions that carry the store's own stamps as if they carried none: whether any
    /// order explains what was read. With their stamps it is asked whether the order of those does
    #[arg(long, conflicts_with_all = ["model", "convert"])]
    pub ignore_stamps: bool,
    /// Convert the one history, and judge nothing: a stream (compressed, checksummed, judged as it
    /// is) to text, anything else but a run of etcd's tests to a stream. OUT must not be there yet;
    /// `-` is stdout
    #[arg(long, value_name = "OUT", conflicts_with_all = ["level", "model", "objects"])]
    pub convert: Option<PathBuf>,
    /// Judge nothing, but look again at a report that --format json printed: whether each
    /// operation, edge and fault that its witnesses name is in the history, and what the level
    /// forbids. A verifier does that which knows the history and the report and nothing of the
    /// judge. Holds: all is there; violated: something is not, and what; unknown: the report does
    /// not carry enough. `-` is stdin
    #[arg(long, value_name = "REPORT", conflicts_with_all =
        ["level", "model", "objects", "stream", "convert", "ignore_stamps"])]
    pub recheck: Option<PathBuf>,
    /// How long to read and judge each before the verdict is unknown (1m; with --stream no bound).
    /// A search asks now and then, so that a short one ends with its verdict; nothing goes on for
    /// more than half as long again. What was decided by then is told with its witness
    #[arg(long, value_name = "SPAN", value_parser = quantity::span)]
    pub time: Option<Duration>,
    /// How much memory the search's tables may take, and the file, before the verdict is unknown
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = quantity::size)]
    pub memory: u64,
}

/// `avouch guarantees`.
#[derive(Debug, Args)]
pub struct Guarantees {
    /// The one to explain
    pub name: Option<String>,
}

/// `avouch init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Where to put the nodes' folders
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// A node's address host:port for clients, or NAME=host:port; its peers reach it on the next
    /// port; once for each node
    #[arg(long, value_name = "ADDRESS", required = true)]
    pub node: Vec<String>,
}

/// `avouch serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The node's configuration
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
