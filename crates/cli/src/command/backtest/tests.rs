use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// Minutes from a fixed time on: `1` well, `0` failing, `x` missing, `h` failing in part.
fn minutes(text: &str) -> Vec<Datapoint> {
    let begin: Timestamp = "2026-11-12T03:00:00Z".parse().expect("a time");
    let at = |number: u32| later(begin, MINUTE.saturating_mul(number));
    let point = |(number, c): (u32, char)| {
        let (minimum, maximum) = match c {
            '1' => (1.0, 1.0),
            '0' => (0.0, 0.0),
            'h' => (0.0, 1.0),
            _ => return None,
        };
        Some(Datapoint { start: at(number), minimum, maximum })
    };
    (0..).zip(text.chars()).filter_map(point).collect()
}

fn policy() -> Policy {
    Policy::default()
}

fn failovers(holdoff: u64, points: &[Datapoint]) -> (usize, usize, Option<u64>) {
    let outages = outages(points, MINUTE);
    let row = judged(Duration::from_secs(holdoff), points, &outages, &policy());
    (row.failovers.len(), row.needless(end(points, MINUTE)), row.delay().map(|delay| delay.as_secs()))
}

#[test]
fn a_short_outage_is_failed_over_by_a_short_holdoff_only_and_needlessly() {
    let points = minutes("1111100111111111111111");
    assert_eq!(failovers(60, &points), (1, 1, Some(60)));
    assert_eq!(failovers(180, &points), (0, 0, None));
}

#[test]
fn a_long_outage_is_failed_over_by_every_holdoff_after_its_time() {
    let points = minutes(&format!("111{}111", "0".repeat(41)));
    assert_eq!(failovers(60, &points), (1, 0, Some(60)));
    assert_eq!(failovers(180, &points), (1, 0, Some(180)));
    assert_eq!(failovers(600, &points), (1, 0, Some(600)));
}

#[test]
fn a_minute_that_is_well_in_part_ends_the_outage() {
    let points = minutes("11100h00h00111");
    assert_eq!(outages(&points, MINUTE).len(), 3);
    assert_eq!(failovers(180, &points), (0, 0, None));
}

#[test]
fn an_outage_that_lasts_to_the_end_of_the_history_is_not_called_needless() {
    assert_eq!(failovers(60, &minutes("1110000")), (1, 0, Some(60)));
}

#[test]
fn missing_minutes_are_counted() {
    assert_eq!(missing(&minutes("11x1xx1"), MINUTE), 3);
}

#[test]
fn a_file_is_read_with_and_without_a_head_and_its_faults_have_a_line() {
    let read = csv::read("time,min,max\n2026-11-12T03:01:00Z,0,1\n2026-11-12T03:00:00Z,1\n").expect("a history");
    assert_eq!(read.iter().map(|point| (point.minimum, point.maximum)).collect::<Vec<_>>(), [(1.0, 1.0), (0.0, 1.0)]);
    let fault = csv::read("2026-11-12T03:01:00Z,0\nyesterday,1\n").expect_err("a fault");
    assert!(fault.why.starts_with("--csv, line 2:"), "{}", fault.why);
    assert!(csv::read("2026-11-12T03:01:00Z,7\n").is_err());
}
