//! Looks at pictures as a reader would: which texts cover each other, which leave their picture.
//! It reads the finished markup and nothing else; the tests of whoever draws ask it.

use super::label::{Area, Side, Text};

/// Inside a tag or a text, what stands between two marks.
pub fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &text[text.find(start)? + start.len()..];
    rest.split_once(end).map(|parts| parts.0)
}

/// The text of an element, its markup taken out.
pub fn bare(markup: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for letter in markup.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    let marks = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    marks.into_iter().fold(text, |text, (mark, letter)| text.replace(mark, letter))
}

/// What every text of a picture covers, and what it says.
pub fn texts(svg: &str) -> Vec<(Area, String)> {
    let mut found = Vec::new();
    for element in svg.split("<text ").skip(1) {
        let element = element.split("</text>").next().unwrap_or_default();
        let (tag, content) = element.split_once('>').unwrap_or_default();
        let tag = format!(" {tag}");
        let number = |name: &str| -> f64 {
            let text = between(&tag, &format!("{name}=\""), "\"");
            text.and_then(|text| text.parse().ok()).unwrap_or(0.0)
        };
        let side = match between(&tag, "text-anchor=\"", "\"") {
            Some("end") => Side::Left,
            Some("middle") => Side::Middle,
            _ => Side::Right,
        };
        let lines: Vec<_> = content
            .split("<tspan class=\"dim\"")
            .map(|line| match line.split_once("dy=") {
                Some((_, rest)) => bare(rest.split_once('>').map_or("", |parts| parts.1)),
                None => bare(line),
            })
            .collect();
        let text = Text { bold: String::new(), lines, dim: false };
        found.push((text.area((number(" x"), number(" y")), side), format!("{:?}", text.lines)));
    }
    found
}

/// Every text of a page's pictures that covers another one or leaves its picture, in words, and
/// how many texts there are.
pub fn faults(page: &str) -> (Vec<String>, usize) {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for svg in page.split("<svg ").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
        let size = between(svg, "viewBox=\"0 0 ", "\"").unwrap_or_default();
        let (wide, tall) = size.split_once(' ').unwrap_or_default();
        let (wide, tall): (f64, f64) = (wide.parse().unwrap_or(0.0), tall.parse().unwrap_or(0.0));
        let texts = texts(svg);
        for (place, (one, text)) in texts.iter().enumerate() {
            let is_inside =
                one.left >= 0.0 && one.right <= wide && one.top >= -2.0 && one.bottom <= tall;
            if !is_inside {
                faults.push(format!("{text} leaves the picture: {one:?} of {size}"));
            }
            for (other, beside) in texts[place + 1..].iter().filter(|next| one.overlaps(&next.0)) {
                faults.push(format!("{text} {one:?} covers {beside} {other:?}"));
            }
        }
        seen += texts.len();
    }
    (faults, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_cover_each_other_or_leave_are_found() {
        let page = |x: f64| {
            format!(
                "<svg viewBox=\"0 0 200 40\"><text x=\"10\" y=\"20\">one &lt; two</text>\
                 <text x=\"{x}\" y=\"20\">three</text></svg>"
            )
        };
        assert_eq!(faults(&page(120.0)), (Vec::new(), 2));
        assert!(faults(&page(40.0)).0.iter().any(|fault| fault.contains("covers [\"three\"]")));
        assert!(faults(&page(190.0)).0.iter().any(|fault| fault.contains("leaves")));
    }
}
