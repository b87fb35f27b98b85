//! Health check configurations as XML: read, created and partially updated (docs/reference/aws.md#health-checks).

use super::error::AwsError;
use super::route53_xml::{Document, Element};
use crate::world::{HealthCheck, HealthCheckConfig};

/// The kinds that this simulator can play.
const KINDS: [&str; 5] = ["HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP"];

pub(crate) fn invalid(message: &str) -> AwsError {
    AwsError::new(400, "InvalidInput", message)
}

/// The `HealthCheck` element, in the order of the API's model.
pub(crate) fn element(check: &HealthCheck) -> Element {
    Element::new("HealthCheck")
        .text("Id", &check.id)
        .text("CallerReference", &check.caller_reference)
        .child(config_element(&check.config))
        .text("HealthCheckVersion", check.version)
}

fn config_element(config: &HealthCheckConfig) -> Element {
    let element = Element::new("HealthCheckConfig")
        .optional("IPAddress", config.ip_address.as_ref())
        .optional("Port", config.port)
        .text("Type", &config.kind)
        .optional("ResourcePath", config.resource_path.as_ref())
        .optional("FullyQualifiedDomainName", config.name.as_ref())
        .optional("SearchString", config.search_string.as_ref())
        .text("RequestInterval", config.request_interval)
        .text("FailureThreshold", config.failure_threshold)
        .text("MeasureLatency", config.measure_latency)
        .text("Inverted", config.inverted)
        .text("Disabled", config.disabled)
        .text("EnableSNI", config.enable_sni);
    if config.regions.is_empty() {
        return element;
    }
    let regions = config.regions.iter().fold(Element::new("Regions"), |regions, region| regions.text("Region", region));
    element.child(regions)
}

/// The configuration of a new check.
pub(crate) fn create(document: &Document) -> Result<HealthCheckConfig, AwsError> {
    let kind = document.text("Type").ok_or_else(|| invalid("Type is required"))?;
    if !KINDS.contains(&kind) {
        return Err(invalid(&format!("The simulator knows no health checks of type {kind}")));
    }
    let secure = kind.starts_with("HTTPS");
    let mut config = HealthCheckConfig {
        kind: kind.to_owned(),
        ip_address: document.text("IPAddress").map(str::to_owned),
        port: Some(if secure { 443 } else { 80 }),
        resource_path: None,
        name: None,
        request_interval: document.parse("RequestInterval")?.unwrap_or(30),
        measure_latency: document.parse("MeasureLatency")?.unwrap_or(false),
        enable_sni: secure,
        ..HealthCheckConfig::https("")
    };
    if ![10, 30].contains(&config.request_interval) {
        return Err(invalid("RequestInterval must be 10 or 30"));
    }
    apply(&mut config, document)?;
    Ok(config)
}

/// Applies what a document names; what it does not name stays.
pub(crate) fn apply(config: &mut HealthCheckConfig, document: &Document) -> Result<(), AwsError> {
    let owned = |name: &str| document.text(name).map(str::to_owned);
    config.port = document.parse("Port")?.or(config.port);
    config.resource_path = owned("ResourcePath").or(config.resource_path.take());
    config.name = owned("FullyQualifiedDomainName").or(config.name.take());
    config.search_string = owned("SearchString").or(config.search_string.take());
    config.failure_threshold = document.parse("FailureThreshold")?.unwrap_or(config.failure_threshold);
    config.inverted = document.parse("Inverted")?.unwrap_or(config.inverted);
    config.disabled = document.parse("Disabled")?.unwrap_or(config.disabled);
    config.enable_sni = document.parse("EnableSNI")?.unwrap_or(config.enable_sni);
    if document.has("Regions") {
        config.regions = document.inside("Regions").texts();
    }
    for name in document.inside("ResetElements").texts() {
        reset(config, &name)?;
    }
    check(config)
}

fn reset(config: &mut HealthCheckConfig, name: &str) -> Result<(), AwsError> {
    match name {
        "FullyQualifiedDomainName" => config.name = None,
        "ResourcePath" => config.resource_path = None,
        "Regions" => config.regions.clear(),
        "ChildHealthChecks" => {}
        other => return Err(invalid(&format!("{other} cannot be reset"))),
    }
    Ok(())
}

fn check(config: &HealthCheckConfig) -> Result<(), AwsError> {
    let named = config.name.as_ref().is_some_and(|name| !name.is_empty());
    match () {
        () if config.ip_address.is_none() && !named => {
            Err(invalid("A check without IPAddress needs a FullyQualifiedDomainName"))
        }
        () if !(1..=10).contains(&config.failure_threshold) => Err(invalid("FailureThreshold must be 1 to 10")),
        () if config.name.as_ref().is_some_and(|name| name.len() > 255) => {
            Err(invalid("FullyQualifiedDomainName is too long"))
        }
        () if (1..3).contains(&config.regions.len()) => Err(invalid("At least three regions are required")),
        () => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(inner: &str) -> Document {
        Document::read(format!("<U>{inner}</U>").as_bytes()).expect("XML")
    }

    #[test]
    fn what_an_update_does_not_name_stays() {
        let mut config = HealthCheckConfig::https("a.example");
        apply(&mut config, &document("<FullyQualifiedDomainName>b.example</FullyQualifiedDomainName>")).expect("valid");
        assert_eq!(
            config,
            HealthCheckConfig { name: Some("b.example".to_owned()), ..HealthCheckConfig::https("a.example") }
        );
    }

    #[test]
    fn a_check_by_name_cannot_lose_its_name() {
        let mut config = HealthCheckConfig::https("a.example");
        let reset = document(
            "<ResetElements><ResettableElementName>FullyQualifiedDomainName</ResettableElementName></ResetElements>",
        );
        assert_eq!(apply(&mut config, &reset).expect_err("refused").code, "InvalidInput");
        let mut config =
            HealthCheckConfig { ip_address: Some("192.0.2.10".to_owned()), ..HealthCheckConfig::https("a.example") };
        apply(&mut config, &reset).expect("valid by address");
        assert_eq!(config.name, None);
    }

    #[test]
    fn a_new_check_takes_the_defaults_of_the_service() {
        let config =
            create(&document("<Type>HTTPS</Type><FullyQualifiedDomainName>a.example</FullyQualifiedDomainName>"))
                .expect("valid");
        assert_eq!(
            (config.port, config.request_interval, config.failure_threshold, config.enable_sni),
            (Some(443), 30, 3, true)
        );
        assert_eq!(create(&document("<Type>CALCULATED</Type>")).expect_err("refused").status, 400);
    }
}
