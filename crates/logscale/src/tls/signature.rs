//! Who signed what, as far as it can be proven.
//!
//! "Did not sign" and "cannot be checked here" are different answers: on the first a secret is deleted, on the second
//! never. The library is aws-lc-rs. What it does not know (brainpool curves, Ed448, DSA, ML-DSA, odd sizes and
//! parameters) cannot be checked.

use std::cell::Cell;

use aws_lc_rs::signature::{
    self as algorithms, ParsedPublicKey, RsaParameters, RsaPssSaltLength, VerificationAlgorithm,
};
use x509_parser::{
    certificate::X509Certificate,
    prelude::FromDer,
    signature_algorithm::RsaSsaPssParams,
    x509::{AlgorithmIdentifier, SubjectPublicKeyInfo},
};

use super::certificate::Certificate;

/// Signatures that one judgement checks at the most: each takes a tenth of a millisecond, and whoever writes secrets
/// can put thousands of certificates of one name into them.
const MOST_CHECKS: u32 = 2000;

const RSA_KEY: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const EC_KEY: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// An answer about a signature or a chain of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Proof {
    /// Proven not to be.
    No,
    /// Not to be told.
    Unknown,
    /// Proven.
    Yes,
}

/// How a signature is checked.
enum Way {
    /// By this.
    Known(&'static dyn VerificationAlgorithm),
    /// A key of this kind cannot have made it.
    Impossible,
    /// Not here.
    Unknown,
}

/// Checks signatures, a bounded number of them.
pub(super) struct Checker(Cell<u32>);

impl Checker {
    pub(super) fn new() -> Self {
        Self(Cell::new(MOST_CHECKS))
    }

    /// Whether `parent` issued `child`: its key verifies the signature, and its name is the issuer's. A key that
    /// verifies under another name proves neither: libraries differ about it.
    pub(super) fn issued(&self, parent: &Certificate, child: &Certificate) -> Proof {
        let names_fit = child.issuer == parent.subject;
        match self.signed(parent, child) {
            Proof::Yes if names_fit => Proof::Yes,
            Proof::Yes => Proof::Unknown,
            Proof::Unknown if names_fit => Proof::Unknown,
            Proof::Unknown | Proof::No => Proof::No,
        }
    }

    fn signed(&self, parent: &Certificate, child: &Certificate) -> Proof {
        let Some(left) = self.0.get().checked_sub(1) else { return Proof::Unknown };
        let (Ok((_, parent)), Ok((_, child))) =
            (X509Certificate::from_der(&parent.der), X509Certificate::from_der(&child.der))
        else {
            return Proof::Unknown;
        };
        let key = parent.public_key();
        let algorithm = match way(&child.signature_algorithm, key) {
            Way::Known(algorithm) => algorithm,
            Way::Impossible => return Proof::No,
            Way::Unknown => return Proof::Unknown,
        };
        self.0.set(left);
        let Ok(key) = ParsedPublicKey::new(algorithm, &key.subject_public_key.data) else { return Proof::Unknown };
        match key.verify_sig(child.tbs_certificate.as_ref(), &child.signature_value.data) {
            Ok(()) => Proof::Yes,
            Err(_) => Proof::No,
        }
    }
}

fn way(signature: &AlgorithmIdentifier<'_>, key: &SubjectPublicKeyInfo<'_>) -> Way {
    let kind = key.algorithm.algorithm.to_id_string();
    let signed_by = signature.algorithm.to_id_string();
    let known = match (family(&signed_by), kind.as_str()) {
        (None, _) => return Way::Unknown,
        (Some(wanted), RSA_PSS) if wanted == RSA_KEY && signed_by == RSA_PSS => rsa(signature, key, &signed_by),
        (Some(wanted), kind) if wanted != kind => {
            return if is_familiar(kind) { Way::Impossible } else { Way::Unknown };
        }
        (Some(RSA_KEY), _) => rsa(signature, key, &signed_by),
        (Some(EC_KEY), _) => ecdsa(&signed_by, key),
        (Some(_), _) => Some(&algorithms::ED25519 as &dyn VerificationAlgorithm),
    };
    known.map_or(Way::Unknown, Way::Known)
}

/// The kind of key that makes signatures of this kind.
fn family(signature: &str) -> Option<&'static str> {
    match signature {
        "1.2.840.113549.1.1.5"
        | "1.3.14.3.2.29"
        | "1.2.840.113549.1.1.10"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.113549.1.1.12"
        | "1.2.840.113549.1.1.13"
        | "1.2.840.113549.1.1.14" => Some(RSA_KEY),
        "1.2.840.10045.4.1" => Some(EC_KEY),
        other if other.starts_with("1.2.840.10045.4.3.") => Some(EC_KEY),
        ED25519 => Some(ED25519),
        _ => None,
    }
}

/// Kinds of keys of which it is known that they sign in one way only.
fn is_familiar(kind: &str) -> bool {
    matches!(kind, RSA_KEY | RSA_PSS | EC_KEY | ED25519)
}

fn ecdsa(signature: &str, key: &SubjectPublicKeyInfo<'_>) -> Option<&'static dyn VerificationAlgorithm> {
    let curve = key.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    let hash = signature.strip_prefix("1.2.840.10045.4.")?;
    Some(match (curve.as_str(), hash) {
        ("1.2.840.10045.3.1.7", "1") => &algorithms::ECDSA_P256_SHA1_ASN1,
        ("1.2.840.10045.3.1.7", "3.2") => &algorithms::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.3.1.7", "3.3") => &algorithms::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.3.1.7", "3.4") => &algorithms::ECDSA_P256_SHA512_ASN1,
        ("1.3.132.0.34", "3.2") => &algorithms::ECDSA_P384_SHA256_ASN1,
        ("1.3.132.0.34", "3.3") => &algorithms::ECDSA_P384_SHA384_ASN1,
        ("1.3.132.0.34", "3.4") => &algorithms::ECDSA_P384_SHA512_ASN1,
        ("1.3.132.0.35", "1") => &algorithms::ECDSA_P521_SHA1_ASN1,
        ("1.3.132.0.35", "3.1") => &algorithms::ECDSA_P521_SHA224_ASN1,
        ("1.3.132.0.35", "3.2") => &algorithms::ECDSA_P521_SHA256_ASN1,
        ("1.3.132.0.35", "3.3") => &algorithms::ECDSA_P521_SHA384_ASN1,
        ("1.3.132.0.35", "3.4") => &algorithms::ECDSA_P521_SHA512_ASN1,
        ("1.3.132.0.10", "3.2") => &algorithms::ECDSA_P256K1_SHA256_ASN1,
        _ => return None,
    })
}

/// The library refuses other sizes in the same words as a wrong signature, so the size is looked at first.
fn rsa(
    signature: &AlgorithmIdentifier<'_>,
    key: &SubjectPublicKeyInfo<'_>,
    signed_by: &str,
) -> Option<&'static dyn VerificationAlgorithm> {
    let bits = RsaParameters::public_modulus_len(&key.subject_public_key.data).ok()?;
    let algorithm: &'static RsaParameters = match signed_by {
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => &algorithms::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.11" => &algorithms::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        "1.2.840.113549.1.1.12" => &algorithms::RSA_PKCS1_2048_8192_SHA384,
        "1.2.840.113549.1.1.13" => &algorithms::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        RSA_PSS => pss(signature, bits)?,
        _ => return None,
    };
    let fits = (algorithm.min_modulus_len()..=algorithm.max_modulus_len()).contains(&bits);
    fits.then_some(algorithm as &dyn VerificationAlgorithm)
}

/// RSA-PSS with one hash for both purposes, and a salt of the hash's length or of the greatest one.
fn pss(signature: &AlgorithmIdentifier<'_>, bits: u32) -> Option<&'static RsaParameters> {
    const MAX: RsaPssSaltLength = RsaPssSaltLength::Max;
    let parameters = RsaSsaPssParams::try_from(signature.parameters.as_ref()?).ok()?;
    let hash = parameters.hash_algorithm_oid().to_id_string();
    let mask = parameters.mask_gen_algorithm().ok()?;
    let (digest, max): (&'static RsaParameters, &'static RsaParameters) = match hash.as_str() {
        SHA256 => (
            &algorithms::RSA_PSS_2048_8192_SHA256,
            &const { algorithms::RSA_PSS_2048_8192_SHA256.with_pss_salt_length(MAX) },
        ),
        SHA384 => (
            &algorithms::RSA_PSS_2048_8192_SHA384,
            &const { algorithms::RSA_PSS_2048_8192_SHA384.with_pss_salt_length(MAX) },
        ),
        SHA512 => (
            &algorithms::RSA_PSS_2048_8192_SHA512,
            &const { algorithms::RSA_PSS_2048_8192_SHA512.with_pss_salt_length(MAX) },
        ),
        _ => return None,
    };
    let length: u32 = match hash.as_str() {
        SHA256 => 32,
        SHA384 => 48,
        _ => 64,
    };
    // RFC 8017, 9.1.1: what the encoded message has room for.
    let longest = (bits.checked_add(6)? / 8).checked_sub(length)?.checked_sub(2)?;
    let salt = parameters.salt_length();
    let alike = mask.mgf.to_id_string() == "1.2.840.113549.1.1.8" && mask.hash.to_id_string() == hash;
    match (alike && parameters.trailer_field() == 1, salt) {
        (true, salt) if salt == length => Some(digest),
        (true, salt) if salt == longest => Some(max),
        _ => None,
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
