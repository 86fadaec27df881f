//! Reading that tells how far it is, in bytes of the file.

use crate::progress;
use std::io::{BufRead, Read, Result};

/// Bytes, or lines, between two times that it is told.
const BYTES: usize = 1 << 16;
const LINES: usize = 1024;

/// The lines of a text, each with its number from 1.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut read = 0;
    (1_usize..).zip(text.lines()).inspect(move |(number, line)| {
        read += line.len() + 1;
        if number.is_multiple_of(LINES) {
            progress::reached(read);
        }
    })
}

/// The bytes of a file, of which it is told how far they are read.
#[derive(Debug)]
pub(crate) struct Telling<'a> {
    left: &'a [u8],
    read: usize,
    told: usize,
}

impl<'a> Telling<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes, read: 0, told: 0 }
    }

    fn count(&mut self, read: usize) {
        self.read += read;
        if self.read - self.told >= BYTES {
            self.told = self.read;
            progress::reached(self.read);
        }
    }
}

impl Read for Telling<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize> {
        let read = self.left.read(into)?;
        self.count(read);
        Ok(read)
    }
}

impl BufRead for Telling<'_> {
    fn fill_buf(&mut self) -> Result<&[u8]> {
        Ok(self.left)
    }

    fn consume(&mut self, amount: usize) {
        self.left.consume(amount);
        self.count(amount);
    }
}

#[cfg(test)]
mod tests {
    use crate::progress::{Phase, Progress, enter};
    use crate::{Input, Limits};
    use std::fmt::Write as _;

    /// Every format of which a reader goes through the file once tells how far that is.
    #[test]
    fn reading_tells_how_far_it_is_in_each_format() {
        const COUNT: u64 = 3_000;
        let [mut plume, mut log, mut native, mut one_line] = [const { String::new() }; 4];
        native += "{\"avouch_history\":1,\"about\":\"told\"}\n";
        for value in 0..COUNT {
            let _ = write!(
                one_line,
                "{} {{:process 0, :type :invoke, :f :txn, :value [[:w 0 {value}]]}} \
                 {{:process 0, :type :ok, :f :txn, :value [[:w 0 {value}]]}}",
                if value == 0 { "[" } else { "" }
            );
            let _ = writeln!(plume, "w({value},1,{value},{value})");
            let line = "INFO  jepsen.util - 0";
            let _ = writeln!(log, "{line}\t:invoke\t:write\t{value}\n{line}\t:ok\t:write\t{value}");
            let _ = writeln!(
                native,
                "{{\"type\":\"invoke\",\"process\":{value},\"op\":{value},\"time\":{value},\"do\":\
                 {{\"kind\":\"get\",\"key\":\"k\"}},\"guarantee\":\"linearizable\"}}"
            );
        }
        one_line += "]";
        for (name, text) in
            [("plume", plume), ("log", log), ("native", native), ("one line", one_line)]
        {
            let progress = Progress::new(&Limits::default());
            progress.follow(|| {
                enter(Phase::Reading, text.len());
                Input::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"))
            });
            let seen = progress.seen();
            assert!(seen.done + (1 << 17) > seen.total, "{name}: {seen}");
            assert!(seen.done > 0, "{name}: {seen}");
            assert!(seen.done <= seen.total, "{name}: {seen}");
        }
    }
}
