//! The CA that signs from now on, and what belongs to it.

use std::collections::BTreeSet;

use holdfast_kubernetes::secret::{Secret, Text};

use super::{
    certificate::{Block, Certificate, blocks, blocks_of, certificates},
    judge::Material,
    signature::{Checker, Proof},
};

/// The CA that signs from now on.
pub(super) enum Authority {
    /// There is none yet; the operator will make one, which no existing certificate can be from.
    New,
    /// It can be read.
    Known(Box<Chain>),
    /// It is there, and we cannot read it.
    Unclear {
        /// Why.
        why: String,
    },
}

/// The certificate that signs, and those above it.
///
/// cert-manager signs with the first certificate of `tls.crt`, adds the others of `tls.crt` and `ca.crt` to what it
/// issues, and hands the topmost out as `ca.crt`.
pub(super) struct Chain {
    /// The one that signs, then what is proven or, where it cannot be told, may be above it.
    links: Vec<(Certificate, Proof)>,
    /// Something above it may be there that we cannot read.
    doubtful: bool,
}

/// How a secret stands to the CA.
pub(super) enum Match {
    /// It is from the CA.
    Yes {
        /// The CA's fingerprint.
        ca: String,
    },
    /// It is not.
    No {
        /// How that shows.
        why: String,
    },
    /// It cannot be told.
    CannotTell {
        /// Why not.
        why: String,
    },
}

/// The authority that the CA secret holds.
///
/// # Errors
/// What a person must put right first: the operator refuses to go on, or nothing can be issued.
pub(super) fn authority(material: &Material<'_>, checker: &Checker) -> Result<Authority, String> {
    let made_by_operator = format!("{}-ca-keypair", material.cluster);
    let name = material.ca_secret_name.unwrap_or(&made_by_operator);
    match (material.secret(name), material.ca_secret_name) {
        (Some(secret), _) => read(name, secret, checker),
        (None, Some(named)) => Err(format!(
            "spec.tls.caSecretName of HumioCluster {} names the secret {named}, which does not exist; the operator \
             refuses to go on without it. Create the secret, or remove caSecretName",
            material.cluster
        )),
        (None, None) => Ok(Authority::New),
    }
}

/// The operator demands both entries (`validCASecret`); cert-manager demands that they are a pair that it can read.
fn read(name: &str, secret: &Secret, checker: &Checker) -> Result<Authority, String> {
    let advice = "put the CA pair back (it is never deleted by Holdfast)";
    for entry in ["tls.crt", "tls.key"] {
        if !secret.data.contains_key(entry) {
            return Err(format!("{name} has no {entry}; the operator refuses it: {advice}"));
        }
    }
    if !secret.is_filled("tls.key") {
        return Err(format!("{name} has an empty tls.key; cert-manager cannot sign with it: {advice}"));
    }
    let Text::Read(text) = secret.certificate("tls.crt") else {
        let why = format!("tls.crt of the CA secret {name} is longer than is looked at");
        return Ok(Authority::Unclear { why });
    };
    let mut signing = blocks(text).into_iter();
    let signer = match signing.next() {
        Some(Block::Certificate(certificate)) => certificate,
        Some(Block::Doubtful) => {
            let why = format!("the certificate of the CA secret {name} is of a form that is not known here");
            return Ok(Authority::Unclear { why });
        }
        Some(Block::Broken) | None => {
            return Err(format!(
                "the CA secret {name} holds no readable certificate under tls.crt, so no certificate can be issued; \
                 {advice}"
            ));
        }
    };
    let (mut others, mut doubtful) = certificates(signing.collect());
    match secret.certificate("ca.crt") {
        Text::Read(text) => {
            let (above, unread) = certificates(blocks(text));
            others.extend(above);
            doubtful |= unread;
        }
        Text::TooLong => doubtful = true,
        Text::Absent => {}
    }
    Ok(Authority::Known(Box::new(Chain::new(signer, others, doubtful, checker))))
}

impl Chain {
    fn new(signer: Certificate, others: Vec<Certificate>, doubtful: bool, checker: &Checker) -> Self {
        Self { links: climb(signer, &others, checker), doubtful }
    }

    /// The fingerprint of the certificate that signs.
    pub(super) fn fingerprint(&self) -> String {
        self.links.first().map(|(signer, _)| signer.fingerprint()).unwrap_or_default()
    }

    /// The certificate that signs.
    pub(super) fn signer(&self) -> Option<&Certificate> {
        self.links.first().map(|(signer, _)| signer)
    }

    /// The same CA, whose certificates are shown together with `others`: a cross certificate among them leads to another
    /// root.
    fn shown_with(&self, others: &[Certificate], checker: &Checker) -> Self {
        let mut above: Vec<Certificate> = self.links.iter().map(|(link, _)| link.clone()).collect();
        above.extend_from_slice(others);
        let links = self.signer().map(|signer| climb(signer.clone(), &above, checker)).unwrap_or_default();
        Self { links, doubtful: self.doubtful }
    }

    /// Whether a client that trusts `root`, and nothing else, trusts what this CA signs.
    fn is_trusted_under(&self, root: &Certificate, checker: &Checker) -> Proof {
        let proofs = self.links.iter().map(|(link, proof)| {
            let under = if link.is_the_same_authority_as(root) { Proof::Yes } else { checker.issued(root, link) };
            under.min(*proof)
        });
        first_yes(proofs)
    }

    /// Whether one of these is above the certificate `start`, through `others` where they help.
    fn has_issued(&self, start: Certificate, others: &[Certificate], checker: &Checker) -> Proof {
        let below = climb(start, others, checker);
        let proofs = below.iter().flat_map(|(low, proof)| {
            self.links.iter().map(move |(high, above)| checker.issued(high, low).min(*proof).min(*above))
        });
        first_yes(proofs)
    }
}

/// `start`, and those of `others` that are above it, each with the weakest proof on the way.
fn climb(start: Certificate, others: &[Certificate], checker: &Checker) -> Vec<(Certificate, Proof)> {
    let mut seen: BTreeSet<&[u8]> = BTreeSet::new();
    let mut links = vec![(start, Proof::Yes)];
    let mut next = 0;
    while let Some((child, proof)) = links.get(next).cloned() {
        next = usize::saturating_add(next, 1);
        for parent in others {
            if seen.contains(parent.der.as_slice()) || parent.der == child.der {
                continue;
            }
            let above = checker.issued(parent, &child).min(proof);
            if above != Proof::No {
                seen.insert(parent.der.as_slice());
                links.push((parent.clone(), above));
            }
        }
    }
    links
}

/// The best of the proofs; the search ends with the first that is certain.
fn first_yes(proofs: impl Iterator<Item = Proof>) -> Proof {
    let mut best = Proof::No;
    for proof in proofs {
        best = best.max(proof);
        if best == Proof::Yes {
            break;
        }
    }
    best
}

/// How the certificates of `secret` stand to the authority.
///
/// Two things must hold: who trusts the secret's `ca.crt` trusts what the CA signs, since that is how the operator
/// reaches the nodes; and the CA is above the secret's own certificate.
pub(super) fn compare(secret: &Secret, authority: &Authority, checker: &Checker) -> Match {
    let (trusted, leaf) = (secret.certificate("ca.crt"), secret.certificate("tls.crt"));
    let (Some(trusted), Some(leaf)) = (blocks_of(trusted), blocks_of(leaf)) else {
        return Match::CannotTell { why: "holds certificates that are longer than is looked at".to_owned() };
    };
    let (trusted, mut doubtful) = certificates(trusted);
    let was = trusted.first().map_or_else(|| "an unreadable CA".to_owned(), Certificate::fingerprint);
    let mut leaf = leaf.into_iter();
    let own = leaf.next();
    let now = match authority {
        Authority::New => return Match::No { why: format!("is from {was}, and the operator will make a new CA") },
        Authority::Known(chain) => format!("the current CA is {}", chain.fingerprint()),
        Authority::Unclear { why } => why.clone(),
    };
    let nothing_trusted = trusted.is_empty() && !doubtful;
    let Some(own) = own.filter(|own| !matches!(own, Block::Broken) && !nothing_trusted) else {
        return Match::No { why: format!("holds no readable ca.crt and tls.crt; {now}") };
    };
    let (chain, own) = match (authority, own) {
        (Authority::Known(chain), Block::Certificate(own)) => (chain, own),
        (Authority::Known(_), _) => {
            return Match::CannotTell { why: format!("holds a tls.crt of a form that is not known here; {now}") };
        }
        (Authority::New | Authority::Unclear { .. }, _) => {
            return Match::CannotTell { why: format!("cannot be judged: {now}") };
        }
    };
    doubtful |= chain.doubtful;
    let (others, unread) = certificates(leaf.collect());
    let shown = chain.shown_with(&others, checker);
    let trust = first_yes(trusted.iter().map(|root| shown.is_trusted_under(root, checker)));
    if trust == Proof::No && !doubtful && !unread {
        return Match::No { why: format!("is from CA {was}, {now}") };
    }
    let signed = chain.has_issued(own, &others, checker);
    let current = chain.fingerprint();
    if signed == Proof::No && !unread && !chain.doubtful {
        return Match::No { why: format!("holds a certificate that the current CA {current} did not sign") };
    }
    if trust == Proof::Yes && signed == Proof::Yes {
        return Match::Yes { ca: current };
    }
    let why = format!("cannot be judged: whether it is from CA {current} cannot be checked here");
    Match::CannotTell { why }
}
