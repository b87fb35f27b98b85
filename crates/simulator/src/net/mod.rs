//! What every service of the simulator stands on: a certificate authority and a listener.

mod listener;
mod tls;

pub(crate) use listener::{Cut, Entry, Handler, Listener, PeerCertificate};
pub(crate) use tls::{Authority, TlsError};
