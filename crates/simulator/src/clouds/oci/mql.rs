//! As much of the Monitoring Query Language as alarms and the function use: `metric[1m]{dimension = "value"}.groupBy(x).max()`, and
//! differences of such queries (docs/reference/oci.md#metrics).

/// One metric with its statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) metric: String,
    pub(super) interval_s: i64,
    pub(super) dimensions: Vec<(String, String)>,
    pub(super) statistic: String,
}

/// The statistics that are computed here.
const STATISTICS: [&str; 5] = ["max", "min", "mean", "sum", "count"];

/// Reads a query: the first term, and those that are subtracted from it.
pub(super) fn parse(text: &str) -> Result<Vec<Query>, String> {
    text.split(" - ").map(|term| self::term(term.trim()).ok_or_else(|| format!("Invalid query: {text}"))).collect()
}

fn term(text: &str) -> Option<Query> {
    let (metric, rest) = text.split_once('[')?;
    let (interval, rest) = rest.split_once(']')?;
    let (dimensions, rest) = match rest.strip_prefix('{') {
        Some(rest) => rest.split_once('}')?,
        None => ("", rest),
    };
    let rest = match rest.strip_prefix(".groupBy(") {
        Some(rest) => rest.split_once(')')?.1,
        None => rest,
    };
    let statistic = rest.strip_prefix('.')?.strip_suffix("()")?;
    let dimension = |clause: &str| {
        let (name, value) = clause.split_once('=')?;
        let value = value.trim().strip_prefix('"')?.strip_suffix('"')?;
        Some((name.trim().to_owned(), value.to_owned()))
    };
    let clauses = dimensions.split(',').map(str::trim).filter(|clause| !clause.is_empty());
    Some(Query {
        metric: metric.trim().to_owned(),
        interval_s: seconds(interval)?,
        dimensions: clauses.map(dimension).collect::<Option<_>>()?,
        statistic: statistic.to_owned(),
    })
    .filter(|query| STATISTICS.contains(&query.statistic.as_str()) && !query.metric.is_empty())
}

/// An interval in seconds. The cloud has minutes, hours and days; seconds are there for a faster pace.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    number.parse::<i64>().ok().filter(|number| (1..=3600).contains(number)).map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_with_and_without_dimensions_and_groups() {
        let queries = parse("HTTP.isHealthy[1m]{resourceId = \"ocid1.x\"}.groupBy(resourceId).max()").expect("one");
        let dimensions = vec![("resourceId".to_owned(), "ocid1.x".to_owned())];
        let metric = "HTTP.isHealthy".to_owned();
        assert_eq!(queries, [Query { metric, interval_s: 60, dimensions, statistic: "max".to_owned() }]);
        assert_eq!(parse("backendServers[1s].min()").expect("one")[0].interval_s, 1);
    }

    #[test]
    fn a_difference_has_two_terms() {
        let text = "a[1h]{x = \"1\", y = \"2\"}.groupBy(y).max() - b[1h]{x = \"1\"}.min()";
        let queries = parse(text).expect("two");
        assert_eq!((queries.len(), queries[0].dimensions.len(), queries[1].metric.as_str()), (2, 2, "b"));
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for text in ["", "a.max()", "a[1m].frequency()", "a[1w].max()", "a[1m]{x}.max()", "a[1m].max() + b[1m].max()"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
