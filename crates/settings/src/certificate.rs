//! What a certificate looks like.

use base64::{Engine, engine::general_purpose::STANDARD};

/// True for a certificate authority as clouds and kubeconfigs give it: PEM in base64.
pub fn is_ca_data(text: &str) -> bool {
    STANDARD.decode(text).is_ok_and(|text| holds_certificate(&text))
}

/// True for a text with at least one certificate in PEM.
pub fn holds_certificate(text: &[u8]) -> bool {
    let blocks = pem::parse_many(text).unwrap_or_default();
    let is_certificate = |block: &pem::Pem| {
        matches!(block.tag(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE")
            && x509_parser::parse_x509_certificate(block.contents()).is_ok()
    };
    blocks.iter().any(is_certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchor() -> String {
        let key = rcgen::KeyPair::generate().expect("a key");
        rcgen::CertificateParams::new(Vec::new()).expect("names").self_signed(&key).expect("signed").pem()
    }

    #[test]
    fn an_authority_is_pem_in_base64_with_a_certificate() {
        assert!(is_ca_data(&STANDARD.encode(anchor())));
        for bad in ["", "Y2E=", "not base64!", &anchor(), &STANDARD.encode("-----BEGIN CERTIFICATE-----")] {
            assert!(!is_ca_data(bad), "{bad}");
        }
    }
}
