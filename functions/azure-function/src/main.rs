//! The program that the Functions host starts.

use std::process::ExitCode;

use holdfast_azure_function::server;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    server::run().await
}
