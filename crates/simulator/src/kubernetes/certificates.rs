//! Real X.509 material: the CA that humio-operator makes and the leaves that cert-manager issues from it.
//!
//! Keys are ECDSA P-256, where the operator takes RSA 4096, because the simulator must start at once.

use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use time::OffsetDateTime;

use super::clock;
use super::rbac::AUTHENTICATED;
use super::token::Identity;
use crate::net::PeerCertificate;

/// Validity of the CA: ten years, as humio-operator has it.
const CA_LIFE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// Validity of a leaf: 90 days, cert-manager's default.
const LEAF_LIFE: Duration = Duration::from_secs(90 * 24 * 3600);
/// Object identifier of the subject attribute `serialNumber` (X.520).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];
/// Certificates start an hour ago, so that clocks may differ.
const BACKDATED: Duration = Duration::from_secs(3600);

/// Who a client certificate names: the common name is the user, organisations are its groups.
pub(super) fn identity(certificate: &PeerCertificate) -> Option<Identity> {
    let (_, parsed) = x509_parser::parse_x509_certificate(&certificate.0).ok()?;
    let subject = parsed.subject();
    let user = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups = subject.iter_organization().filter_map(|name| Some(name.as_str().ok()?.to_owned()));
    Some(Identity { user, groups: groups.chain([AUTHENTICATED.to_owned()]).collect() })
}

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

#[cfg(test)]
mod tests {
    use x509_parser::prelude::{FromDer as _, X509Certificate};

    use super::*;

    /// Whether `leaf` carries a signature that `ca` can have made.
    fn is_signed_by(leaf: &Pair, ca: &Pair) -> bool {
        let (leaf, ca) = (pem::parse(&leaf.certificate).unwrap(), pem::parse(&ca.certificate).unwrap());
        let (_, leaf) = X509Certificate::from_der(leaf.contents()).unwrap();
        let (_, ca) = X509Certificate::from_der(ca.contents()).unwrap();
        leaf.verify_signature(Some(ca.public_key())).is_ok()
    }

    #[test]
    fn a_leaf_is_signed_by_its_own_ca_and_by_no_other() {
        let (one, other) = (authority(1), authority(2));
        let leaf = leaf(&one, &["logscale.logging".to_owned()]).unwrap();
        assert!(is_signed_by(&leaf, &one) && !is_signed_by(&leaf, &other));
        assert!(!same(&one.certificate, &other.certificate) && same(&one.certificate, &one.certificate));
    }

    #[test]
    fn two_cas_have_one_common_name_and_two_subjects() {
        let subject = |ca: &Pair| {
            let ca = pem::parse(&ca.certificate).unwrap();
            X509Certificate::from_der(ca.contents()).unwrap().1.subject().to_string()
        };
        let (one, other) = (subject(&authority(1)), subject(&authority(2)));
        assert!(one.contains("CN=humio-operator") && other.contains("CN=humio-operator"));
        assert_ne!(one, other);
    }

    #[test]
    fn a_spoilt_ca_signs_nothing() {
        let spoilt = Pair { certificate: "no PEM".to_owned(), key: authority(1).key };
        assert!(leaf(&spoilt, &[]).is_none());
    }
}
