//! Texts in a picture that do not cover each other.
//!
//! A picture is drawn without a browser, so a text's width is estimated, on the wide side. What
//! must stay readable is reserved first; a text then takes the first of its places that is free.
//!
//! - I1 No two boxes that were placed overlap, and none leaves the picture.

use super::page::{Page, escaped};
use avouch_promise::invariant;

/// The size of texts, as in the style sheet.
pub const SIZE: f64 = 11.0;
/// From a text's baseline up and down to where another may begin.
const ABOVE: f64 = 10.0;
const BELOW: f64 = 3.5;
/// The distance between the baselines of a text's lines.
const LINE: f64 = 13.0;

/// A rectangle of the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// Where it begins across.
    pub left: f64,
    /// Where it begins downwards.
    pub top: f64,
    /// Where it ends across.
    pub right: f64,
    /// Where it ends downwards.
    pub bottom: f64,
}

impl Area {
    /// The square around a point.
    pub fn around((x, y): (f64, f64), half: f64) -> Self {
        Self { left: x - half, top: y - half, right: x + half, bottom: y + half }
    }

    /// Whether they share more than an edge.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && other.right <= self.right
            && other.bottom <= self.bottom
    }
}

/// On which side of its point a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The point is the middle of the text's first baseline.
    Middle,
    /// The text begins at the point.
    Right,
    /// The text ends at the point.
    Left,
}

impl Side {
    /// The same for `text-anchor`.
    pub const fn anchor(self) -> &'static str {
        match self {
            Self::Middle => "middle",
            Self::Right => "start",
            Self::Left => "end",
        }
    }
}

/// How wide a text is at most, in the usual fonts of screens.
pub fn width(text: &str, bold: bool) -> f64 {
    let em: f64 = text
        .chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '(' | ')' => 0.4,
            'f' | 't' | 'r' | 'I' | '-' | '/' | '[' | ']' => 0.45,
            'm' | 'w' | 'M' | 'W' | '%' | '@' => 1.0,
            '>' | '<' | '+' | '=' => 0.85,
            letter if letter.is_uppercase() || !letter.is_ascii() => 0.8,
            _ => 0.65,
        })
        .sum();
    em * SIZE * if bold { 1.15 } else { 1.0 }
}

/// A text cut to a width, with a sign where something was left out.
pub fn fitted(text: &str, most: f64) -> String {
    if width(text, false) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut wide = width("…", false);
    for letter in text.chars() {
        wide += width(letter.encode_utf8(&mut [0; 4]), false);
        if wide > most {
            break;
        }
        kept.push(letter);
    }
    kept.truncate(kept.trim_end().len());
    kept + "…"
}

/// A text in lines of at most a width, broken at blanks; what has no room in `lines` is cut.
pub fn wrapped(text: &str, most: f64, lines: usize) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    let mut words = text.split_whitespace();
    let mut line = String::new();
    while let Some(word) = words.next() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, false) <= most {
            line = longer;
            continue;
        }
        if told.len() + 1 == lines {
            let rest = words.fold(longer, |line, word| format!("{line} {word}"));
            told.push(fitted(&rest, most));
            return told;
        }
        told.push(fitted(&line, most));
        word.clone_into(&mut line);
    }
    if !line.is_empty() {
        told.push(fitted(&line, most));
    }
    told
}

/// A text of one or more lines, the first of them bold up to a place.
#[derive(Clone, Debug)]
pub struct Text {
    /// How the first line begins, in bold.
    pub bold: String,
    /// Its lines; the first goes on after the bold part.
    pub lines: Vec<String>,
    /// Whether the lines are in the weaker colour.
    pub dim: bool,
}

impl Text {
    /// A text of one line.
    pub fn line(text: impl Into<String>) -> Self {
        Self { bold: String::new(), lines: vec![text.into()], dim: false }
    }

    /// The same in the weaker colour.
    #[must_use]
    pub fn dim(self) -> Self {
        Self { dim: true, ..self }
    }

    fn wide(&self) -> f64 {
        let each = self.lines.iter().enumerate().map(|(place, line)| {
            width(line, false) + if place == 0 { width(&self.bold, true) } else { 0.0 }
        });
        each.fold(0.0, f64::max)
    }

    /// What it covers at a place.
    pub fn area(&self, (x, y): (f64, f64), side: Side) -> Area {
        let wide = self.wide();
        let left = match side {
            Side::Middle => x - wide / 2.0,
            Side::Right => x,
            Side::Left => x - wide,
        };
        let more = self.lines.len().saturating_sub(1) as u32;
        let bottom = y + BELOW + f64::from(more) * LINE;
        Area { left, top: y - ABOVE, right: left + wide, bottom }
    }

    fn draw(&self, page: &mut Page, (x, y): (f64, f64), side: Side) {
        let class = if self.dim { "label dim" } else { "label" };
        page.add(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{}\">",
            side.anchor()
        ));
        for (place, line) in self.lines.iter().enumerate() {
            let line = escaped(line);
            match (place, self.bold.is_empty()) {
                (0, true) => page.add(line),
                (0, false) => {
                    page.add(format_args!(
                        "<tspan class=\"bold\">{}</tspan>{line}",
                        escaped(&self.bold)
                    ));
                }
                _ => page.add(format_args!(
                    "<tspan class=\"dim\" x=\"{x:.1}\" dy=\"{LINE}\">{line}</tspan>"
                )),
            }
        }
        page.line("</text>");
    }
}

/// What of a picture is taken.
pub struct Labels {
    picture: Area,
    taken: Vec<Area>,
    texts: Vec<(Text, (f64, f64), Side)>,
}

impl Labels {
    /// Nothing is taken yet.
    pub fn new(picture: Area) -> Self {
        Self { picture, taken: Vec::new(), texts: Vec::new() }
    }

    /// What no text may cover.
    pub fn reserve(&mut self, area: Area) {
        self.taken.push(area);
    }

    fn is_free(&self, area: &Area) -> bool {
        self.picture.holds(area) && !self.taken.iter().any(|other| other.overlaps(area))
    }

    /// Puts a text to the first of its places that is free, and says which; nowhere if none is.
    pub fn place(
        &mut self,
        text: Text,
        places: impl IntoIterator<Item = ((f64, f64), Side)>,
    ) -> Option<(f64, f64)> {
        let mut places = places.into_iter();
        let (at, side) = places.find(|(at, side)| self.is_free(&text.area(*at, *side)))?;
        let area = text.area(at, side);
        invariant!(I1, self.is_free(&area), "{text:?} at {at:?}");
        self.taken.push(area);
        self.texts.push((text, at, side));
        Some(at)
    }

    /// Draws every text that was placed.
    pub fn draw(&self, page: &mut Page) {
        for (text, at, side) in &self.texts {
            text.draw(page, *at, *side);
        }
    }
}

/// Places around a point: close to it first, then in growing rings.
pub fn around((x, y): (f64, f64)) -> impl Iterator<Item = ((f64, f64), Side)> {
    let ring = move |step: u32| {
        let far = f64::from(step) * 14.0;
        [
            ((x, y - 14.0 - far), Side::Middle),
            ((x, y + 22.0 + far), Side::Middle),
            ((x + 13.0 + far, y + 4.0), Side::Right),
            ((x - 13.0 - far, y + 4.0), Side::Left),
            ((x + 9.0 + far, y - 9.0 - far), Side::Right),
            ((x - 9.0 - far, y - 9.0 - far), Side::Left),
            ((x + 9.0 + far, y + 17.0 + far), Side::Right),
            ((x - 9.0 - far, y + 17.0 + far), Side::Left),
        ]
    };
    (0..24).flat_map(ring)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: Area = Area { left: 0.0, top: 0.0, right: 400.0, bottom: 300.0 };

    #[test]
    fn texts_take_free_places_and_none_when_there_are_none() {
        let mut labels = Labels::new(PICTURE);
        let mut placed = 0;
        while labels.place(Text::line("n1 us-east-1 (Ashburn)"), around((200.0, 150.0))).is_some() {
            placed += 1;
        }
        assert!((10..100).contains(&placed), "{placed}");
        for (place, one) in labels.taken.iter().enumerate() {
            assert!(PICTURE.holds(one), "{one:?}");
            for other in &labels.taken[place + 1..] {
                assert!(!one.overlaps(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_text_is_broken_at_blanks_and_cut_where_there_is_no_room() {
        let text = "T2 reads x from T1, and T3 overwrites that in the same session";
        let lines = wrapped(text, 120.0, 9);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line, false) <= 120.0));
        let cut = wrapped(text, 120.0, 2);
        assert!(cut.len() == 2 && cut[1].ends_with('…'), "{cut:?}");
        let long = wrapped(&"x".repeat(900), 120.0, 3);
        assert!(long.len() == 1 && width(&long[0], false) <= 120.0, "{long:?}");
    }

    #[test]
    fn a_reserved_area_is_left_alone() {
        let mut labels = Labels::new(PICTURE);
        labels.reserve(Area::around((200.0, 140.0), 20.0));
        let spot = ((200.0, 140.0), Side::Middle);
        assert_eq!(labels.place(Text::line("here"), [spot]), None);
        let beside = ((300.0, 140.0), Side::Middle);
        assert_eq!(labels.place(Text::line("here"), [spot, beside]), Some(beside.0));
        assert_eq!(labels.place(Text::line("out"), [((398.0, 9.0), Side::Right)]), None);
    }

    #[test]
    fn a_text_covers_its_lines_on_its_side() {
        let two =
            Text { bold: "n1".into(), lines: vec![" a".into(), "below it".into()], dim: false };
        let (right, left) =
            (two.area((50.0, 50.0), Side::Right), two.area((50.0, 50.0), Side::Left));
        assert_eq!((right.left, left.right), (50.0, 50.0));
        assert!((right.bottom - right.top - ABOVE - BELOW - LINE).abs() < 1e-9);
        assert!(right.right - right.left > width("below it", false) - 1e-9);
        let mut page = Page::new();
        two.draw(&mut page, (50.0, 50.0), Side::Middle);
        let page = page.into_string();
        assert!(page.contains("<tspan class=\"bold\">n1</tspan> a<tspan class=\"dim\""), "{page}");
    }
}
