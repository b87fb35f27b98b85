//! What names of AWS look like.

/// A name of EKS: letters, digits, `-` and `_`, up to 100, a letter or digit first.
pub(crate) fn is_cluster_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (1..=100).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(allowed)
}

/// A region of AWS, `us-east-1`: words and a number.
pub(crate) fn is_region(text: &str) -> bool {
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    let is_word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let is_number = (1..=2).contains(&number.len()) && number.chars().all(|c| c.is_ascii_digit());
    text.len() <= 40 && is_number && words.contains('-') && words.split('-').all(is_word)
}

/// The ARN of a topic of SNS. FIFO topics cannot call a function.
pub(crate) fn is_topic_arn(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    resource(text, "sns").is_some_and(|name| (1..=256).contains(&name.len()) && name.chars().all(allowed))
}

/// The ARN of an alarm of CloudWatch, whose name may hold anything that can be seen.
pub(crate) fn is_alarm_arn(text: &str) -> bool {
    let name = resource(text, "cloudwatch").and_then(|resource| resource.strip_prefix("alarm:"));
    name.is_some_and(|name| (1..=255).contains(&name.chars().count()) && !name.contains(char::is_control))
}

/// The resource in an ARN of `service`: `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`.
fn resource<'a>(arn: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = arn.splitn(6, ':');
    let (scheme, partition, of) = (parts.next()?, parts.next()?, parts.next()?);
    let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let is_account = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    let is_partition = partition == "aws" || partition.starts_with("aws-");
    (scheme == "arn" && is_partition && of == service && is_region(region) && is_account).then_some(resource)
}

/// The ARN of a role of IAM.
pub(crate) fn is_role_arn(text: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    let mut part = || parts.next().unwrap_or_default();
    let (scheme, partition, service, region, account, resource) = (part(), part(), part(), part(), part(), part());
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    let name = resource.strip_prefix("role/").unwrap_or_default();
    scheme == "arn"
        && (partition == "aws" || partition.starts_with("aws-"))
        && (service, region) == ("iam", "")
        && account.len() == 12
        && account.chars().all(|c| c.is_ascii_digit())
        && (1..=576).contains(&name.len())
        && name.chars().all(allowed)
}

/// An external id, as STS takes it.
pub(crate) fn is_external_id(text: &str) -> bool {
    (2..=1224).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c))
}

/// The name of a session for a function of this name: what STS does not take is left out.
pub(crate) fn session_name(function: &str) -> String {
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(*c);
    let name: String = function.chars().filter(allowed).take(64).collect();
    if name.len() < 2 { "holdfast".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(rule: fn(&str) -> bool, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(rule(text), "{text:?} is refused");
        }
        for text in bad {
            assert!(!rule(text), "{text:?} is taken");
        }
    }

    #[test]
    fn an_arn_that_is_none_is_refused() {
        all(
            is_topic_arn,
            &[
                "arn:aws:sns:us-east-1:111122223333:dr-failover",
                "arn:aws-us-gov:sns:us-gov-west-1:111122223333:A_b",
                "arn:aws-cn:sns:cn-north-1:111122223333:x",
            ],
            &[
                "typo",
                "arn:aws:sns",
                "arn:aws:sns:us-east-1:111122223333:",
                "arn:aws:sqs:us-east-1:111122223333:q",
                "arn:aws:sns:us-east-1:1111:x",
                "arn:aws:sns::111122223333:x",
                "arn:aws:sns:us-east-1:111122223333:x:3f2c",
                "arn:aws:sns:us-east-1:111122223333:x.fifo",
                "arn:azure:sns:us-east-1:111122223333:x",
                " arn:aws:sns:us-east-1:111122223333:x",
                "ARN:aws:sns:us-east-1:111122223333:x",
            ],
        );
        all(
            is_alarm_arn,
            &[
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:p-site-down",
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:a: b",
            ],
            &[
                "arn:typo",
                "arn:aws:cloudwatch:us-east-1:111122223333:alarm:",
                "arn:aws:cloudwatch:us-east-1:111122223333:dashboard/x",
            ],
        );
    }

    #[test]
    fn names_are_those_that_aws_knows() {
        all(is_cluster_name, &["dr", "Dr_1-x"], &["", "-x", "a/b", &"x".repeat(101)]);
        let regions = ["us-east-1", "us-gov-west-1", "eusc-de-east-1", "ap-southeast-7", "us-isob-east-1"];
        let none = ["US", "us east 1", "1", "", "https://x", "nowhere", "westeurope", "us-east", "us-1", "us--1"];
        all(is_region, &regions, &none);
        all(is_region, &[], &["us-east-1.evil.com"]);
    }

    #[test]
    fn a_role_is_named_by_its_arn_and_a_session_by_what_sts_takes() {
        all(
            is_role_arn,
            &["arn:aws:iam::444455556666:role/dns", "arn:aws-us-gov:iam::444455556666:role/path/dns"],
            &[
                "dns",
                "arn:aws:iam::4444:role/dns",
                "arn:aws:iam::444455556666:role/",
                "arn:aws:iam::444455556666:user/dns",
                "arn:aws:iam:us-east-1:444455556666:role/dns",
                "arn:aws:sts::444455556666:role/dns",
                "arn:aws:iam::444455556666:role/a b",
            ],
        );
        all(is_external_id, &["e-1", "a:b/c"], &["e", "a b", ""]);
        assert_eq!(session_name("dr handler:1"), "drhandler1");
        assert_eq!(session_name("ü"), "holdfast");
        assert_eq!(session_name(&"x".repeat(100)).len(), 64);
    }
}
