//! The program that OCI Functions starts.

use std::process::ExitCode;

use holdfast_oci_function::entry;

fn main() -> ExitCode {
    entry::run()
}
