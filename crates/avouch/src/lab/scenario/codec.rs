//! How each kind of quantity is written in a scenario, both ways: what is written is read back as
//! exactly the same value, so that a scenario made by the lab runs exactly as the run it came from.

use super::reader::{Value, describe};
use super::source::Problem;
use crate::quantity::{exact, exact_rate, nanos_of, rate};
use avouch_machine::Seq;
use avouch_promise::{Nanos, NodeId};
use avouch_world::geography::Region;
use avouch_world::{Delay as Distribution, Path};
use std::fmt::Write as _;
use toml::de::DeValue;

/// The nodes that a scenario can name: `n1`, or by its region where each has its own.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// How many nodes.
    pub nodes: u32,
    /// Their regions, in order; empty where they have none.
    pub regions: Vec<Region>,
}

impl Names {
    fn node(&self, word: &str) -> Option<NodeId> {
        let number = word.strip_prefix('n').and_then(|number| number.parse::<u32>().ok());
        if let Some(number) = number.filter(|number| (1..=self.nodes).contains(number)) {
            return Some(NodeId(number));
        }
        let is_it = |region: &&Region| region.name() == word;
        let only = self.regions.iter().filter(is_it).count() == 1;
        let at = self.regions.iter().position(|region| region.name() == word);
        at.filter(|_| only).map(|at| NodeId(at as u32 + 1))
    }

    fn all(&self) -> Vec<String> {
        let numbered = (1..=self.nodes).map(|number| format!("n{number}"));
        numbered.chain(self.regions.iter().map(|region| region.name().to_owned())).collect()
    }

    fn hear(&self, value: &Value<'_>, word: &str) -> Result<NodeId, Problem> {
        self.node(word).ok_or_else(|| {
            let known = self.all();
            let expected = format!("one of the {} nodes", self.nodes);
            if word.strip_prefix('n').is_some_and(|number| number.parse::<u64>().is_ok()) {
                return Problem::new(value.span(), expected, format!("`{word}`"))
                    .hint(format!("they are n1 to n{}", self.nodes));
            }
            Problem::unknown(value.span(), &expected, word, known.iter().map(String::as_str))
        })
    }
}

/// How one kind of value is written and read.
pub trait Codec {
    /// The kind.
    type Value;
    /// What it is, for errors.
    const WHAT: &'static str;
    /// One of them, as it is written.
    const EXAMPLE: &'static str;
    /// Reads one.
    fn hear(value: &Value<'_>, names: &Names) -> Result<Self::Value, Problem>;
    /// Writes one.
    fn speak(value: &Self::Value) -> String;
    /// The value of a member that may be absent, where absence has a meaning.
    fn absent() -> Option<Self::Value> {
        None
    }
    /// Whether a value is said by leaving its member out.
    fn is_absent(_: &Self::Value) -> bool {
        false
    }
}

fn wrong<C: Codec>(value: &Value<'_>) -> Problem {
    Problem::new(value.span(), C::WHAT, describe(value.get_ref()))
        .hint(format!("write {}", C::EXAMPLE))
}

fn text<'a, C: Codec>(value: &'a Value<'_>) -> Result<&'a str, Problem> {
    value.get_ref().as_str().ok_or_else(|| wrong::<C>(value))
}

/// An integer, in whichever radix it is written.
fn whole(value: &Value<'_>) -> Option<i128> {
    match value.get_ref() {
        DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// A text in quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        // Writing to a string cannot fail.
        let _ = match character {
            '"' | '\\' => write!(out, "\\{character}"),
            control if control.is_control() => write!(out, "\\u{:04x}", u32::from(control)),
            plain => write!(out, "{plain}"),
        };
    }
    out + "\""
}

macro_rules! codecs {
    ($($(#[$doc:meta])* $name:ident: $value:ty = $what:literal, $example:literal,
        |$heard:ident, $names:ident| $hear:expr, |$spoken:ident| $speak:expr;)+) => {
        $(
            $(#[$doc])*
            pub struct $name;
            impl Codec for $name {
                type Value = $value;
                const WHAT: &'static str = $what;
                const EXAMPLE: &'static str = $example;
                fn hear($heard: &Value<'_>, $names: &Names) -> Result<$value, Problem> {
                    $hear
                }
                fn speak($spoken: &$value) -> String {
                    $speak
                }
            }
        )+
    };
}

codecs! {
    /// A text.
    Text: String = "a text", "\"words\"",
        |value, _names| text::<Text>(value).map(str::to_owned), |text| quoted(text);
    /// A span of time.
    Span: Nanos = "a span of time", "\"250ms\"",
        |value, _names| nanos_of(text::<Span>(value)?).ok_or_else(|| wrong::<Span>(value)),
        |span| quoted(&exact(*span));
    /// A span of time with a sign, in nanoseconds.
    SignedSpan: i64 = "a span of time that may be negative", "\"-250ms\"",
        |value, _names| {
            let said = text::<SignedSpan>(value)?;
            let span = nanos_of(said.trim_start_matches('-')).filter(|span| span.0 < 1 << 62);
            let size = span.ok_or_else(|| wrong::<SignedSpan>(value))?.0.cast_signed();
            Ok(if said.starts_with('-') { -size } else { size })
        },
        |span| {
            let sign = if *span < 0 { "-" } else { "" };
            quoted(&format!("{sign}{}", exact(Nanos(span.unsigned_abs()))))
        };
    /// One node.
    Node: NodeId = "a node", "\"n1\"",
        |value, names| names.hear(value, text::<Node>(value)?), |node| quoted(&node.to_string());
    /// Several nodes.
    Nodes: Vec<NodeId> = "a list of nodes", "[\"n1\", \"n2\"]",
        |value, names| list::<Nodes, Node>(value, names), |nodes| spoken::<Node>(nodes);
    /// The sides of a partition.
    Sides: Vec<Vec<NodeId>> = "a list of lists of nodes", "[[\"n1\"], [\"n2\", \"n3\"]]",
        |value, names| list::<Sides, Nodes>(value, names), |sides| spoken::<Nodes>(sides);
    /// Which directed links.
    Links: Path = "links", "\"n1 -> n2\", \"* -> n2\" or \"all\"",
        |value, names| {
            let said = text::<Links>(value)?;
            if said == "all" {
                return Ok(Path::ALL);
            }
            let (from, to) = said.split_once("->").ok_or_else(|| wrong::<Links>(value))?;
            let end = |word: &str| match word.trim() {
                "*" => Ok(None),
                word => names.hear(value, word).map(Some),
            };
            Ok(Path { from: end(from)?, to: end(to)? })
        },
        |path| {
            let end = |node: Option<NodeId>| node.map_or("*".to_owned(), |node| node.to_string());
            match path {
                Path { from: None, to: None } => quoted("all"),
                path => quoted(&format!("{} -> {}", end(path.from), end(path.to))),
            }
        };
    /// A share between 0 and 1.
    Share: f64 = "a share from 0 to 1", "0.25",
        |value, names| Number::hear(value, names).ok().filter(|share| (0.0..=1.0).contains(share))
            .ok_or_else(|| wrong::<Share>(value)),
        |share| Number::speak(share);
    /// A number of at least 0.
    Number: f64 = "a number of at least 0", "1.5",
        |value, _names| {
            let said = match value.get_ref() {
                DeValue::Integer(_) => {
                    whole(value).and_then(|number| number.to_string().parse().ok())
                }
                DeValue::Float(number) => number.as_str().replace('_', "").parse::<f64>().ok(),
                _ => None,
            };
            said.filter(|number| number.is_finite() && *number >= 0.0)
                .ok_or_else(|| wrong::<Number>(value))
        },
        |number| format!("{number:?}");
    /// A count.
    Count: u64 = "a count", "8",
        |value, _names| whole(value).and_then(|number| number.try_into().ok())
            .ok_or_else(|| wrong::<Count>(value)),
        |count| count.to_string();
    /// A count of at least 1 that fits into 32 bits.
    Times: u32 = "a count of at least 1", "10",
        |value, names| Count::hear(value, names).ok().and_then(|count| u32::try_from(count).ok())
            .filter(|count| *count > 0).ok_or_else(|| wrong::<Times>(value)),
        |count| count.to_string();
    /// Parts per billion, with a sign.
    PartsPerBillion: i64 = "parts per billion", "-50_000",
        |value, _names| whole(value).and_then(|number| number.try_into().ok())
            .ok_or_else(|| wrong::<PartsPerBillion>(value)),
        |parts| parts.to_string();
    /// True or false.
    Flag: bool = "true or false", "true",
        |value, _names| match value.get_ref() {
            DeValue::Boolean(word) => Ok(*word),
            _ => Err(wrong::<Flag>(value)),
        },
        |flag| flag.to_string();
    /// A region by its name.
    Place: Region = "the name of an AWS region", "\"eu-west-1\"",
        |value, _names| {
            let said = text::<Place>(value)?;
            Region::parse(said).map_err(|_| {
                Problem::unknown(value.span(), Place::WHAT, said, Region::all().map(Region::name))
            })
        },
        |region| quoted(region.name());
    /// Several regions.
    Places: Vec<Region> = "a list of regions", "[\"us-east-1\", \"eu-west-1\", \"sa-east-1\"]",
        |value, names| list::<Places, Place>(value, names), |regions| spoken::<Place>(regions);
    /// A shortest and a longest span.
    Between: Vec<Nanos> = "a shortest and a longest span", "[\"50ms\", \"2s\"]",
        |value, names| list::<Between, Span>(value, names).ok()
            .filter(|ends| ends.len() == 2 && ends.is_sorted())
            .ok_or_else(|| wrong::<Between>(value)),
        |ends| spoken::<Span>(ends);
    /// Bits per second.
    Rate: u64 = "a rate of bits per second", "\"100Mbit\"",
        |value, _names| rate(text::<Rate>(value)?).map_err(|_| wrong::<Rate>(value)),
        |bits| quoted(&exact_rate(*bits));
    /// A distribution of delays.
    Delay: Distribution = "a delay",
        "\"constant 5ms\", \"uniform 1ms 4ms\", \"log-normal 3ms 8ms\", \"pareto 5ms 1.5\", \
        \"normal 5ms 1ms 3ms\" or \"adversarial 5ms\"",
        |value, _names| super::delay::hear(text::<Delay>(value)?)
            .ok_or_else(|| wrong::<Delay>(value)),
        |delay| quoted(&super::delay::speak(delay));
}

/// A delay, or none.
pub struct MaybeDelay;

impl Codec for MaybeDelay {
    type Value = Option<Distribution>;
    const WHAT: &'static str = Delay::WHAT;
    const EXAMPLE: &'static str = Delay::EXAMPLE;
    fn hear(value: &Value<'_>, names: &Names) -> Result<Self::Value, Problem> {
        Delay::hear(value, names).map(Some)
    }
    fn speak(value: &Self::Value) -> String {
        value.as_ref().map(Delay::speak).unwrap_or_default()
    }
    fn absent() -> Option<Self::Value> {
        Some(None)
    }
    fn is_absent(value: &Self::Value) -> bool {
        value.is_none()
    }
}

/// The number of a record, or any.
pub struct MaybeRecord;

impl Codec for MaybeRecord {
    type Value = Option<Seq>;
    const WHAT: &'static str = "the number of a record";
    const EXAMPLE: &'static str = "12";
    fn hear(value: &Value<'_>, names: &Names) -> Result<Self::Value, Problem> {
        Count::hear(value, names).map(|count| Some(Seq(count)))
    }
    fn speak(value: &Self::Value) -> String {
        value.map(|seq| seq.0.to_string()).unwrap_or_default()
    }
    fn absent() -> Option<Self::Value> {
        Some(None)
    }
    fn is_absent(value: &Self::Value) -> bool {
        value.is_none()
    }
}

fn list<Whole: Codec, Each: Codec>(
    value: &Value<'_>,
    names: &Names,
) -> Result<Vec<Each::Value>, Problem> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().map(|item| Each::hear(item, names)).collect(),
        _ => Err(wrong::<Whole>(value)),
    }
}

fn spoken<Each: Codec>(items: &[Each::Value]) -> String {
    format!("[{}]", items.iter().map(Each::speak).collect::<Vec<_>>().join(", "))
}
