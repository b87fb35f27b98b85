//! The program that Lambda starts.

use holdfast_aws_lambda::{entry, function::Function};
use lambda_runtime::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    entry::run(Function::from_environment()).await
}
