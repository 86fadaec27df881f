//! Judges histories and writes one page that shows what was found:
//! `cargo run --release -p avouch-check --example page -- FILE... > report.html`

use avouch_check::report::html::{Shown, page, picture};
use avouch_check::{Input, Limits};
use std::path::Path;

fn main() {
    let limits = Limits::default();
    let (alone, names): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument == "--svg");
    let read = |name: &String| {
        let input = Input::read(Path::new(name), &limits)?;
        let report = input.judge(None, &limits)?;
        Ok((input, report))
    };
    let all: Vec<_> = names.iter().map(|name| (name, read(name))).collect();
    let shown: Vec<_> = all
        .iter()
        .map(|(name, found)| match found {
            Ok((input, report)) => Shown::Judged { name, input, report, objects: None },
            Err(error) => Shown::Unread { name, error },
        })
        .collect();
    print!("{}", if alone.is_empty() { page(&shown) } else { picture(&shown) });
}
