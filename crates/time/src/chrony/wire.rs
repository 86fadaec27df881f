//! Requests and answers, byte by byte.
//!
//! ```text
//!   request   0  version 6, type 1, 0, 0        answer   0  version 6, type 2, 0, 0
//!             4  question, attempt                       4  question, report
//!             8  sequence                                8  status, 0
//!            12  0, 0                                   12  0, 0
//!            20  index, where one is asked for          16  sequence
//!             -  padding                                20  0, 0
//!                                                       28  the report
//! ```

use super::report::{ServerStatistics, SourceReport, SourceStatistics, Tracking};
use std::fmt;

/// Bytes of a request, which are as many as the longest answer has.
pub const REQUEST_BYTES: usize = 28 + 168;

const VERSION: u8 = 6;
const REQUEST: u8 = 1;
const ANSWER: u8 = 2;
const ANSWER_HEADER: usize = 28;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// What it thinks of its clock.
    Tracking,
    /// How many sources it has.
    Sources,
    /// What it thinks of one of them.
    Source(u32),
    /// What it made of that one's measurements.
    SourceStatistics(u32),
    /// What it serves; only asked over its own socket.
    ServerStatistics,
}

impl Question {
    fn code(self) -> u16 {
        match self {
            Self::Sources => 14,
            Self::Source(_) => 15,
            Self::Tracking => 33,
            Self::SourceStatistics(_) => 34,
            Self::ServerStatistics => 54,
        }
    }

    fn index(self) -> u32 {
        match self {
            Self::Source(index) | Self::SourceStatistics(index) => index,
            _ => 0,
        }
    }
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Report {
    /// To [`Question::Tracking`].
    Tracking(Tracking),
    /// To [`Question::Sources`].
    Sources(u32),
    /// To [`Question::Source`].
    Source(SourceReport),
    /// To [`Question::SourceStatistics`].
    SourceStatistics(SourceStatistics),
    /// To [`Question::ServerStatistics`].
    ServerStatistics(ServerStatistics),
}

/// Not an answer of chronyd's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Fewer bytes than it takes.
    Short {
        /// So many came.
        got: usize,
        /// So many are needed.
        needed: usize,
    },
    /// Another version of the protocol.
    Version(u8),
    /// No answer but something else, by its number.
    Type(u8),
    /// A report that answers another question, by its number.
    Report(u16),
    /// A real number that is none, or an instant that is none.
    Number,
    /// An address of no known family.
    Family(u16),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { got, needed } => {
                write!(f, "{got} bytes where an answer has at least {needed}")
            }
            Self::Version(version) => {
                write!(f, "version {version} of the command protocol where {VERSION} is known")
            }
            Self::Type(kind) => write!(f, "a packet of type {kind}, which is no answer"),
            Self::Report(report) => write!(f, "report {report}, which answers something else"),
            Self::Number => f.write_str("an instant with more than a second of nanoseconds"),
            Self::Family(family) => write!(f, "an address of family {family}"),
        }
    }
}

/// Why there is no report in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No answer.
    Malformed(Malformed),
    /// An answer to another request.
    NotToThis,
    /// chronyd refuses, by its number.
    Status(u16),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match self {
            Self::Malformed(why) => return write!(f, "{why}"),
            Self::NotToThis => return f.write_str("an answer to another request"),
            Self::Status(status) => status,
        };
        match status {
            1 => f.write_str("chronyd failed to answer"),
            2 => f.write_str("chronyd answers this only over its own socket"),
            3 => f.write_str("chronyd does not know this question"),
            4 => f.write_str("chronyd has no such source"),
            6 => f.write_str("chronyd has this switched off"),
            18 => f.write_str("chronyd speaks another version"),
            19 => f.write_str("chronyd wants a longer request"),
            other => write!(f, "chronyd refuses (status {other})"),
        }
    }
}

/// The request for it, under a sequence number that nobody can guess.
pub fn request(question: Question, sequence: u32) -> [u8; REQUEST_BYTES] {
    let mut bytes = [0; REQUEST_BYTES];
    bytes[..2].copy_from_slice(&[VERSION, REQUEST]);
    bytes[4..6].copy_from_slice(&question.code().to_be_bytes());
    bytes[8..12].copy_from_slice(&sequence.to_be_bytes());
    bytes[20..24].copy_from_slice(&question.index().to_be_bytes());
    bytes
}

/// What bytes that came say to a question that was asked under this number.
pub fn accept(bytes: &[u8], question: Question, sequence: u32) -> Result<Report, Refusal> {
    let mut fields = Fields { rest: bytes, whole: bytes.len(), needed: ANSWER_HEADER };
    read(&mut fields, question, sequence)
}

fn read(fields: &mut Fields<'_>, question: Question, sequence: u32) -> Result<Report, Refusal> {
    let [version, kind, _, _] = fields.take().map_err(Refusal::Malformed)?;
    if version != VERSION {
        return Err(Refusal::Malformed(Malformed::Version(version)));
    }
    if kind != ANSWER {
        return Err(Refusal::Malformed(Malformed::Type(kind)));
    }
    let header: Result<_, Malformed> = (|| {
        let (code, report, status) = (fields.u16()?, fields.u16()?, fields.u16()?);
        fields.skip(6)?;
        let echoed = fields.u32()?;
        fields.skip(8)?;
        Ok((code, report, status, echoed))
    })();
    let (code, report, status, echoed) = header.map_err(Refusal::Malformed)?;
    if code != question.code() || echoed != sequence {
        return Err(Refusal::NotToThis);
    }
    if status != 0 {
        return Err(Refusal::Status(status));
    }
    body(fields, question, report).map_err(Refusal::Malformed)
}

fn body(fields: &mut Fields<'_>, question: Question, report: u16) -> Result<Report, Malformed> {
    let expects = |length: usize, fields: &mut Fields<'_>| fields.needed = ANSWER_HEADER + length;
    Ok(match (question, report) {
        (Question::Sources, 2) => {
            expects(4, fields);
            Report::Sources(fields.u32()?)
        }
        (Question::Source(_), 3) => {
            expects(48, fields);
            Report::Source(SourceReport::read(fields)?)
        }
        (Question::Tracking, 5) => {
            expects(76, fields);
            Report::Tracking(Tracking::read(fields)?)
        }
        (Question::SourceStatistics(_), 6) => {
            expects(56, fields);
            Report::SourceStatistics(SourceStatistics::read(fields)?)
        }
        (Question::ServerStatistics, 24) => {
            expects(44, fields);
            Report::ServerStatistics(ServerStatistics::narrow(fields)?)
        }
        (Question::ServerStatistics, 25) => {
            expects(136, fields);
            Report::ServerStatistics(ServerStatistics::wide(fields)?)
        }
        _ => return Err(Malformed::Report(report)),
    })
}

/// What is left of an answer.
pub(super) struct Fields<'a> {
    rest: &'a [u8],
    whole: usize,
    needed: usize,
}

impl Fields<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let short = Malformed::Short { got: self.whole, needed: self.needed };
        let (field, rest) = self.rest.split_first_chunk::<N>().ok_or(short)?;
        self.rest = rest;
        Ok(*field)
    }

    pub(super) fn skip(&mut self, bytes: usize) -> Result<(), Malformed> {
        (0..bytes).try_for_each(|_| self.take::<1>().map(|_| ()))
    }

    pub(super) fn u16(&mut self) -> Result<u16, Malformed> {
        self.take().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        self.take().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.take().map(u64::from_be_bytes)
    }
}
