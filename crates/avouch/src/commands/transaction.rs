//! `txn`: comparisons and steps from one-line texts.
//!
//! ```text
//! comparison = target "(" word ")" relation word       target: value version create mod lease
//! step       = ("get" | "del") word [word | "--prefix"] | "put" word word
//! word       = anything without space, ( ) = ! < > or ", or "..." with \" \\ \n \t inside, or
//!              '...' as it stands
//! ```

use super::ask::ask;
use crate::arguments::Txn;
use crate::exit::Exit;
use crate::screen::Screen;
use avouch_promise::nearest::nearest;
use avouch_promise::{Blame, Error};
use avouch_state::{
    Compare, DeleteRangeRequest, Operand, Operation, PutRequest, RangeRequest, Relation,
    TxnOperation, TxnRequest, prefix_end,
};
use bytes::Bytes;
use std::iter::Peekable;
use std::str::Chars;

pub(super) fn run(txn: &Txn, screen: &mut Screen) -> Result<Exit, Error> {
    let steps = |texts: &[String]| texts.iter().map(|text| step(text)).collect::<Result<_, _>>();
    let request = TxnRequest {
        compare: txn.compare.iter().map(|text| comparison(text)).collect::<Result<_, _>>()?,
        success: steps(&txn.success)?,
        failure: steps(&txn.failure)?,
    };
    let bytes = crate::shown::Bytes::to(screen);
    ask(&Operation::Txn(request), &txn.asked, bytes, screen)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Sign(char),
}

impl Token {
    fn word(self) -> Option<String> {
        match self {
            Self::Word(text) | Self::Quoted(text) => Some(text),
            Self::Sign(_) => None,
        }
    }
}

fn wrong(what: &str, text: &str, hint: &str) -> Error {
    Error::new(Blame::Caller, what, format!("`{text}`")).hint(hint)
}

/// Cuts a text into words and signs; in a step the signs of comparisons are plain characters.
fn tokens(text: &str, signs: &str) -> Result<Vec<Token>, Error> {
    let mut chars = text.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(&next) = chars.peek() {
        if next.is_whitespace() {
            chars.next();
        } else if next == '"' {
            chars.next();
            tokens.push(Token::Quoted(quoted(&mut chars, text)?));
        } else if next == '\'' {
            chars.next();
            tokens.push(Token::Quoted(verbatim(&mut chars, text)?));
        } else if signs.contains(next) {
            chars.next();
            tokens.push(Token::Sign(next));
        } else {
            let mut word = String::new();
            while let Some(next) =
                chars.next_if(|c| !c.is_whitespace() && !signs.contains(*c) && *c != '"')
            {
                word.push(next);
            }
            tokens.push(Token::Word(word));
        }
    }
    Ok(tokens)
}

fn quoted(chars: &mut Peekable<Chars<'_>>, text: &str) -> Result<String, Error> {
    let mut word = String::new();
    loop {
        match chars.next() {
            Some('"') => return Ok(word),
            Some('\\') => match chars.next() {
                Some('n') => word.push('\n'),
                Some('t') => word.push('\t'),
                Some(other @ ('"' | '\\')) => word.push(other),
                _ => return Err(wrong("\\\" \\\\ \\n or \\t behind a backslash", text, "")),
            },
            Some(other) => word.push(other),
            None => return Err(wrong("a closing quote", text, "close what was opened with \"")),
        }
    }
}

fn verbatim(chars: &mut Peekable<Chars<'_>>, text: &str) -> Result<String, Error> {
    let mut word = String::new();
    loop {
        match chars.next() {
            Some('\'') => return Ok(word),
            Some(other) => word.push(other),
            None => return Err(wrong("a closing quote", text, "close what was opened with '")),
        }
    }
}

fn comparison(text: &str) -> Result<Compare, Error> {
    const TARGETS: [&str; 5] = ["value", "version", "create", "mod", "lease"];
    let hint = "write it like value(stock/42) = 17 or version(stock/42) > 0";
    let bad = || wrong("a comparison", text, hint);
    let mut tokens = tokens(text, "()=!<>")?.into_iter();
    let target = tokens.next().and_then(Token::word).ok_or_else(bad)?;
    if !TARGETS.contains(&target.as_str()) {
        let hint = nearest(&target, TARGETS).map(|near| format!("did you mean `{near}`?"));
        let hint = hint.unwrap_or_else(|| format!("one of {}", TARGETS.join(", ")));
        return Err(wrong("what of a key is compared", &target, &hint));
    }
    if tokens.next() != Some(Token::Sign('(')) {
        return Err(bad());
    }
    let key = tokens.next().and_then(Token::word).ok_or_else(bad)?;
    if tokens.next() != Some(Token::Sign(')')) {
        return Err(bad());
    }
    let relation = match tokens.next() {
        Some(Token::Sign('=')) => Relation::Equal,
        Some(Token::Sign('<')) => Relation::Less,
        Some(Token::Sign('>')) => Relation::Greater,
        Some(Token::Sign('!')) if tokens.next() == Some(Token::Sign('=')) => Relation::NotEqual,
        _ => return Err(bad()),
    };
    let operand = tokens.next().and_then(Token::word).ok_or_else(bad)?;
    if tokens.next().is_some() {
        return Err(bad());
    }
    let number = || {
        operand.parse::<i64>().map_err(|_| wrong("a whole number to compare with", &operand, hint))
    };
    let operand = match target.as_str() {
        "version" => Operand::Version(number()?),
        "create" => Operand::Create(number()?),
        "mod" => Operand::Mod(number()?),
        "lease" => Operand::Lease(number()?),
        _ => Operand::Value(operand.into()),
    };
    Ok(Compare { key: key.into(), range_end: Bytes::new(), relation, operand })
}

fn step(text: &str) -> Result<TxnOperation, Error> {
    const VERBS: [&str; 3] = ["get", "put", "del"];
    let bad = |hint: &str| wrong("a step", text, hint);
    let words = tokens(text, "")?;
    let prefix = words.contains(&Token::Word("--prefix".into()));
    let words: Vec<_> =
        words.into_iter().filter(|word| *word != Token::Word("--prefix".into())).collect();
    let words: Vec<String> = words.into_iter().filter_map(Token::word).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
    let span = |key: &str, end: Option<&str>| {
        let end = end
            .map_or_else(|| if prefix { prefix_end(key.as_bytes()) } else { Bytes::new() }, bytes);
        (bytes(key), end)
    };
    match words.as_slice() {
        ["put", key, value] if !prefix => {
            let (key, value) = (bytes(key), bytes(value));
            Ok(TxnOperation::Put(PutRequest { key, value, ..PutRequest::default() }))
        }
        [verb @ ("get" | "del"), key, end @ ..] if end.len() + usize::from(prefix) <= 1 => {
            let (key, range_end) = span(key, end.first().copied());
            Ok(if *verb == "get" {
                TxnOperation::Range(RangeRequest { key, range_end, ..RangeRequest::default() })
            } else {
                TxnOperation::DeleteRange(DeleteRangeRequest { key, range_end, prev_kv: false })
            })
        }
        [verb, ..] if !VERBS.contains(verb) => {
            let near = nearest(verb, VERBS).map(|near| format!("did you mean `{near}`?"));
            Err(bad(&near.unwrap_or_else(|| format!("one of {}", VERBS.join(", ")))))
        }
        _ => Err(bad("write it like put KEY VALUE, get KEY, del KEY or get KEY --prefix")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparisons_read_as_they_are_written() {
        let read = comparison("value(\"a b\") != \"x\\\"y\"").unwrap();
        assert_eq!(read.key, "a b");
        assert_eq!(read.relation, Relation::NotEqual);
        assert_eq!(read.operand, Operand::Value("x\"y".into()));
        let read = comparison("version(stock/42)>0").unwrap();
        assert_eq!((read.relation, read.operand), (Relation::Greater, Operand::Version(0)));
        assert_eq!(comparison("mod(k) = -1").unwrap().operand, Operand::Mod(-1));
    }

    #[test]
    fn steps_read_as_they_are_written() {
        let put = PutRequest { key: "k".into(), value: "a=b".into(), ..PutRequest::default() };
        assert_eq!(step("put k a=b").unwrap(), TxnOperation::Put(put.clone()));
        assert_eq!(step("put k 'a=b'").unwrap(), TxnOperation::Put(put));
        let TxnOperation::Put(put) = step("put k don't").unwrap() else { panic!("a put") };
        assert_eq!(put.value, "don't", "a quote inside a word is a plain character");
        let TxnOperation::Put(put) = step("put k 'a \"b\" \\n'").unwrap() else { panic!("a put") };
        assert_eq!(put.value, "a \"b\" \\n", "as it stands");
        let TxnOperation::Range(range) = step("get k/ --prefix").unwrap() else { panic!("a get") };
        assert_eq!(range.range_end, "k0");
        let TxnOperation::DeleteRange(del) = step("del a c").unwrap() else { panic!("a del") };
        assert_eq!((del.key, del.range_end), ("a".into(), "c".into()));
    }

    #[test]
    fn what_cannot_be_read_is_the_callers_and_has_a_hint() {
        for text in ["", "value(k)", "value(k) = ", "value k = 1", "value(k) = 1 2", "value(k) ! 1"]
        {
            assert_eq!(comparison(text).unwrap_err().blame, Blame::Caller, "{text}");
        }
        assert_eq!(comparison("valeu(k) = 1").unwrap_err().hint, "did you mean `value`?");
        assert!(comparison("version(k) = many").unwrap_err().expected.contains("number"));
        assert!(comparison("value(k) = \"x").unwrap_err().expected.contains("quote"));
        assert!(step("put k 'x").unwrap_err().expected.contains("quote"));
        assert_eq!(step("ptu k v").unwrap_err().hint, "did you mean `put`?");
        for text in ["", "put k", "put k v w", "get", "get a b --prefix", "put k v --prefix"] {
            assert!(!step(text).unwrap_err().hint.is_empty(), "{text}");
        }
    }
}
