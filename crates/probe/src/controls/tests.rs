use std::{net::IpAddr, sync::Arc};

use async_trait::async_trait;
use holdfast_http::{
    Proxies,
    resolve::{Resolved, Resolver},
};

use super::*;
use crate::testing::{Answer, Identity, call, proxy, serve};

const PATIENCE: Duration = Duration::from_millis(400);

fn control(host: &str, port: u16) -> Control {
    let target = Target::parse(&format!("https://{host}:{port}/ping")).expect("a target");
    Control { target, public_only: false, marks: &[] }
}

async fn ask(client: Client, targets: Vec<Control>, primary: Option<Target>) -> Vec<evidence::Control> {
    let primary = primary.map(|target| StatusProbe::by(client.clone(), target, PATIENCE, judge));
    ControlTargets::new(client, targets, primary, PATIENCE).ask(&call()).await
}

/// A system that is healthy where it says `OK` with a 200, and fails with any other 200.
fn judge(status: StatusCode, body: &[u8]) -> evidence::ProbeResult {
    use evidence::ProbeResult as P;
    match (status, body) {
        (StatusCode::OK, b"OK") => P::Healthy { said: "OK".to_owned() },
        (StatusCode::OK, _) => P::Failing { why: "no status".to_owned() },
        _ => P::Inconclusive { why: status.to_string() },
    }
}

fn said(controls: &[evidence::Control]) -> Vec<(bool, &str)> {
    controls.iter().map(|control| (control.answered, control.found.as_str())).collect()
}

#[tokio::test]
async fn an_answer_of_any_status_is_an_answer_but_for_a_failing_servers() {
    let identity = Identity::new();
    let answered = async |status: &str| {
        let port = identity.serve(Answer::say(status, "")).await;
        ask(identity.plain_client(), vec![control("localhost", port)], None).await
    };
    for status in ["200 OK", "301 Moved", "403 Forbidden", "404 Not Found", "429 Slow down"] {
        assert_eq!(said(&answered(status).await), [(true, format!("HTTP {}", &status[..3]).as_str())]);
    }
    for status in
        ["500 Squid", "501 No", "502 No", "503 No", "504 No", "505 No", "511 Log in first", "520 No", "599 No"]
    {
        let controls = answered(status).await;
        assert!(!controls[0].answered && controls[0].found.contains("a gateway's"), "{status}: {controls:?}");
    }
}

#[tokio::test]
async fn where_the_service_marks_its_answers_a_page_without_the_mark_is_not_its_own() {
    let identity = Identity::new();
    for (head, answered) in [
        ("200 OK", false),
        ("403 Forbidden", false),
        ("302 Found\r\nlocation: https://login.corp", false),
        ("200 OK\r\nvia: x-cloud-a", false),
        ("200 OK\r\nX-Cloud-RequestId: 1", true),
        ("404 Not Found\r\nx-cloud-id: 1", true),
        ("503 No\r\nx-cloud-id: 1", false),
    ] {
        let port = identity.serve(Answer::say(head, "<html>blocked</html>")).await;
        let built_in = Control { marks: &["x-cloud-"], ..control("localhost", port) };
        let controls = ask(identity.plain_client(), vec![built_in], None).await;
        assert_eq!(controls[0].answered, answered, "{head}: {controls:?}");
    }
}

#[tokio::test]
async fn a_page_that_is_given_in_the_failing_primarys_name_too_is_no_answer_of_a_control() {
    let identity = Identity::new();
    let both = async |primary: &str, own: &str| {
        let primary = identity.serve(Answer::ok(primary)).await;
        let own = identity.serve(Answer::ok(own)).await;
        let primary = Some(control("localhost", primary).target);
        ask(identity.plain_client(), vec![control("localhost", own)], primary).await.remove(0)
    };
    let page = |incident: &str| format!("<html>https://localhost is blocked by policy (incident {incident})</html>");
    let long = "x ".repeat(70_000);
    for (primary, own) in [(page("81bc2"), page("7f3a9")), (String::new(), String::new())] {
        let control = both(&primary, &own).await;
        assert!(!control.answered && control.found.contains("primary's name"), "{control:?}");
    }
    for (primary, own) in [
        ("OK", "OK"),
        (&page("1"), "healthy: dynamodb"),
        (&page("1"), &long),
        (&long, "healthy"),
        (&long, &long),
        ("{}", ""),
    ] {
        assert!(both(primary, own).await.answered, "{own}");
    }
}

#[tokio::test]
async fn what_does_not_come_to_the_end_of_tls_and_http_has_not_answered() {
    let identity = Identity::new();
    let stranger = Identity::new().serve(Answer::ok("")).await;
    let plain = serve(|_| std::future::ready(())).await;
    let hangs = identity.serve(Answer::Hang).await;
    let cuts = identity.serve(Answer::Cut).await;
    let ports = [1, plain, stranger, hangs, cuts];
    let targets = ports.map(|port| control("localhost", port)).to_vec();
    let controls = ask(identity.plain_client(), targets, None).await;
    assert!(controls.iter().all(|control| !control.answered), "{controls:?}");
    assert_eq!(controls.len(), ports.len());
    assert!(controls[2].found.starts_with("no trusted connection"), "{controls:?}");
    assert!(controls[3].found.starts_with("no answer within"), "{controls:?}");
}

#[tokio::test]
async fn only_the_head_is_read_so_a_body_without_an_end_is_an_answer() {
    let identity = Identity::new();
    let endless = Answer::Say("HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n<html>".to_owned());
    let port = identity.serve(endless).await;
    assert_eq!(said(&ask(identity.plain_client(), vec![control("localhost", port)], None).await), [(true, "HTTP 200")]);
}

#[tokio::test]
async fn all_are_asked_side_by_side_and_one_that_hangs_holds_no_other_up() {
    let identity = Identity::new();
    let hangs = identity.serve(Answer::Hang).await;
    let well = identity.serve(Answer::ok("")).await;
    let targets = [vec![control("localhost", hangs); 7], vec![control("localhost", well)]].concat();
    let asked = ask(identity.plain_client(), targets, None);
    let controls = tokio::time::timeout(PATIENCE * 3, asked).await.expect("side by side");
    assert_eq!(controls.iter().filter(|control| control.answered).count(), 1, "{controls:?}");
}

#[tokio::test]
async fn no_more_are_asked_than_a_look_can_bear() {
    let controls = ask(Identity::new().plain_client(), vec![control("localhost", 1); 20], None).await;
    assert_eq!(controls.len(), MOST_TARGETS);
}

#[tokio::test]
async fn what_is_found_is_bounded_and_on_one_line() {
    /// Fails at length.
    struct Verbose;
    #[async_trait]
    impl Resolver for Verbose {
        async fn resolve(&self, _: &str) -> Result<Resolved, String> {
            Err(format!("first\nsecond\u{7}{}", "x".repeat(5000)))
        }
    }
    let client = Identity::new().client(Proxies::default(), Arc::new(Verbose));
    let controls = ask(client, vec![control("c.example.com", 443)], None).await;
    let found = &controls[0].found;
    assert!(
        !controls[0].answered
            && found.chars().count() <= Limit::Phrase.characters()
            && !found.contains(['\n', '\u{7}']),
        "{found}"
    );
}

#[tokio::test]
async fn the_primary_under_its_own_or_another_name_is_no_control() {
    let identity = Identity::new();
    let port = identity.serve(Answer::ok("")).await;
    let primary = |host: &str| Some(control(host, port).target);
    let same_name = ask(identity.plain_client(), vec![control("localhost", port)], primary("localhost")).await;
    assert!(!same_name[0].answered && same_name[0].found.contains("own host"), "{same_name:?}");
    let same_address = ask(identity.plain_client(), vec![control("localhost", port)], primary("127.0.0.1")).await;
    assert!(!same_address[0].answered && same_address[0].found.contains("own addresses"), "{same_address:?}");
}

/// The way to a control at these addresses while the primary is at 198.51.100.7.
fn way_to(public_only: bool, addresses: &[&str]) -> Result<Vec<IpAddr>, String> {
    let at = |ip: &str| SocketAddr::new(ip.parse().expect("an address"), 443);
    let way = Way::Straight(addresses.iter().map(|ip| at(ip)).collect());
    let control = Control { public_only, ..control("c.example.com", 8443) };
    match independent(&control, way, &[at("198.51.100.7")])? {
        Way::Straight(left) => Ok(left.iter().map(SocketAddr::ip).collect()),
        Way::Proxied(..) => Err("a proxy".to_owned()),
    }
}

#[test]
fn addresses_of_the_primary_and_private_ones_of_public_endpoints_are_left_out() {
    assert!(way_to(false, &["198.51.100.7"]).is_err());
    assert_eq!(way_to(false, &["198.51.100.7", "10.0.0.1"]), Ok(vec![IpAddr::from([10, 0, 0, 1])]));
    assert!(way_to(true, &["198.51.100.7", "10.0.0.1"]).is_err());
    assert_eq!(way_to(true, &["10.0.0.1", "52.94.5.1"]), Ok(vec![IpAddr::from([52, 94, 5, 1])]));
}

#[tokio::test]
async fn a_resolver_that_hangs_is_said_within_the_patience() {
    let client = Identity::new().client(Proxies::default(), Arc::new(crate::testing::Fixed(None)));
    let primary = Some(control("p.example.com", 443).target);
    let asked = ask(client, vec![control("c.example.com", 443)], primary);
    let controls = tokio::time::timeout(PATIENCE * 3, asked).await.expect("bounded");
    assert!(!controls[0].answered && controls[0].found.starts_with("the way out"), "{controls:?}");
}

#[tokio::test]
async fn controls_go_by_the_proxy_that_probes_go_by() {
    let identity = Identity::new();
    let port = identity.serve(Answer::say("404 Not Found", "")).await;
    for (head, answered) in [("200 OK", true), ("407 Who are you", false), ("503 No", false)] {
        let (proxies, seen) = proxy(head, port).await;
        let resolver = Arc::new(crate::testing::Fixed(Some(Ok(vec![[127, 0, 0, 1].into()]))));
        let controls = ask(identity.client(proxies, resolver), vec![control("c.example.com", 443)], None).await;
        assert_eq!(controls[0].answered, answered, "{controls:?}");
        assert_eq!(seen.lock().expect("not poisoned").len(), 1);
    }
}
