//! The way into the standby cluster: its address, its certificate authority, and a token.

mod connector;
mod token;

pub use connector::EksConnector;
pub use token::EksToken;
