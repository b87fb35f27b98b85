//! A history as lines of `time,minimum,maximum` or `time,value`.

use holdfast_core::{Timestamp, evidence::Datapoint};

use super::sorted;
use crate::command::exit::Stopped;

/// Reads it. A first line that begins with no time is a head.
///
/// # Errors
/// The first line that cannot be read.
pub fn read(text: &str) -> Result<Vec<Datapoint>, Stopped> {
    let mut points = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        let time = fields.first().and_then(|time| time.parse::<Timestamp>().ok());
        let point = time.and_then(|start| {
            let value = |at: usize| fields.get(at)?.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
            let minimum = value(1)?;
            let maximum = if fields.len() > 2 { value(2)? } else { minimum };
            Some(Datapoint { start, minimum, maximum })
        });
        match point {
            Some(point) => points.push(point),
            None if line.trim().is_empty() || (number == 1 && time.is_none()) => {}
            None => {
                let why = "a line is time,minimum,maximum or time,value: 2026-11-25T14:02:00Z,0,1";
                return Err(Stopped::usage(format!("--csv, line {number}: {why}")));
            }
        }
    }
    Ok(sorted(points))
}
