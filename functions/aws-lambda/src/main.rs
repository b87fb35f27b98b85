//! The program that Lambda starts.

use holdfast_aws_lambda::function::Function;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = Function::from_environment();
    lambda_runtime::run(service_fn(|event: LambdaEvent<serde_json::Value>| function.invoke(event))).await
}
