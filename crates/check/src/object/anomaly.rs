//! What can be wrong with an object, in the field's terms, and how each is told.
//!
//! | anomaly | in words |
//! |---|---|
//! | lost | what was certainly there is missing from a read, and nobody sees it any more |
//! | stale | it is missing from a read, but seen again later |
//! | duplicated | it is there more often than it was put there |
//! | unexpected | it is there, and nobody had put it there |
//! | long fork | of two reads each sees something that the other one does not |
//! | causal reverse | a read sees what was put there later, and not what was there before |
//! | wrong total | two reads of a bank's accounts add up to different totals |
//! | negative balance, missing balance, unexpected account | a read of accounts that cannot be |
//! | too low, too high | a counter is read below all that was added before, or above all that was |
//! | duplicate id | an identity was given out twice |
//! | inconsistent offsets | two messages at one offset of a log |
//! | duplicate message | one message at two offsets |
//! | lost message | consumers polled what stands behind it, and nobody polled it |
//! | unseen | it was acknowledged, a consumer before it asked and was given nothing, nor was anybody |
//! | unexpected message | it was polled, and nobody had sent it |
//! | G1a, aborted read | it was polled, and its sending failed |
//! | precommitted read | a transaction polled what it sent itself |
//! | G1c, circular information flow | transactions that polled from each other in a circle |
//! | poll skip, nonmonotonic poll | a consumer leaves out a message, or goes back |
//! | send skip | between two that one operation sent stands another one's; noted, for logs may |
//! | nonmonotonic send | it stands before one that had been acknowledged when it was sent |

use super::datum::Datum;

/// One anomaly: the places of the operations that show it, and the values that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What it is.
    pub kind: Kind,
    /// The operations; what each is depends on the kind.
    pub operations: Vec<usize>,
    /// The values.
    pub values: Vec<Datum>,
}

/// Kinds of anomalies, with what their operations and values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The operation by which an element was there, the read that lacks it; the element.
    Lost,
    /// The same and a later read that sees it.
    Stale,
    /// A read; the element.
    Duplicated,
    /// A read; the element.
    Unexpected,
    /// Reads, each of which sees its key and not the next one's; those keys, around.
    LongFork,
    /// An earlier addition, a later one, a read; both elements.
    CausalReverse,
    /// Two reads; their totals.
    WrongTotal,
    /// A read; the account.
    NegativeBalance,
    /// A read; the account.
    MissingBalance,
    /// Two reads; an account that only the second one knows.
    UnexpectedAccount,
    /// A read; the bound.
    TooLow,
    /// A read; the bound.
    TooHigh,
    /// Two operations; the identity.
    DuplicateId,
    /// Two operations that show different messages; the key, the offset.
    InconsistentOffsets,
    /// Two operations that show it at different offsets; the key, the message.
    DuplicateMessage,
    /// Who sent it, who polled a later one; the key, the message.
    LostMessage,
    /// Who sent it, who polled before it, who asked again and was given nothing; the key, the
    /// message.
    Unseen,
    /// A poll; the key, the message.
    UnexpectedMessage,
    /// Who sent it, who polled it; the key, the message.
    AbortedMessage,
    /// A transaction; the key, the message.
    Precommitted,
    /// Transactions, each of which polled what the next one sent.
    CircularMessages,
    /// The poll before, the poll after; the key, the message skipped.
    PollSkip,
    /// The poll before, the poll after; the key, the message polled again or too late.
    NonmonotonicPoll,
    /// Who sent two, who tells of one between; the key, the message between.
    SendSkip,
    /// An earlier send, a later one; the key, the message that is too early.
    NonmonotonicSend,
}

impl Kind {
    /// Whether it is one of logs of messages.
    pub(super) fn is_of_logs(self) -> bool {
        self >= Self::InconsistentOffsets
    }
}

impl Anomaly {
    pub(super) fn new(kind: Kind, operations: &[usize], values: &[&Datum]) -> Self {
        let values = values.iter().map(|value| (*value).clone()).collect();
        Self { kind, operations: operations.to_vec(), values }
    }

    /// What it takes in a list of such.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + self.operations.len() * size_of::<usize>()
            + self.values.len() * size_of::<Datum>()
    }

    fn value(&self, place: usize) -> String {
        self.values.get(place).map(Datum::to_string).unwrap_or_default()
    }

    /// Its name.
    pub fn title(&self) -> String {
        let value = self.value(0);
        match self.kind {
            Kind::Lost => format!("lost element {value}"),
            Kind::Stale => format!("stale read: {value} is missing, and seen again later"),
            Kind::Duplicated => format!("duplicated element {value}"),
            Kind::Unexpected => format!("unexpected element {value}"),
            Kind::LongFork => "long fork".to_owned(),
            Kind::CausalReverse => "causal reverse".to_owned(),
            Kind::WrongTotal => format!("wrong total {}", self.value(1)),
            Kind::NegativeBalance => format!("negative balance of account {value}"),
            Kind::MissingBalance => format!("missing balance of account {value}"),
            Kind::UnexpectedAccount => format!("unexpected account {value}"),
            Kind::TooLow => "counter too low".to_owned(),
            Kind::TooHigh => "counter too high".to_owned(),
            Kind::DuplicateId => format!("duplicate id {value}"),
            kind => self.title_of_logs(kind),
        }
    }

    fn title_of_logs(&self, kind: Kind) -> String {
        let (key, message) = (self.value(0), self.value(1));
        match kind {
            Kind::InconsistentOffsets => {
                format!("inconsistent offsets: two messages at {message} of key {key}")
            }
            Kind::DuplicateMessage => format!("duplicate message {message} in key {key}"),
            Kind::LostMessage => format!("lost message {message} of key {key}"),
            Kind::Unseen => format!("unseen message {message} of key {key}"),
            Kind::SendSkip => format!("send skip over {message} in key {key}"),
            Kind::UnexpectedMessage => format!("unexpected message {message} in key {key}"),
            Kind::AbortedMessage => format!("G1a, aborted read of {message} in key {key}"),
            Kind::Precommitted => format!("precommitted read of {message} in key {key}"),
            Kind::CircularMessages => {
                format!("G1c, circular information flow of {} transactions", self.operations.len())
            }
            Kind::PollSkip => format!("poll skip: {message} of key {key} is left out"),
            Kind::NonmonotonicPoll => format!("nonmonotonic poll of {message} in key {key}"),
            _ => format!("nonmonotonic send of {message} to key {key}"),
        }
    }

    fn told_of_logs(&self, name: impl Fn(usize) -> String) -> String {
        let (key, message) = (self.value(0), self.value(1));
        let named: Vec<String> = self.operations.iter().map(|one| name(*one)).collect();
        let of = |place: usize| named.get(place).map(String::as_str).unwrap_or_default();
        let (one, two) = (of(0), of(1));
        match self.kind {
            Kind::InconsistentOffsets => {
                format!("{one} and {two} show different messages at offset {message} of key {key}")
            }
            Kind::DuplicateMessage => {
                format!("{one} and {two} show {message} at different offsets of key {key}")
            }
            Kind::LostMessage => format!(
                "{one} put {message} into key {key}, {two} polled what stands behind it, and nobody \
                 polled {message}"
            ),
            Kind::Unseen => format!(
                "{one} put {message} into key {key}; {} polled after that, from before {message} as \
                 {two} shows, and was given nothing; nor was anybody ever given {message}",
                of(2)
            ),
            Kind::SendSkip => {
                format!("{message} of key {key}, as {two} shows, stands between what {one} sent")
            }
            Kind::UnexpectedMessage => {
                format!("when {one} ended, nobody had sent {message} to key {key}")
            }
            Kind::AbortedMessage => format!("{one} failed, and {two} polled its {message}"),
            Kind::Precommitted => {
                format!("{one} polled {message}, which it sent itself and had not committed")
            }
            Kind::CircularMessages => {
                format!(
                    "each polled what the next one sent: {}, and again the first",
                    named.join(", ")
                )
            }
            Kind::PollSkip if one == two => {
                format!("{one} goes on from before {message} of key {key} to behind it")
            }
            Kind::PollSkip => {
                format!("{one} ends before {message} of key {key}, and {two} goes on behind it")
            }
            Kind::NonmonotonicPoll => {
                let last = if one == two { "it" } else { one };
                format!(
                    "{two} polls {message} of key {key}, at or before what {last} had polled last"
                )
            }
            _ => format!(
                "{two} puts {message} at or before what {one} had put into key {key} before"
            ),
        }
    }

    /// Why that cannot be; `name` names an operation.
    pub(super) fn told(&self, name: impl Fn(usize) -> String) -> String {
        if self.kind.is_of_logs() {
            return self.told_of_logs(name);
        }
        let (value, other) = (self.value(0), self.value(1));
        let of =
            |place: usize| self.operations.get(place).map(|one| name(*one)).unwrap_or_default();
        let (one, two, three) = (of(0), of(1), of(2));
        match self.kind {
            Kind::Lost if two.is_empty() => {
                format!("{value} was there after {one}, and nobody took it before all was taken")
            }
            Kind::Lost => format!(
                "{value} was there after {one}; {two} began after that and does not see it, and \
                 nobody sees it later"
            ),
            Kind::Stale => format!(
                "{value} was there after {one}; {two} began after that and does not see it, but \
                 {three} does"
            ),
            Kind::Duplicated => format!("{one} has {value} more often than it was put there"),
            Kind::Unexpected => format!("when {one} ended, nobody had put {value} there"),
            Kind::LongFork if self.operations.len() > 2 => {
                let places = 0..self.operations.len();
                let sees = |place: usize| {
                    let next = self.value((place + 1) % self.values.len().max(1));
                    format!("{} sees {} without {next}", of(place), self.value(place))
                };
                let all: Vec<String> = places.map(sees).collect();
                format!("{}: no order explains all", all.join(", "))
            }
            Kind::LongFork => format!(
                "{one} sees {value} without {other}, and {two} sees {other} without {value}: no \
                 order of the two explains both"
            ),
            Kind::CausalReverse => format!(
                "{one} of {value} had ended before {two} of {other} began, but {three} sees \
                 {other} without {value}"
            ),
            Kind::WrongTotal => {
                format!("{one} adds up to {value}, {two} to {other}: transfers keep the total")
            }
            Kind::NegativeBalance => format!("{one} sees account {value} below zero"),
            Kind::MissingBalance => format!("{one} sees no balance of account {value}"),
            Kind::UnexpectedAccount => format!("{two} knows account {value}, {one} did not"),
            Kind::TooLow => format!("what had been added before {one} began is at least {value}"),
            Kind::TooHigh => {
                format!("what had been asked for before {one} ended is at most {value}")
            }
            Kind::DuplicateId => format!("{one} and {two} were both given {value}"),
            _ => String::new(),
        }
    }
}
