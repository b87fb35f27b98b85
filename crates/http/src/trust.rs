//! Whom TLS believes.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

use crate::Failure;

/// Trust in `anchors`, or in the system's, which are those in the file that `SSL_CERT_FILE` names where it is set.
pub(crate) fn config(anchors: Option<&RootCertStore>) -> Result<Arc<ClientConfig>, Failure> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(Failure::of_connection)?;
    let builder = match anchors {
        Some(anchors) => builder.with_root_certificates(anchors.clone()),
        None => builder.with_native_roots().map_err(|error| Failure::NoTrust(Arc::new(error)))?,
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}
