//! Each kind of signature that OpenSSL makes, on certificates that it made.

use super::{
    super::certificate::{blocks, certificates},
    *,
};

/// The CA and the leaf of a file.
fn pair(text: &[u8]) -> (Certificate, Certificate) {
    let (mut read, doubtful) = certificates(blocks(text));
    assert_eq!((read.len(), doubtful), (2, false));
    let leaf = read.pop().expect("a leaf");
    (read.pop().expect("a CA"), leaf)
}

macro_rules! algorithm {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../tests/fixtures/algorithms/", $name, ".pem")).as_slice())
    };
}

const VERIFIED: [(&str, &[u8]); 9] = [
    algorithm!("ed25519"),
    algorithm!("p256sha512"),
    algorithm!("p521"),
    algorithm!("pssdigest"),
    algorithm!("psskey"),
    algorithm!("pssmax"),
    algorithm!("rsa1024"),
    algorithm!("rsasha1"),
    algorithm!("secp256k1"),
];
const NOT_VERIFIED: [(&str, &[u8]); 4] =
    [algorithm!("brainpool"), algorithm!("ed448"), algorithm!("psssalt"), algorithm!("rsasha224")];

fn issued(parent: &Certificate, child: &Certificate) -> Proof {
    Checker::new().issued(parent, child)
}

#[test]
fn what_the_library_verifies_is_proven_and_so_is_a_forgery() {
    for (name, text) in VERIFIED {
        let (ca, leaf) = pair(text);
        assert_eq!(issued(&ca, &leaf), Proof::Yes, "{name}");
        assert_eq!(issued(&ca, &ca), Proof::Yes, "{name}: it signed itself");
        let mut forged = leaf.clone();
        let last = forged.der.len() - 1;
        forged.der[last] ^= 1;
        assert_eq!(issued(&ca, &forged), Proof::No, "{name}");
    }
}

#[test]
fn what_the_library_does_not_verify_is_not_to_be_told() {
    for (name, text) in NOT_VERIFIED {
        let (ca, leaf) = pair(text);
        assert_eq!(issued(&ca, &leaf), Proof::Unknown, "{name}");
    }
}

#[test]
fn a_key_of_another_kind_did_not_sign_even_where_the_signature_cannot_be_checked() {
    let (rsa, _) = pair(algorithm!("rsasha224").1);
    let (_, brainpool) = pair(algorithm!("brainpool").1);
    let (elliptic, _) = pair(algorithm!("p521").1);
    let (_, odd_rsa) = pair(algorithm!("rsasha224").1);
    assert_eq!(issued(&rsa, &brainpool), Proof::No);
    assert_eq!(issued(&elliptic, &odd_rsa), Proof::No);
}

#[test]
fn an_issuer_of_another_name_is_not_the_issuer_and_a_key_that_verifies_under_it_proves_nothing() {
    let (mut ca, leaf) = pair(algorithm!("p521").1);
    ca.subject = "cn=somebody else".to_owned();
    assert_eq!(issued(&ca, &leaf), Proof::Unknown);
    let (mut ca, leaf) = pair(algorithm!("brainpool").1);
    ca.subject = "cn=somebody else".to_owned();
    assert_eq!(issued(&ca, &leaf), Proof::No);
}

#[test]
fn no_more_signatures_are_checked_than_one_judgement_may() {
    let (ca, leaf) = pair(algorithm!("p256sha512").1);
    let checker = Checker(Cell::new(2));
    assert_eq!([checker.issued(&ca, &leaf), checker.issued(&ca, &leaf)], [Proof::Yes; 2]);
    assert_eq!(checker.issued(&ca, &leaf), Proof::Unknown);
}
