// SPDX-License-Identifier: MIT OR Apache-2.0
//! Plots of costs as SVG.

use std::path::Path;

use anyhow::{Result, anyhow, ensure};
use plotters::prelude::*;

/// A curve: instructions, in thousands, by the number of something.
#[derive(Debug, Clone)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// In the order of the numbers.
    pub points: Vec<(i64, i64)>,
}

/// The size of a plot, in pixels.
const SIZE: (u32, u32) = (720, 400);

const COLOURS: [RGBColor; 2] = [RGBColor(0x1b, 0x6c, 0xa8), RGBColor(0xc4, 0x4e, 0x2b)];

impl Curve {
    /// Whether the second half rises at most by so many hundredths of what the first half does for a step.
    pub fn check_linear(&self, most: i64) -> Result<()> {
        let [first, .., last] = &*self.points else { return Ok(()) };
        let middle = self.points.get(self.points.len() / 2).unwrap_or(last);
        // In units of a millionth of a thousand instructions for a step.
        let slope = |from: &(i64, i64), to: &(i64, i64)| {
            (to.1 - from.1).saturating_mul(1000) / (to.0 - from.0).max(1)
        };
        let (early, late) = (slope(first, middle), slope(middle, last));
        // What hardly rises has nothing to be compared with.
        let floor = first.1.saturating_mul(1000) / (last.0 - first.0).max(1) / 10;
        ensure!(
            late.saturating_mul(100) <= early.max(floor).saturating_mul(most),
            "a step costs {early} instructions in the first half and {late} in the second"
        );
        Ok(())
    }
}

/// Writes the curves over `axis` to a file.
pub fn plot(path: &Path, axis: &str, curves: &[Curve]) -> Result<()> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let right = points().map(|point| point.0).max().unwrap_or(1);
    let top = points().map(|point| point.1).max().unwrap_or(1) as f64 / 1000.0 * 1.1;
    let failed = |error: &dyn std::fmt::Display| anyhow!("cannot plot {}: {error}", path.display());
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| failed(&error))?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(0..right, 0.0..top)
        .map_err(|error| failed(&error))?;
    chart
        .configure_mesh()
        .x_desc(axis)
        .y_desc("million instructions")
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(|error| failed(&error))?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let line = curve.points.iter().map(|(x, y)| (*x, *y as f64 / 1000.0));
        let style = ShapeStyle::from(colour).stroke_width(2);
        chart
            .draw_series(LineSeries::new(line, style))
            .map_err(|error| failed(&error))?
            .label(&curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(BLACK)
        .background_style(WHITE)
        .draw()
        .map_err(|error| failed(&error))?;
    area.present().map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(of: impl Fn(i64) -> i64) -> Curve {
        Curve { name: "x".into(), points: (1..=20).map(|number| (number * 50, of(number * 50))).collect() }
    }

    #[test]
    fn a_line_is_told_from_a_square() {
        curve(|x| 5000 + 3 * x).check_linear(150).unwrap();
        curve(|_| 5000).check_linear(150).unwrap();
        assert!(curve(|x| 5000 + x * x).check_linear(150).is_err());
    }

    #[test]
    fn plots_are_svg() {
        let folder = std::env::temp_dir().join(format!("plot-{}.svg", std::process::id()));
        plot(&folder, "owners", &[curve(|x| x), curve(|x| 2 * x)]).unwrap();
        let text = std::fs::read_to_string(&folder).unwrap();
        std::fs::remove_file(&folder).unwrap();
        assert!(text.starts_with("<svg") && text.matches("<polyline").count() >= 2, "{text}");
    }
}
