//! Certificates: what is read of them, and their fingerprints.

use std::collections::BTreeSet;

use holdfast_core::Timestamp;
use holdfast_kubernetes::secret::{Text, digest};
use x509_parser::{
    asn1_rs::{Any, Tag},
    certificate::X509Certificate,
    prelude::FromDer,
    x509::X509Name,
};

/// Bytes of a fingerprint that are shown: enough to tell two CAs apart, short enough to read aloud.
const SHOWN: usize = 6;
/// More certificates of one text are not looked at. A bundle of every public CA has about 150.
const MOST: usize = 200;
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// One block of a PEM text.
#[derive(Clone, Debug)]
pub(crate) enum Block {
    /// A certificate.
    Certificate(Certificate),
    /// Something that others may be able to read as a certificate, and that we cannot.
    Doubtful,
    /// Nothing that anybody could read as a certificate.
    Broken,
}

/// What is used of a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    /// All of it.
    pub der: Vec<u8>,
    /// Whose it is, in a form in which equal names are equal texts.
    pub subject: String,
    /// Who issued it, likewise.
    pub issuer: String,
    /// The public key with its algorithm, as it stands there.
    pub key: Vec<u8>,
    /// From when on it is valid; `None` outside of the years that we can write.
    pub not_before: Option<Timestamp>,
    /// Until when.
    pub not_after: Option<Timestamp>,
}

/// The blocks of a PEM text that call themselves certificates, in order. Text around them does no harm, and one that
/// is broken does none to the others: that is how the operator's own library reads a bundle.
pub(crate) fn blocks(text: &[u8]) -> Vec<Block> {
    let text = String::from_utf8_lossy(text);
    let mut blocks: Vec<_> = text.split(BEGIN).skip(1).take(MOST).map(block).collect();
    if text.matches(BEGIN).nth(MOST).is_some() {
        blocks.push(Block::Doubtful);
    }
    blocks
}

/// The blocks of a text; `None` when it was not looked at.
pub(super) fn blocks_of(text: Text<'_>) -> Option<Vec<Block>> {
    match text {
        Text::Read(text) => Some(blocks(text)),
        Text::Absent => Some(Vec::new()),
        Text::TooLong => None,
    }
}

fn block(rest: &str) -> Block {
    let Some((body, _)) = rest.split_once(END) else { return Block::Doubtful };
    match pem::parse(format!("{BEGIN}{body}{END}")) {
        Ok(block) => read(block.into_contents()),
        Err(_) => Block::Doubtful,
    }
}

fn read(der: Vec<u8>) -> Block {
    let certificate = match X509Certificate::from_der(&der) {
        Ok(([], parsed)) => Certificate {
            subject: plain(parsed.subject()),
            issuer: plain(parsed.issuer()),
            key: parsed.public_key().raw.to_vec(),
            not_before: Timestamp::from_second(parsed.validity().not_before.timestamp()).ok(),
            not_after: Timestamp::from_second(parsed.validity().not_after.timestamp()).ok(),
            der: Vec::new(),
        },
        _ if is_shaped_like_one(&der) => return Block::Doubtful,
        _ => return Block::Broken,
    };
    Block::Certificate(Certificate { der, ..certificate })
}

/// RFC 5280, 4.1: a sequence of a sequence, a sequence and a bit string. What is not even that, no library reads.
fn is_shaped_like_one(der: &[u8]) -> bool {
    let Ok((_, outer)) = Any::from_der(der) else { return false };
    let mut rest = outer.data;
    let mut parts = Vec::new();
    while let Ok((after, part)) = Any::from_der(rest) {
        parts.push(part.tag());
        rest = after;
        if parts.len() > 3 {
            break;
        }
    }
    outer.tag() == Tag::Sequence && parts == [Tag::Sequence, Tag::Sequence, Tag::BitString]
}

/// RFC 5280, 7.1: names are compared without regard to case, to the kind of text and to the white space in it.
fn plain(name: &X509Name<'_>) -> String {
    name.to_string().to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Certificate {
    /// True when both have one name and one key: the same authority, even if one is a renewal of the other.
    pub(super) fn is_the_same_authority_as(&self, other: &Self) -> bool {
        self.key == other.key && self.subject == other.subject
    }

    /// The beginning of the SHA-256 of the certificate.
    pub(super) fn fingerprint(&self) -> String {
        let digest = digest(&self.der);
        let shown: String = digest.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{shown}")
    }
}

/// The certificates among the blocks, each once, and whether something among them can only not be read by us.
pub(super) fn certificates(blocks: Vec<Block>) -> (Vec<Certificate>, bool) {
    let doubtful = blocks.iter().any(|block| matches!(block, Block::Doubtful));
    let mut seen = BTreeSet::new();
    let mut certificates = Vec::new();
    for block in blocks {
        if let Block::Certificate(certificate) = block
            && seen.insert(digest(&certificate.der))
        {
            certificates.push(certificate);
        }
    }
    (certificates, doubtful)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CA: &[u8] = include_bytes!("../../tests/fixtures/rsa-ca.pem");
    const OTHER_CA: &[u8] = include_bytes!("../../tests/fixtures/rsa-other-ca.pem");

    fn kinds(text: &[u8]) -> String {
        let letter = |block: &Block| match block {
            Block::Certificate(_) => 'c',
            Block::Doubtful => '?',
            Block::Broken => 'x',
        };
        blocks(text).iter().map(letter).collect()
    }

    fn armoured(der: &[u8]) -> Vec<u8> {
        pem::encode(&pem::Pem::new("CERTIFICATE", der)).into_bytes()
    }

    #[test]
    fn the_fingerprint_is_the_one_that_openssl_prints() {
        // openssl x509 -in rsa-ca.pem -noout -fingerprint -sha256
        let printed = include_str!("../../tests/fixtures/rsa-ca.sha256").trim().replace(':', "").to_lowercase();
        let (read, _) = certificates(blocks(CA));
        assert_eq!(read[0].fingerprint(), format!("sha256:{}", &printed[..SHOWN * 2]));
    }

    #[test]
    fn one_broken_certificate_does_no_harm_to_the_others() {
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(kinds(&[CA, broken, OTHER_CA].concat()), "cxc");
        assert_eq!(kinds(&[b"subject=CN = x\n", CA, b"\nissuer=...\n", OTHER_CA].concat()), "cc");
        assert_eq!(kinds(&String::from_utf8_lossy(CA).replace('\n', "\r\n").into_bytes()), "c");
    }

    #[test]
    fn what_is_no_pem_certificate_is_nothing() {
        assert_eq!(kinds(b""), "");
        assert_eq!(kinds(b"junk"), "");
        assert_eq!(kinds(b"-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n"), "");
    }

    #[test]
    fn what_only_we_may_be_unable_to_read_is_doubtful_and_what_nobody_reads_is_broken() {
        let der = pem::parse(CA).expect("PEM").into_contents();
        assert_eq!(kinds(&armoured(&der)), "c");
        assert_eq!(kinds(&armoured(&der[..der.len() - 1])), "x", "cut off");
        assert_eq!(kinds(&armoured(&[])), "x", "empty");
        assert_eq!(kinds(&armoured(&[&der[..], &[0]].concat())), "?", "something follows it");
        // The shape of a certificate, around contents that no version of X.509 knows.
        let odd = [0x30, 0x0a, 0x30, 0x02, 0x05, 0x00, 0x30, 0x00, 0x03, 0x02, 0x00, 0x00];
        assert_eq!(kinds(&armoured(&odd)), "?");
        assert_eq!(kinds(b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"), "?", "no base64");
        assert_eq!(kinds(b"-----BEGIN CERTIFICATE-----\nAAAA"), "?", "no end");
    }

    #[test]
    fn a_text_of_very_many_certificates_is_not_read_to_its_end() {
        let many = CA.repeat(MOST + 5);
        let kinds = kinds(&many);
        assert_eq!((kinds.len(), kinds.ends_with('?')), (MOST + 1, true));
    }
}
