//! The words of `status.haMode`, and what each means. The text is free and differs from release to release, so every set
//! can be added to by configuration. See docs/reference/api-connect.md#states.

/// A word as it is compared: lower case, without blanks. The documented `progressing to passive` and the observed
/// `BlockedWarmStandbyConversion` become of one form.
pub fn normalised(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The word of a management cluster that waits to become active. Its peer says it of the other side, too.
pub(crate) const READY_FOR_PROMOTION: &str = "readyforpromotion";

/// The word of a management cluster that was set passive, until its peer is active.
pub(crate) const BLOCKED_CONVERSION: &str = "blockedwarmstandbyconversion";

/// Words beyond the known ones, for releases that say something else; [`normalised`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Active: every pod serves traffic.
    pub active: Vec<String>,
    /// Passive: a standby that is complete.
    pub passive: Vec<String>,
    /// A management cluster that is out of service after it was set passive, and a portal whose peer may be promoted.
    pub out_of_service: Vec<String>,
    /// At least one pod of each type serves traffic.
    pub ready_for_traffic: Vec<String>,
}

impl Words {
    /// True for a side that is active to the last pod.
    pub fn is_active(&self, word: &str) -> bool {
        is_among(word, &["active"], &self.active)
    }

    /// True for a side that is a complete standby. A management cluster also says that it waits to be promoted.
    pub fn is_passive(&self, word: &str) -> bool {
        is_among(word, &["passive", READY_FOR_PROMOTION], &self.passive)
    }

    /// True for a management cluster that is out of service. The word of a conversion that waits for its peer counts when
    /// `peer_waits`: something says that the peer is ready for promotion.
    pub fn is_out_of_service(&self, word: &str, peer_waits: bool) -> bool {
        is_among(word, &["passive"], &self.passive)
            || is_among(word, &[], &self.out_of_service)
            || peer_waits && word == BLOCKED_CONVERSION
    }

    /// True for a portal whose peer may be promoted: it is on its way to passive, or there.
    pub fn is_releasing(&self, word: &str) -> bool {
        let known = ["progressingtopassive", "progressingtopassive(readyfortraffic)", "passive"];
        is_among(word, &known, &self.passive) || is_among(word, &[], &self.out_of_service)
    }

    /// True for a side that may be given traffic.
    pub fn is_ready_for_traffic(&self, word: &str) -> bool {
        self.is_active(word) || is_among(word, &["progressingtoactive(readyfortraffic)"], &self.ready_for_traffic)
    }
}

fn is_among(word: &str, known: &[&str], more: &[String]) -> bool {
    known.contains(&word) || more.iter().any(|other| other == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_documented_word_means_what_the_page_says_in_any_case_and_spacing() {
        let words = Words::default();
        let table = [
            // text, active, passive, out of service, releasing, ready for traffic
            ("progressing to active", [false, false, false, false, false]),
            ("progressing to active (ready for traffic)", [false, false, false, false, true]),
            ("active", [true, false, false, false, true]),
            ("progressing to passive", [false, false, false, true, false]),
            ("progressing to passive (ready for traffic)", [false, false, false, true, false]),
            ("passive", [false, true, true, true, false]),
            ("progressing to down", [false; 5]),
            ("down", [false; 5]),
            ("ReadyForPromotion", [false, true, false, false, false]),
            ("BlockedWarmStandbyConversion", [false; 5]),
            ("", [false; 5]),
            ("not active", [false; 5]),
        ];
        for (text, expected) in table {
            for text in [text.to_owned(), text.to_uppercase(), format!("  {}\n", text.replace(' ', "  "))] {
                let word = normalised(&text);
                let said = [
                    words.is_active(&word),
                    words.is_passive(&word),
                    words.is_out_of_service(&word, false),
                    words.is_releasing(&word),
                    words.is_ready_for_traffic(&word),
                ];
                assert_eq!(said, expected, "{text:?}");
            }
        }
    }

    #[test]
    fn a_conversion_that_waits_for_its_peer_is_out_of_service_only_where_the_peer_waits() {
        let word = normalised("BlockedWarmStandbyConversion");
        assert!(Words::default().is_out_of_service(&word, true));
        assert!(!Words::default().is_out_of_service(&word, false));
        assert!(!Words::default().is_out_of_service("active", true));
    }

    #[test]
    fn configuration_adds_words_and_takes_none_away() {
        let words = Words {
            active: vec!["running".to_owned()],
            passive: vec!["standby".to_owned()],
            out_of_service: vec!["drained".to_owned()],
            ready_for_traffic: vec!["almost".to_owned()],
        };
        assert!(words.is_active("running") && words.is_active("active"));
        assert!(words.is_passive("standby") && words.is_out_of_service("standby", false));
        assert!(words.is_out_of_service("drained", false) && words.is_releasing("drained"));
        assert!(words.is_ready_for_traffic("almost") && words.is_ready_for_traffic("running"));
    }
}
