//! Figures with the budgets of docs/PROOF.md beside them.

/// One figure.
pub struct Row {
    what: String,
    measured: String,
    budget: String,
}

impl Row {
    /// A figure with its budget, both in words.
    pub fn new(what: impl Into<String>, measured: impl Into<String>, budget: impl Into<String>) -> Self {
        Self { what: what.into(), measured: measured.into(), budget: budget.into() }
    }
}

/// The table as text.
pub fn render(rows: &[Row]) -> String {
    let width = |column: fn(&Row) -> &str, least: usize| {
        rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0).max(least)
    };
    let (what, measured) = (width(|row| &row.what, 6), width(|row| &row.measured, 8));
    let mut text = format!("{:what$}  {:measured$}  budget\n", "figure", "measured");
    for row in rows {
        text.push_str(&format!("{:what$}  {:measured$}  {}\n", row.what, row.measured, row.budget));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [Row::new("a", "1 ms", "x"), Row::new("a longer one", "2", "y")];
        assert_eq!(
            render(&rows),
            "figure        measured  budget\na             1 ms      x\na longer one  2         y\n"
        );
    }
}
