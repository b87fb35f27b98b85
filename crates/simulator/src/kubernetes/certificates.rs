//! Real X.509 material: the CA that humio-operator makes and the leaves that cert-manager issues from it.
//!
//! Keys are ECDSA P-256, where the operator takes RSA 4096, because the simulator must start at once.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::clock;

/// Validity of the CA: ten years, as humio-operator has it.
const CA_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Validity of a leaf: 90 days, cert-manager's default.
const LEAF_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
/// Object identifier of the subject attribute `serialNumber` (X.520).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];
/// Certificates start an hour ago, so that clocks may differ.
const BACKDATED: Duration = Duration::from_secs(3600);

/// A certificate and its private key, both PEM.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The certificate.
    pub(super) certificate: String,
    /// The key.
    pub(super) key: String,
}

/// A new CA. `number` becomes the subject's serialNumber (the operator takes its time of creation in epoch seconds),
/// so two CAs have the same common name and different subjects.
pub(super) fn authority(number: i64) -> Pair {
    let mut params = params(&[], CA_LIFE);
    params.distinguished_name.push(DnType::CommonName, "humio-operator");
    params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), number.to_string());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().expect("P-256 keys can be made");
    let certificate = params.self_signed(&key).expect("the parameters are valid");
    Pair { certificate: certificate.pem(), key: key.serialize_pem() }
}

/// A leaf for these DNS names. `None` when the CA's PEM texts make no CA, as with a Secret that somebody has spoilt.
pub(super) fn leaf(ca: &Pair, names: &[String]) -> Option<Pair> {
    let ca_key = KeyPair::from_pem(&ca.key).ok()?;
    let issuer = Issuer::from_ca_cert_pem(&ca.certificate, ca_key).ok()?;
    let mut params = params(names, LEAF_LIFE);
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().ok()?;
    let certificate = params.signed_by(&key, &issuer).ok()?;
    Some(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// Whether two PEM texts hold the same certificate, byte for byte of its DER.
pub(super) fn same(left: &str, right: &str) -> bool {
    match (pem::parse(left), pem::parse(right)) {
        (Ok(left), Ok(right)) => left.contents() == right.contents(),
        _ => false,
    }
}

fn params(names: &[String], life: Duration) -> CertificateParams {
    let mut params = CertificateParams::new(names).expect("DNS names made of labels are valid");
    params.distinguished_name = rcgen::DistinguishedName::new();
    let now = OffsetDateTime::from_unix_timestamp(clock::now().as_second()).expect("the present is in range");
    params.not_before = now - BACKDATED;
    params.not_after = now + life;
    params
}
