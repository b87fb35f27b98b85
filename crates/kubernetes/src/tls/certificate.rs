//! Certificates: bytes, signatures, fingerprints.

use x509_parser::{certificate::X509Certificate, prelude::FromDer};

/// Bytes of a fingerprint that are shown: enough to tell two CAs apart, short enough to read aloud.
const SHOWN: usize = 6;

/// The certificates of a PEM text, in order, as DER.
///
/// `None` when there is none, or when one of them cannot be parsed.
pub(super) fn bundle(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let ders: Vec<_> = pem::parse_many(text)
        .ok()?
        .into_iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(pem::Pem::into_contents)
        .collect();
    let readable = ders.iter().all(|der| X509Certificate::from_der(der).is_ok_and(|(rest, _)| rest.is_empty()));
    (!ders.is_empty() && readable).then_some(ders)
}

/// True when the public key of `authority` verifies the signature on `leaf`. Names prove nothing here: every CA of
/// the operator has the common name `humio-operator`.
pub(super) fn is_signed_by(leaf: &[u8], authority: &[u8]) -> bool {
    let (Ok((_, leaf)), Ok((_, authority))) = (X509Certificate::from_der(leaf), X509Certificate::from_der(authority))
    else {
        return false;
    };
    leaf.verify_signature(Some(authority.public_key())).is_ok()
}

/// The beginning of the SHA-256 of a certificate in DER.
pub(super) fn fingerprint(der: &[u8]) -> String {
    let digest = crate::secret::digest(der);
    let shown: String = digest[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &[u8] = include_bytes!("../../tests/fixtures/rsa-ca.pem");
    const LEAF: &[u8] = include_bytes!("../../tests/fixtures/rsa-leaf.pem");
    const OTHER_CA: &[u8] = include_bytes!("../../tests/fixtures/rsa-other-ca.pem");

    fn only(text: &[u8]) -> Vec<u8> {
        bundle(text).expect("a certificate").remove(0)
    }

    #[test]
    fn an_rsa_4096_authority_of_the_same_name_is_told_from_the_one_that_signed() {
        assert!(is_signed_by(&only(LEAF), &only(CA)));
        assert!(!is_signed_by(&only(LEAF), &only(OTHER_CA)));
    }

    #[test]
    fn the_fingerprint_is_the_one_that_openssl_prints() {
        // openssl x509 -in rsa-ca.pem -noout -fingerprint -sha256
        let printed = include_str!("../../tests/fixtures/rsa-ca.sha256").trim().replace(':', "").to_lowercase();
        let shown = fingerprint(&only(CA));
        assert_eq!(shown, format!("sha256:{}", &printed[..SHOWN * 2]));
    }

    #[test]
    fn a_bundle_is_read_whole_or_not_at_all() {
        let both = [CA, OTHER_CA].concat();
        assert_eq!(bundle(&both).expect("two certificates").len(), 2);
        assert!(bundle(b"").is_none() && bundle(b"junk").is_none());
        let broken = [CA, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"].concat();
        assert!(bundle(&broken).is_none());
    }
}
