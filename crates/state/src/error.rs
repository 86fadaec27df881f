//! Why an operation was refused: etcd's own errors, word for word, and the few that etcd has no
//! word for.
//!
//! A refusal is part of the replicated answer: it is a pure function of state and operation, it
//! has a canonical encoding, and nothing was changed by an operation that was refused. The one
//! exception is [`Error::NoSpace`], which may raise the alarm. Codes are gRPC's.

use avouch_promise::{Blame, Decode, DecodeError, Encode, Reader, Writer};
use std::fmt;

macro_rules! errors {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident = $byte:literal, $code:expr, $message:literal, $blame:ident;
    )+) => {
        /// Why an operation was refused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Error {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Error {
            /// Every error, in the order of the encoding.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// gRPC's status code.
            pub const fn code(self) -> u32 {
                match self { $(Self::$name => $code,)+ }
            }
            /// The message, as etcd words it where etcd has it.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)+ }
            }
            /// Who is to blame.
            pub const fn blame(self) -> Blame {
                match self { $(Self::$name => Blame::$blame,)+ }
            }
        }

        impl Encode for Error {
            fn encode(&self, out: &mut Writer) {
                out.u8(match self { $(Self::$name => $byte,)+ });
            }
        }
        impl Decode for Error {
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let error = input.error("an error's number");
                match input.u8()? { $($byte => Ok(Self::$name),)+ _ => Err(error) }
            }
        }
    };
}

const INVALID_ARGUMENT: u32 = 3;
const NOT_FOUND: u32 = 5;
const RESOURCE_EXHAUSTED: u32 = 8;
const FAILED_PRECONDITION: u32 = 9;
const OUT_OF_RANGE: u32 = 11;
const DATA_LOSS: u32 = 15;

errors! {
    /// A key is missing where one must stand.
    EmptyKey = 1, INVALID_ARGUMENT, "etcdserver: key is not provided", Caller;
    /// A put that keeps the old value or lease of a key that does not exist; also an operation of
    /// a transaction that names nothing to do.
    KeyNotFound = 2, INVALID_ARGUMENT, "etcdserver: key not found", Caller;
    /// A value beside `ignore_value`.
    ValueProvided = 3, INVALID_ARGUMENT, "etcdserver: value is provided", Caller;
    /// A lease beside `ignore_lease`.
    LeaseProvided = 4, INVALID_ARGUMENT, "etcdserver: lease is provided", Caller;
    /// More than [`crate::MAX_OPERATIONS`] in one list of a transaction, counted down by nesting.
    TooManyOperations = 5, INVALID_ARGUMENT, "etcdserver: too many operations in txn request", Caller;
    /// A transaction that may put one key twice, or put and delete it.
    DuplicateKey = 6, INVALID_ARGUMENT, "etcdserver: duplicate key given in txn request", Caller;
    /// A sort order or target that does not exist.
    InvalidSortOption = 7, INVALID_ARGUMENT, "etcdserver: invalid sort option", Caller;
    /// The revision asked for is compacted.
    Compacted = 8, OUT_OF_RANGE, "etcdserver: mvcc: required revision has been compacted", Caller;
    /// The revision asked for has not come yet.
    FutureRevision = 9, OUT_OF_RANGE, "etcdserver: mvcc: required revision is a future revision", Caller;
    /// The quota is used up and the alarm is raised: delete, compact, then disarm the alarm.
    NoSpace = 10, RESOURCE_EXHAUSTED, "etcdserver: mvcc: database space exceeded", Environment;
    /// A request larger than [`crate::MAX_REQUEST_BYTES`].
    RequestTooLarge = 11, INVALID_ARGUMENT, "etcdserver: request is too large", Caller;
    /// A lease that does not exist.
    LeaseNotFound = 12, NOT_FOUND, "etcdserver: requested lease not found", Caller;
    /// The alarm for corrupt data is raised.
    CorruptAlarm = 13, DATA_LOSS, "etcdserver: corrupt cluster", Corrupt;
    /// Bytes in the log that are no request or no operation.
    Malformed = 64, INVALID_ARGUMENT, "avouch: the request's body is not an operation", Caller;
    /// A request that its client had declared settled, or whose answer is no longer kept. It was
    /// not applied now; whether it was applied earlier is unknown.
    Forgotten = 65, FAILED_PRECONDITION, "avouch: the answer to this request is no longer kept", Caller;
    /// A request that carries another request's name.
    NameReused = 66, FAILED_PRECONDITION, "avouch: another request of this client has this sequence", Caller;
    /// An operation that writes, where only reading is possible.
    NotReadOnly = 67, FAILED_PRECONDITION, "avouch: a write cannot be answered without the log", Caller;
}

impl Error {
    /// What to do about it.
    pub const fn hint(self) -> &'static str {
        match self {
            Self::NoSpace => "delete, compact, then disarm the alarm",
            Self::Compacted => "read at a later revision, or without one",
            Self::FutureRevision => "read without a revision, or wait for it",
            Self::Forgotten => "read what it was to write before sending it anew under a new name",
            Self::NameReused => "count a client's requests from 1 and never go back",
            Self::RequestTooLarge => "split the value",
            Self::TooManyOperations => "split the transaction",
            _ => "",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
impl std::error::Error for Error {}

impl From<Error> for avouch_promise::Error {
    fn from(error: Error) -> Self {
        Self::new(error.blame(), "an operation that can be applied", error.message())
            .hint(error.hint())
    }
}
