//! Line charts as SVG, for reports and files: no script, no font of its own, readable in print.
//!
//! ```text
//!   title
//!   y |      _--- line, named at its right end and in the legend
//!     |  __--   :
//!     |_-       : mark
//!     +---------------- x
//! ```

use avouch_check::picture::escaped;
use std::fmt::Write as _;

/// How values become places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences, equal lengths.
    #[default]
    Linear,
    /// Equal ratios, equal lengths; values up to zero are left out.
    Logarithmic,
}

/// An axis.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// How.
    pub scale: Scale,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: &str) -> Self {
        Self { label: label.to_owned(), scale: Scale::Linear }
    }
    /// A logarithmic axis.
    pub fn logarithmic(label: &str) -> Self {
        Self { label: label.to_owned(), scale: Scale::Logarithmic }
    }
}

/// A line, or points.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its places, by ascending x.
    pub points: Vec<(f64, f64)>,
    /// Whether a value holds until the next one, as a count over time does.
    pub steps: bool,
}

/// A chart.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// What it shows.
    pub title: String,
    /// Along the bottom.
    pub x: Axis,
    /// Along the left.
    pub y: Axis,
    /// What is drawn.
    pub lines: Vec<Line>,
    /// Moments worth a mark: a place on x, and its name.
    pub marks: Vec<(f64, String)>,
}

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 46.0;
/// Okabe and Ito's colours, told apart by most colour-blind readers too.
const COLOURS: [&str; 8] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999933"];

/// Values of one axis and where they are drawn.
struct Span {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    scale: Scale,
}

impl Span {
    fn of(values: impl Iterator<Item = f64>, scale: Scale, from: f64, to: f64) -> Self {
        let logarithmic = scale == Scale::Logarithmic;
        let usable = values.filter(|value| value.is_finite() && (!logarithmic || *value > 0.0));
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in usable {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (1.0, 10.0);
        }
        if logarithmic {
            low = 10_f64.powf(low.log10().floor());
            high = 10_f64.powf(high.log10().ceil());
        } else {
            low = low.min(0.0);
        }
        if high <= low {
            high = if logarithmic { low * 10.0 } else { low + 1.0 };
        }
        Self { low, high, from, to, scale }
    }

    fn place(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic if value > 0.0 => {
                (value / self.low).log10() / (self.high / self.low).log10()
            }
            Scale::Logarithmic => return None,
        };
        share.is_finite().then_some(self.from + share * (self.to - self.from))
    }

    /// Round values inside the span.
    fn ticks(&self) -> Vec<f64> {
        if self.scale == Scale::Logarithmic {
            let (low, high) = (self.low.log10().round() as i32, self.high.log10().round() as i32);
            return (low..=high).map(|power| 10_f64.powi(power)).collect();
        }
        let rough = (self.high - self.low) / 5.0;
        let magnitude = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * magnitude)
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        #[expect(clippy::cast_precision_loss, reason = "a handful of ticks")]
        (first..=last).map(|tick| tick as f64 * step).collect()
    }
}

impl Plot {
    /// The chart as one SVG element.
    pub fn svg(&self) -> String {
        let xs = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.0));
        let ys = self.lines.iter().flat_map(|line| line.points.iter().map(|point| point.1));
        let xs = xs.chain(self.marks.iter().map(|mark| mark.0));
        let x = Span::of(xs, self.x.scale, LEFT, WIDTH - RIGHT);
        let y = Span::of(ys, self.y.scale, HEIGHT - BOTTOM, TOP);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" font-family=\"sans-serif\" font-size=\"11\">\n<title>{0}</title>\n\
             <text x=\"{LEFT}\" y=\"18\" font-size=\"13\" font-weight=\"bold\">{0}</text>\n",
            escaped(&self.title)
        );
        self.axes(&x, &y, &mut out);
        for (number, line) in self.lines.iter().enumerate() {
            let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or("#000000");
            draw(line, colour, &x, &y, &mut out);
            let (right, legend) = (WIDTH - RIGHT + 12.0, TOP + 16.0 * f64::from(number as u32));
            let _ = writeln!(
                out,
                "<rect x=\"{right}\" y=\"{legend}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>\
                 <text x=\"{}\" y=\"{}\">{}</text>",
                right + 15.0,
                legend + 9.0,
                escaped(&line.name)
            );
        }
        out.push_str("</svg>\n");
        out
    }

    fn axes(&self, x: &Span, y: &Span, out: &mut String) {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        for tick in x.ticks() {
            let Some(at) = x.place(tick) else { continue };
            let _ = writeln!(
                out,
                "<line x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"#ddd\"/>\
                 <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 15.0,
                number(tick)
            );
        }
        for tick in y.ticks() {
            let Some(at) = y.place(tick) else { continue };
            let _ = writeln!(
                out,
                "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{right}\" y2=\"{at:.1}\" stroke=\"#ddd\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                at + 4.0,
                number(tick)
            );
        }
        for (at, name) in &self.marks {
            let Some(at) = x.place(*at) else { continue };
            let _ = writeln!(
                out,
                "<line x1=\"{at:.1}\" y1=\"{TOP}\" x2=\"{at:.1}\" y2=\"{bottom}\" stroke=\"#a00\" \
                 stroke-dasharray=\"4 3\"/><text x=\"{:.1}\" y=\"{}\" fill=\"#a00\">{}</text>",
                at + 3.0,
                TOP + 10.0,
                escaped(name)
            );
        }
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {TOP}V{bottom}H{right}\" fill=\"none\" stroke=\"#333\"/>\
             <text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text transform=\"translate(14 {:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 10.0,
            escaped(&self.x.label),
            f64::midpoint(TOP, bottom),
            escaped(&self.y.label)
        );
    }
}

fn draw(line: &Line, colour: &str, x: &Span, y: &Span, out: &mut String) {
    let mut path = String::new();
    let mut dots = String::new();
    let mut before = None;
    for (at, value) in &line.points {
        let (Some(at), Some(value)) = (x.place(*at), y.place(*value)) else { continue };
        match before {
            None => {
                let _ = write!(path, "M{at:.1} {value:.1}");
            }
            Some(before) if line.steps => {
                if same(before, value) {
                    let _ = write!(path, "H{at:.1}");
                } else {
                    let _ = write!(path, "H{at:.1}V{value:.1}");
                }
            }
            Some(_) => {
                let _ = write!(path, "L{at:.1} {value:.1}");
            }
        }
        before = Some(value);
        if !line.steps {
            let _ = write!(dots, "<circle cx=\"{at:.1}\" cy=\"{value:.1}\" r=\"3\"/>");
        }
    }
    let _ = writeln!(
        out,
        "<g stroke=\"{colour}\" fill=\"{colour}\"><path d=\"{path}\" fill=\"none\" \
         stroke-width=\"1.5\"/>{dots}</g>"
    );
}

/// Whether two places are one to the eye.
fn same(one: f64, other: f64) -> bool {
    (one - other).abs() < 0.05
}

/// A tick's value, short.
fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(0.001..100_000.0).contains(&magnitude) {
        return format!("{value:e}");
    }
    // Ticks are multiples of round steps: what stands beyond is the machine's arithmetic.
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(scale: Scale, points: Vec<(f64, f64)>) -> Plot {
        Plot {
            title: "a < b".to_owned(),
            x: Axis::linear("time, s"),
            y: Axis { label: "keys".to_owned(), scale },
            lines: vec![Line { name: "n1 & n2".to_owned(), points, steps: true }],
            marks: vec![(2.0, "healed".to_owned())],
        }
    }

    #[test]
    fn places_and_texts_are_where_and_what_they_should_be() {
        let svg = plot(Scale::Linear, vec![(0.0, 0.0), (1.0, 10.0), (4.0, 10.0)]).svg();
        // The first at the origin, the last at the far corner; x from 70 to 590, y from 274 to 34.
        assert!(svg.contains("M70.0 274.0H200.0V34.0H590.0"), "{svg}");
        assert!(svg.contains("a &lt; b") && svg.contains("n1 &amp; n2"));
        assert!(svg.contains("x1=\"330.0\"") && svg.contains("healed"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn a_logarithmic_axis_leaves_out_what_it_cannot_show() {
        let svg = plot(Scale::Logarithmic, vec![(0.0, 0.0), (2.0, 1.0), (4.0, 100.0)]).svg();
        assert!(svg.contains("M330.0 274.0H590.0V34.0"), "{svg}");
        assert_eq!(svg.matches("text-anchor=\"end\"").count(), 3, "1, 10 and 100");
    }

    #[test]
    fn nothing_and_one_value_are_charts_too() {
        for points in [vec![], vec![(3.0, 0.0)], vec![(3.0, 7.0)]] {
            for scale in [Scale::Linear, Scale::Logarithmic] {
                let svg = plot(scale, points.clone()).svg();
                assert!(!svg.contains("NaN") && !svg.contains("inf"), "{points:?} {svg}");
            }
        }
    }

    #[test]
    fn ticks_are_round() {
        let ticks = |high| {
            let span = Span::of([0.0, high].into_iter(), Scale::Linear, 0.0, 1.0);
            span.ticks().into_iter().map(number).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(ticks(10.0), "0 2 4 6 8 10");
        assert_eq!(ticks(0.7), "0 0.2 0.4 0.6");
        assert_eq!(ticks(2_300.0), "0 500 1000 1500 2000");
    }
}
