//! Azurite, the storage server that Microsoft ships for tests.
//!
//! It looks at a bearer token's times, issuer and audience and not at its signature, and takes tokens over TLS only; it
//! knows no roles (docs/reference/azure.md#azurite).

use std::{fs, net::TcpStream, path::Path, time::Duration};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use tempfile::TempDir;

use crate::{
    Error,
    process::{Server, free_port},
};

/// It needs 2 s, more while others use the cores.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// The account that it starts with.
const ACCOUNT: &str = "devstoreaccount1";

/// A running Azurite, killed when dropped. It holds no container and no queue at first.
#[derive(Debug)]
pub struct Azurite {
    _server: Server,
    blob_port: u16,
    queue_port: u16,
    folder: TempDir,
}

impl Azurite {
    /// Starts `program` (see [`find::azurite`](crate::find::azurite)) on free ports and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it ends or does not become ready; the message quotes its log.
    pub async fn start(program: &Path) -> Result<Self, Error> {
        let folder = TempDir::with_prefix("holdfast-azurite-").map_err(Error::io("make a folder for Azurite"))?;
        certify(folder.path()).map_err(Error::io("write the certificates of Azurite"))?;
        let (blob_port, queue_port, table_port) = (free_port(), free_port(), free_port());
        let arguments = format!(
            "--silent --inMemoryPersistence --disableTelemetry --blobPort {blob_port} --queuePort {queue_port} \
             --tablePort {table_port} --oauth basic --cert server.pem --key server.key"
        );
        let arguments: Vec<_> = arguments.split_whitespace().map(Into::into).collect();
        let mut server = Server::start(program, &arguments, folder.path())?;
        let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        server.wait_until(READY_WITHIN, async || listens(blob_port) && listens(queue_port)).await?;
        Ok(Self { _server: server, blob_port, queue_port, folder })
    }

    /// The account's blobs: `https://127.0.0.1:PORT/ACCOUNT`.
    pub fn blob_endpoint(&self) -> String {
        format!("https://127.0.0.1:{}/{ACCOUNT}", self.blob_port)
    }

    /// The account's queues, likewise.
    pub fn queue_endpoint(&self) -> String {
        format!("https://127.0.0.1:{}/{ACCOUNT}", self.queue_port)
    }

    /// The authority of its certificate, in PEM; gone with it.
    pub fn ca_file(&self) -> std::path::PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Writes `ca.pem`, and `server.pem` with `server.key` signed by it, for loopback.
fn certify(folder: &Path) -> std::io::Result<()> {
    let (authority, server, key) = certificates().map_err(std::io::Error::other)?;
    fs::write(folder.join("ca.pem"), authority)?;
    fs::write(folder.join("server.pem"), server)?;
    fs::write(folder.join("server.key"), key)
}

fn certificates() -> Result<(String, String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Holdfast testbed authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let authority = params.self_signed(&key)?.pem();
    let issuer = Issuer::new(params, key);

    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    Ok((authority, params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
}
