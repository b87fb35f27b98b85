//! The Azure Function.
fn main() {}
