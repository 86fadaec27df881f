//! docs/formats.md shows how each format is written: every example there is judged as it stands,
//! and once more changed as told below it.

use avouch_check::{Limits, Word, judge_file};
use std::path::{Path, PathBuf};

/// A block of the page.
struct Block {
    name: String,
    format: String,
    is_hex: bool,
    text: String,
}

/// Blocks that are one history, and what is told below them: what stands for what.
struct Example {
    blocks: Vec<Block>,
    with: String,
    instead: String,
}

fn examples(page: &str) -> Vec<Example> {
    let (mut found, mut blocks) = (Vec::new(), Vec::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(head) = line.strip_prefix("```") {
            let mut words = head.splitn(3, ' ');
            let mut word = || words.next().unwrap_or_default().to_owned();
            let (language, name, format) = (word(), word(), word());
            let text = lines.by_ref().take_while(|line| *line != "```");
            let text = text.fold(String::new(), |text, line| text + line + "\n");
            blocks.push(Block { name, format, is_hex: language == "hex", text });
        } else if let Some(told) = line.strip_prefix("Violated with `") {
            let (with, rest) = told.split_once("` for `").expect("what for what");
            let instead = rest.strip_suffix("`.").expect("the end of the sentence");
            let (with, instead) = (with.to_owned(), instead.to_owned());
            found.push(Example { blocks: std::mem::take(&mut blocks), with, instead });
        }
    }
    assert!(blocks.is_empty(), "a block of which nothing is told");
    found
}

fn bytes(block: &Block, text: &str) -> Vec<u8> {
    if !block.is_hex {
        return text.as_bytes().to_vec();
    }
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// Writes an example, changed or not; where the history is.
fn write(example: &Example, room: &Path, is_changed: bool) -> PathBuf {
    let mut changed = 0;
    for block in &example.blocks {
        let mut text = block.text.clone();
        if is_changed {
            changed += text.matches(&example.instead).count();
            text = text.replace(&example.instead, &example.with);
        }
        let path = room.join(&block.name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, bytes(block, &text)).expect("a file");
    }
    assert!(!is_changed || changed == 1, "`{}` stands {changed} times", example.instead);
    let first = Path::new(&example.blocks[0].name).components().next().expect("a name");
    room.join(first)
}

#[test]
fn the_examples_of_the_page_hold_and_are_violated_once_changed() {
    let page = include_str!("../../../docs/formats.md");
    let room = std::env::temp_dir().join(format!("avouch-formats-{}", std::process::id()));
    let mut formats = Vec::new();
    for example in examples(page) {
        let name = &example.blocks[0].name;
        for (is_changed, expected) in [(false, Word::Holds), (true, Word::Violated)] {
            let path = write(&example, &room, is_changed);
            let report = judge_file(&path, &Limits::default());
            let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(report.verdict(), expected, "{name}, changed: {is_changed}: {report}");
            assert_eq!(report.format, example.blocks[0].format, "{name}");
        }
        formats.push(example.blocks[0].format.clone());
    }
    std::fs::remove_dir_all(&room).expect("the folder");
    // What is read has an example; a stream and a stored test are told of in words.
    assert_eq!(formats.len(), 26, "{formats:?}");
    for format in [
        "avouch history",
        "jepsen maps",
        "jepsen maps, JSON",
        "jepsen register log",
        "jepsen list-append, EDN",
        "jepsen rw-register, EDN",
        "jepsen closed-predicate, EDN",
        "jepsen kafka, EDN",
        "plume text",
        "transactions as text",
        "dbcop JSON",
        "dbcop text",
        "dbcop bincode",
        "cobra's logs",
        "transactions with stamps (Chronos)",
        "etcd robustness run",
    ] {
        assert!(formats.iter().any(|found| found == format), "no example of {format}");
    }
}
