//! A history of transactions as a text in EDN, and what it takes to read and judge it.

use crate::measure::timed;
use avouch_check::report::Report;
use avouch_check::{Input, Level, Limits};
use avouch_promise::Random;
use std::fmt::Write;

const PROCESSES: usize = 20;

/// One transaction under way: its operations as invoked and as answered.
pub(crate) struct Open {
    pub(crate) asked: String,
    pub(crate) answered: String,
}

/// So many transactions of 20 processes, each run by `run` at one moment between its invocation
/// and its answer.
pub(crate) fn history(
    transactions: u64,
    random: &mut Random,
    mut run: impl FnMut(&mut Random) -> Open,
) -> String {
    let mut text = String::new();
    let mut open: Vec<Option<Open>> = (0..PROCESSES).map(|_| None).collect();
    let (mut left, mut index) = (transactions, 0_u64);
    while left > 0 || open.iter().any(Option::is_some) {
        let process = random.below(PROCESSES as u64) as usize;
        let (happened, value) = match open[process].take() {
            Some(done) => ("ok", done.answered),
            None if left == 0 => continue,
            None => {
                left -= 1;
                let made = run(random);
                let asked = made.asked.clone();
                open[process] = Some(made);
                ("invoke", asked)
            }
        };
        let time = index * 10_000;
        let _ = writeln!(
            text,
            "{{:type :{happened}, :f :txn, :value [{value}], :process {process}, :time {time}, :index {index}}}"
        );
        index += 1;
    }
    text
}

/// The report on a text, strictly serializable, and the seconds that reading and judging took.
pub(crate) fn judged(transactions: u64, text: &str) -> Option<(Report, f64)> {
    let limits = Limits { memory_bytes: 8 << 30, ..Limits::default() };
    let (input, reading) = timed(|| Input::parse(text.as_bytes()));
    let input = input.ok()?;
    let (report, judging) = timed(|| input.judge(Some(Level::StrictSerializable), &limits));
    let report = report.ok()?;
    println!(
        "{transactions} transactions, {} operations, {} MB of text: {}; read in {reading:.3} s, judged in {judging:.3} s",
        report.operations,
        text.len() / 1_000_000,
        report.verdict()
    );
    Some((report, reading + judging))
}
