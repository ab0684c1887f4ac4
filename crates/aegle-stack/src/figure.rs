//! Measured values with a target.

use std::fmt;

/// One that should be at most something.
#[derive(Clone, Debug)]
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub at_most: f64,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit, at_most } = self;
        let kept = if value <= at_most { "ok" } else { "MISSED" };
        // Whole milliseconds, tenths of anything longer.
        let digits = usize::from(*unit == "s");
        write!(f, "FIGURE {name} {value:.digits$} {unit} <={at_most:.0} {kept}")
    }
}
