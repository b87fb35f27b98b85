//! The points of one metric: gathered while a period runs, readable some time after it has ended.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// The samples of one period, or of several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Smallest sample.
    pub minimum: f64,
    /// Largest sample.
    pub maximum: f64,
    /// Sum of the samples.
    pub sum: f64,
    /// Number of samples, at least 1.
    pub count: u32,
}

impl Point {
    /// A point of so many equal samples.
    pub fn flat(value: f64, count: u32) -> Self {
        Self { minimum: value, maximum: value, sum: value * f64::from(count), count }
    }

    /// The samples of two points together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self {
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
            sum: self.sum + other.sum,
            count: self.count + other.count,
        }
    }

    /// One of CloudWatch's plain statistics by name; `None` for an unknown one.
    pub fn statistic(&self, name: &str) -> Option<f64> {
        match name {
            "Minimum" => Some(self.minimum),
            "Maximum" => Some(self.maximum),
            "Average" => Some(self.sum / f64::from(self.count)),
            "Sum" => Some(self.sum),
            "SampleCount" => Some(f64::from(self.count)),
            _ => None,
        }
    }
}

/// Points by the start of their period, in epoch seconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    gathering: BTreeMap<i64, Point>,
    published: BTreeMap<i64, Point>,
}

impl Series {
    /// Adds a sample to the period that starts at `start`.
    pub(crate) fn sample(&mut self, start: i64, value: f64) {
        let sample = Point::flat(value, 1);
        self.gathering.entry(start).and_modify(|point| *point = point.with(sample)).or_insert(sample);
    }

    /// Makes the point of a period readable, or throws it away. Gives the point.
    pub(crate) fn close(&mut self, start: i64, publish: bool) -> Option<Point> {
        let point = self.gathering.remove(&start)?;
        if publish {
            self.published.insert(start, point);
        }
        Some(point)
    }

    /// Throws away what was gathered for periods that start before `start`.
    pub(crate) fn forget_before(&mut self, start: i64) {
        self.gathering.retain(|gathered, _| *gathered >= start);
    }

    /// Writes or removes a readable point, as if it had come long ago.
    pub(crate) fn rewrite(&mut self, start: i64, point: Option<Point>) {
        match point {
            Some(point) => drop(self.published.insert(start, point)),
            None => drop(self.published.remove(&start)),
        }
    }

    /// The readable point of one period.
    pub(crate) fn at(&self, start: i64) -> Option<Point> {
        self.published.get(&start).copied()
    }

    /// The readable points in `from..to`, put together in buckets of `period` seconds that begin at multiples of it.
    pub(crate) fn read(&self, from: Timestamp, to: Timestamp, period: i64) -> BTreeMap<i64, Point> {
        let mut buckets = BTreeMap::new();
        let from = from.as_second().div_euclid(period) * period;
        for (start, point) in self.published.range(from..to.as_second().max(from)) {
            let bucket = start.div_euclid(period) * period;
            buckets.entry(bucket).and_modify(|sum: &mut Point| *sum = sum.with(*point)).or_insert(*point);
        }
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(s: i64) -> Timestamp {
        Timestamp::from_second(s).expect("time")
    }

    #[test]
    fn one_bad_sample_pulls_the_minimum_and_leaves_the_maximum() {
        let mut series = Series::default();
        for value in [1.0, 0.0, 1.0, 1.0] {
            series.sample(60, value);
        }
        let point = series.close(60, true).expect("point");
        assert_eq!((point.statistic("Minimum"), point.statistic("Maximum")), (Some(0.0), Some(1.0)));
        assert_eq!((point.statistic("Average"), point.statistic("SampleCount")), (Some(0.75), Some(4.0)));
        assert_eq!(point.statistic("p99"), None);
    }

    #[test]
    fn a_period_is_unreadable_until_it_is_closed() {
        let mut series = Series::default();
        series.sample(0, 1.0);
        assert!(series.read(second(0), second(60), 60).is_empty());
        series.close(0, true);
        assert_eq!(series.read(second(0), second(60), 60).len(), 1);
    }

    #[test]
    fn the_end_is_exclusive_and_the_start_is_rounded_down_to_the_period() {
        let mut series = Series::default();
        for start in [0, 60, 120] {
            series.rewrite(start, Some(Point::flat(1.0, 1)));
        }
        let starts: Vec<_> = series.read(second(59), second(120), 60).into_keys().collect();
        assert_eq!(starts, [0, 60]);
    }

    #[test]
    fn longer_periods_put_points_together() {
        let mut series = Series::default();
        series.rewrite(0, Some(Point::flat(1.0, 6)));
        series.rewrite(1, Some(Point::flat(0.0, 6)));
        let read = series.read(second(0), second(60), 60);
        assert_eq!(read[&0], Point { minimum: 0.0, maximum: 1.0, sum: 6.0, count: 12 });
    }
}
