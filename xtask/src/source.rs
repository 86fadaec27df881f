//! Rust source as the style's checks need it: each line as written, the same line with comments
//! and the insides of strings blanked, and the extent of each function.
//!
//! This is no parser. It knows comments, strings, raw strings and character literals, and counts
//! brackets; that is enough to know what is code.

/// One line of a file.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// As written.
    pub(crate) text: String,
    /// Comments and the insides of strings as spaces.
    pub(crate) code: String,
    /// Whether any part of it lies inside a string.
    pub(crate) string: bool,
}

/// One function: its name, its first line from 1, and how many lines it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Inside {
    Code,
    LineComment,
    /// How deep the comments are nested.
    BlockComment(usize),
    String,
    /// How many number signs end it.
    RawString(usize),
}

/// The lines of `text`.
pub(crate) fn lines(text: &str) -> Vec<Line> {
    let mut inside = Inside::Code;
    text.lines().map(|text| line(text, &mut inside)).collect()
}

fn line(text: &str, inside: &mut Inside) -> Line {
    let letters: Vec<char> = text.chars().collect();
    let next = |at: usize| letters.get(at).copied().unwrap_or('\n');
    let mut code = String::new();
    let mut string = matches!(inside, Inside::String | Inside::RawString(_));
    let mut at = 0;
    while at < letters.len() {
        // How many letters to take, whether they are code, and where we are after them.
        let (count, shown, then) = match *inside {
            Inside::LineComment => (letters.len() - at, false, Inside::LineComment),
            Inside::BlockComment(depth) => match (next(at), next(at + 1)) {
                ('*', '/') if depth == 1 => (2, false, Inside::Code),
                ('*', '/') => (2, false, Inside::BlockComment(depth - 1)),
                ('/', '*') => (2, false, Inside::BlockComment(depth + 1)),
                _ => (1, false, *inside),
            },
            Inside::String => match next(at) {
                '\\' => (2, false, Inside::String),
                '"' => (1, true, Inside::Code),
                _ => (1, false, Inside::String),
            },
            Inside::RawString(signs) => {
                if next(at) == '"' && (1..=signs).all(|sign| next(at + sign) == '#') {
                    (1 + signs, true, Inside::Code)
                } else {
                    (1, false, *inside)
                }
            }
            Inside::Code => code_at(&next, at, code.chars().next_back()),
        };
        string |= matches!(then, Inside::String | Inside::RawString(_));
        let end = letters.len().min(at + count);
        code.extend(letters[at..end].iter().map(|letter| if shown { *letter } else { ' ' }));
        at = end;
        *inside = then;
    }
    if *inside == Inside::LineComment {
        *inside = Inside::Code;
    }
    Line { text: text.to_owned(), code, string }
}

fn code_at(
    next: &impl Fn(usize) -> char,
    at: usize,
    before: Option<char>,
) -> (usize, bool, Inside) {
    match (next(at), next(at + 1)) {
        ('/', '/') => (2, false, Inside::LineComment),
        ('/', '*') => (2, false, Inside::BlockComment(1)),
        ('"', _) => (1, true, Inside::String),
        ('r', '"' | '#') if !before.is_some_and(word) || before == Some('b') => {
            let signs = (1..=255).take_while(|sign| next(at + sign) == '#').count();
            // `r#name` is a name.
            match next(at + 1 + signs) {
                '"' => (2 + signs, true, Inside::RawString(signs)),
                _ => (1, true, Inside::Code),
            }
        }
        ('\'', '\\') => {
            let length = (3..=12).find(|end| matches!(next(at + end), '\'' | '\n')).unwrap_or(3);
            (length + 1, false, Inside::Code)
        }
        ('\'', _) if next(at + 2) == '\'' => (3, false, Inside::Code),
        _ => (1, true, Inside::Code),
    }
}

fn word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The functions with a body among these lines.
pub(crate) fn functions(lines: &[Line]) -> Vec<Function> {
    let mut functions = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        for (column, _) in line.code.match_indices("fn ") {
            let name: String =
                line.code[column + 3..].chars().take_while(|letter| word(*letter)).collect();
            let whole = !line.code[..column].chars().next_back().is_some_and(word);
            if whole
                && !name.is_empty()
                && let Some(last) = last_line(lines, index, column)
            {
                functions.push(Function { name, line: index + 1, lines: last - index + 1 });
            }
        }
    }
    functions
}

/// The index of the line where the body ends that starts after this place; none without a body.
fn last_line(lines: &[Line], first: usize, column: usize) -> Option<usize> {
    let (mut round, mut curly) = (0_usize, 0_usize);
    for (index, line) in lines.iter().enumerate().skip(first) {
        let from = if index == first { column } else { 0 };
        for letter in line.code[from..].chars() {
            match letter {
                '(' | '[' => round += 1,
                ')' | ']' => round = round.saturating_sub(1),
                '{' => curly += 1,
                '}' if curly == 1 && round == 0 => return Some(index),
                '}' => curly = curly.saturating_sub(1),
                ';' if curly == 0 && round == 0 => return None,
                _ => {}
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{functions, lines};

    fn code(text: &str) -> Vec<String> {
        lines(text).into_iter().map(|line| line.code.trim_end().to_owned()).collect()
    }

    #[test]
    fn comments_and_strings_are_blanked() {
        assert_eq!(code("a // b"), ["a"]);
        assert_eq!(code("a /* b /* c\n*/ d */ e"), ["a", "        e"]);
        assert_eq!(code(r#"x("a\"{" , '{', '\'', b"}")"#), [r#"x("    " ,    ,     , b" ")"#]);
        assert_eq!(code("r#\"a \" {\nb\"# + r#fn"), ["r#\"", " \"# + r#fn"]);
        assert_eq!(code("fn a<'a>(x: &'a str)"), ["fn a<'a>(x: &'a str)"]);
    }

    #[test]
    fn lines_know_whether_they_hold_a_string() {
        let strings: Vec<_> = lines("a\n\"b\nc\"\nd").iter().map(|line| line.string).collect();
        assert_eq!(strings, [false, true, true, false]);
    }

    #[test]
    fn functions_have_their_extent() {
        let text = "trait T {\n    fn none(x: [u8; 4]);\n}\nfn one() { fn_two() }\n\
                    pub(crate) const fn two(\n    f: fn(u8) -> u8,\n) -> u8\n{\n    \"}\";\n    f(1)\n}\n";
        let found: Vec<_> = functions(&lines(text))
            .into_iter()
            .map(|function| (function.name, function.line, function.lines))
            .collect();
        assert_eq!(found, [("one".into(), 4, 1), ("two".into(), 5, 7)]);
    }
}
