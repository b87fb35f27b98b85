//! A certificate authority for one run, and the one loopback certificate that all listeners serve.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

/// The certificate authority of one simulator: its PEM in memory and in a file, and an acceptor that serves its leaf.
pub(crate) struct Authority {
    ca_pem: String,
    ca_file: PathBuf,
    acceptor: TlsAcceptor,
    /// The same, which also asks clients for a certificate of this authority and takes those that have none.
    asking: TlsAcceptor,
    issuer: Issuer<'static, KeyPair>,
    /// Removed with everything in it when the simulator goes.
    _folder: tempfile::TempDir,
}

/// Why no certificate could be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate generator refused.
    #[error("the test certificates could not be made")]
    Generate(#[from] rcgen::Error),
    /// The TLS library refused what the generator made.
    #[error("the test certificate could not be served")]
    Serve(#[from] rustls::Error),
    /// The folder or file for the authority's PEM could not be written.
    #[error("the test authority's file could not be written")]
    File(#[from] std::io::Error),
}

impl Authority {
    /// Makes a new authority and, signed by it, a certificate for `localhost` and `127.0.0.1`.
    pub(crate) fn new() -> Result<Self, TlsError> {
        let ca_key = KeyPair::generate()?;
        let ca_params = ca_params()?;
        let ca = ca_params.self_signed(&ca_key)?;
        let issuer = Issuer::new(ca_params, ca_key);
        let key = KeyPair::generate()?;
        let leaf = leaf_params()?.signed_by(&key, &issuer)?;
        let folder = tempfile::Builder::new().prefix("holdfast-simulator-").tempdir()?;
        let ca_file = folder.path().join("ca.pem");
        std::fs::write(&ca_file, ca.pem())?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let chain = vec![leaf.der().clone(), ca.der().clone()];
        let asking = acceptor(chain.clone(), key.clone_key(), Some(ca.der().clone()))?;
        let acceptor = acceptor(chain, key, None)?;
        Ok(Self { ca_pem: ca.pem(), ca_file, acceptor, asking, issuer, _folder: folder })
    }

    /// The authority's certificate, to be trusted by clients.
    pub(crate) fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The same in a file, for clients that want a path (`SSL_CERT_FILE`, `AWS_CA_BUNDLE`).
    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// A certificate for a client and its key, both PEM. `user` and `group` are what Kubernetes reads out of it.
    pub(crate) fn client(&self, user: &str, group: &str) -> Result<(String, String), TlsError> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, user);
        params.distinguished_name.push(DnType::OrganizationName, group);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        Ok((params.signed_by(&key, &self.issuer)?.pem(), key.serialize_pem()))
    }

    /// What a listener needs that lets clients log in with a certificate.
    pub(crate) fn asking_acceptor(&self) -> TlsAcceptor {
        self.asking.clone()
    }

    /// What a listener needs to speak TLS with this authority's leaf.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

fn ca_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Holdfast simulator test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    Ok(params)
}

fn leaf_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// HTTP/1.1 only, by offering no other protocol: every client the simulator meets can fall back to it.
fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<CertificateDer<'static>>,
) -> Result<TlsAcceptor, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = verifier.allow_unauthenticated().build();
            config.with_client_cert_verifier(verifier.map_err(|error| rustls::Error::General(error.to_string()))?)
        }
    };
    let config = config.with_single_cert(chain, key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_in_a_file_and_both_names_are_in_the_leaf() {
        let authority = Authority::new().expect("certificates");
        assert_eq!(std::fs::read_to_string(authority.ca_file()).expect("file"), authority.ca_pem());
        let leaf = leaf_params().expect("params");
        assert_eq!(leaf.subject_alt_names.len(), 2);
    }

    #[test]
    fn the_file_goes_with_the_authority() {
        let authority = Authority::new().expect("certificates");
        let file = authority.ca_file().to_owned();
        drop(authority);
        assert!(!file.exists());
    }
}
