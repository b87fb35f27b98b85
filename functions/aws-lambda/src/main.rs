//! The AWS Lambda function.
//!
//! # Layout
//!
//! * `event`: what Lambda hands us, in every shape that it comes in.
//! * `function`: wiring, and one invocation from event to answer.
//! * `reply`: which answers are values and which are errors that Lambda is to repeat.
//! * `telemetry`: logs and metrics.

mod event;
mod function;
mod reply;
mod telemetry;

use function::Function;
use lambda_runtime::{Error, LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let function = Function::from_environment();
    lambda_runtime::run(service_fn(|event: LambdaEvent<serde_json::Value>| function.invoke(event))).await
}
