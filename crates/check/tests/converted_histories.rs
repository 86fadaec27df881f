//! What is converted keeps its verdict: every published history (in a folder named by
//! `AVOUCH_DATA`; without it that test skips with a line), and one whose events name no process.

use avouch_check::stream::convert;
use avouch_check::{Limits, judge_file};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What a report says of every guarantee and model.
fn said(path: &Path) -> Vec<(String, String)> {
    let limits = Limits::default();
    let report = judge_file(path, &limits)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .to_json();
    let mut all = vec![("the whole".to_owned(), report["verdict"].to_string())];
    for (list, name) in [("guarantees", "guarantee"), ("models", "model")] {
        for one in report[list].as_array().into_iter().flatten() {
            all.push((one[name].to_string(), one["verdict"].to_string()));
        }
    }
    let notes = report["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let of_levels = notes.filter(|note| note.contains("strongest") || note.contains("weakest"));
    all.extend(of_levels.map(|note| ("note".to_owned(), note.to_owned())));
    all
}

/// A folder for what is converted.
fn room(name: &str) -> PathBuf {
    let room = std::env::temp_dir().join(format!("avouch-converted-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&room).expect("a folder");
    room
}

/// Converts to a stream and back, and compares what is said of each.
fn keeps(path: &Path, room: &Path) {
    let (stream, back) = (room.join("stream"), room.join("back"));
    let before = said(path);
    for (from, to) in [(path, &stream), (&stream, &back)] {
        let out = std::fs::File::create(to).expect("a file");
        convert(from, out, &Limits::default())
            .unwrap_or_else(|error| panic!("{} of {}: {error}", from.display(), path.display()));
        assert_eq!(said(to), before, "{} of {}", to.display(), path.display());
    }
}

#[test]
fn events_that_name_no_process_stay_clients_events() {
    let room = room("unnamed");
    // Jepsen's comments: the second write is read and the first one, long done, is not.
    let bare = "{:type :invoke, :f :write, :value 1}\n{:type :ok, :f :write, :value 1}\n\
                {:type :invoke, :f :write, :value 2}\n{:type :ok, :f :write, :value 2}\n\
                {:type :invoke, :f :read, :value nil}\n{:type :ok, :f :read, :value [2]}\n";
    let nothing = bare.replace("{:type", "{:process nil, :type");
    for text in [bare, &nothing] {
        let path = room.join("comments.edn");
        std::fs::write(&path, text).expect("a file");
        assert_eq!(said(&path)[0].1, "\"violated\"", "{text}");
        keeps(&path, &room);
    }
    std::fs::remove_dir_all(&room).expect("the folder");
}

/// The histories: files, and folders that are one.
fn histories(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a readable folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.sort();
    if all.iter().any(|path| path.ends_with("T0.log")) {
        found.push(folder.to_owned());
        return;
    }
    for path in all {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match name {
            // Judged as it is: a stream does not carry what its watches saw.
            "etcd-robustness" | "EXPECTED" | "README.md" => {}
            _ if path.is_dir() => histories(&path, found),
            _ => found.push(path),
        }
    }
}

#[test]
fn published_histories_keep_their_verdicts_through_a_stream_and_back() {
    let data = std::env::var_os("AVOUCH_DATA").map(|data| PathBuf::from(data).join("histories"));
    let Some(data) = data.filter(|data| data.is_dir()) else {
        println!("skipped: no folder histories in AVOUCH_DATA");
        return;
    };
    let (mut all, room) = (Vec::new(), room("published"));
    histories(&data, &mut all);
    for path in &all {
        keeps(path, &room);
    }
    println!("{} histories keep their verdicts", all.len());
    assert!(!all.is_empty());
    std::fs::remove_dir_all(&room).expect("the folder");
}
