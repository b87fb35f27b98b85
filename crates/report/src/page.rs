//! The report as one HTML file.

use std::fmt;

use minijinja::{Environment, UndefinedBehavior, context, syntax::SyntaxConfig, value::Serde};

use crate::report::Report;

/// Its name ends in `.html`: that is how the engine knows to escape every value.
const NAME: &str = "page.html";

/// The template could not be filled: a defect of ours.
#[derive(Debug)]
pub struct PageError(minijinja::Error);

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the page could not be written: {:#}", self.0)
    }
}

impl std::error::Error for PageError {}

/// The page.
///
/// # Errors
/// A template that does not fit the report.
pub fn page(report: &Report) -> Result<String, PageError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build().map_err(PageError)?;
    environment.set_syntax(syntax);
    environment.add_template(NAME, include_str!("../templates/page.html")).map_err(PageError)?;
    let template = environment.get_template(NAME).map_err(PageError)?;
    template.render(context! { r => Serde(report) }).map_err(PageError)
}
