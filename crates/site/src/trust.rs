//! Trust anchors in the configuration: read once at start, so that a file without any is told by name and not found
//! out in the middle of an outage.

use std::{
    fs::File,
    io::{self, Read},
};

use holdfast_settings::{Reader, certificate::holds_certificate};

/// The variable that names the file of trust anchors for all clients.
const FILE: &str = "SSL_CERT_FILE";

/// The largest file of anchors that is read; those of a distribution have some 250 KB.
const LARGEST: u64 = 4 * 1024 * 1024;

/// The file of trust anchors, if one is named, holds one at least.
pub(crate) fn anchors(read: &mut Reader<'_>) {
    let Some(path) = read.text(FILE) else { return };
    if !contents(&path).is_ok_and(|text| holds_certificate(&text)) {
        read.fault(FILE, "a readable file of at most 4 MiB with at least one certificate in PEM");
    }
}

fn contents(path: &str) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    // A device or a pipe might never end.
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LARGEST { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs};

    use super::*;

    fn anchor() -> String {
        let key = rcgen::KeyPair::generate().expect("a key");
        rcgen::CertificateParams::new(Vec::new()).expect("names").self_signed(&key).expect("signed").pem()
    }

    fn fault(path: &str) -> Option<String> {
        let variables = BTreeMap::from([(FILE.to_owned(), path.to_owned())]);
        let mut reader = Reader::new(&variables);
        anchors(&mut reader);
        reader.finish(()).err().map(|faults| faults.to_string())
    }

    #[test]
    fn a_file_without_a_certificate_is_refused_and_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("written");
            path.to_string_lossy().into_owned()
        };
        let key = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        let broken = anchor().replace("MII", "AAA");
        let huge = format!("{}{}", anchor(), "#".repeat(5 * 1024 * 1024));
        let others = [("empty", ""), ("words", "no certificate"), ("key", &key), ("broken", &broken), ("huge", &huge)];
        for (name, text) in others {
            let path = file(name, text);
            let said = fault(&path).unwrap_or_else(|| panic!("{name} is taken"));
            assert!(said.contains(&path) && said.contains("SSL_CERT_FILE") && said.contains("certificate"), "{said}");
        }
        for path in ["/nowhere/ca.pem", "/", "/dev/null", &folder.path().to_string_lossy()] {
            assert!(fault(path).is_some_and(|said| said.contains(path)), "{path}");
        }
        assert_eq!(fault(&file("good", &anchor())), None);
        assert_eq!(fault(&file("with-words", &format!("# a bundle\n{key}{}", anchor()))), None);
        assert_eq!(fault(""), None, "an empty value is as good as none");
    }
}
