//! What is seen of the outside: the way out, the probe of the primary, and the witnesses beside it.

use std::{sync::Arc, time::Duration};

use holdfast_core::ports::{Controls, Prober, TrafficWitness};
use holdfast_http::{Client, Proxies};
use holdfast_parts::{PublicEndpoints, StatusEndpoint};
use holdfast_probe::{Control, ControlTargets, Judge, StatusProbe, Target, TrafficName, controls::MOST_TARGETS};
use holdfast_settings::{
    Reader,
    shape::{self, is_host_name},
};

/// The way out, the probe and its witnesses, as configuration describes them.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Which calls go through a proxy.
    pub proxies: Proxies,
    /// Where the primary is probed.
    pub primary: Option<Target>,
    /// Addresses that have nothing to do with the primary or the standby.
    pub controls: Vec<Control>,
    /// The name that users type, and the primary's own.
    pub traffic: Option<(String, String)>,
    /// How long a probe may take, and each control beside it.
    pub timeout: Duration,
    /// What an answer of the primary means.
    pub judge: Judge,
}

/// The ports that follow.
pub(crate) struct Witnesses {
    /// The probe of the primary; none without an address.
    pub(crate) prober: Option<Arc<dyn Prober>>,
    /// Its control targets; none where there are none.
    pub(crate) controls: Option<Arc<dyn Controls>>,
    /// Where users are led; none without their name.
    pub(crate) traffic: Option<Arc<dyn TrafficWitness>>,
}

impl Outside {
    /// Reads variables. `status` is where a site says how it is, `fqdn` is the primary's own name where another variable
    /// holds it, and `public` are the cloud's public endpoints outside of the sites' regions.
    pub(crate) fn read(
        read: &mut Reader<'_>,
        fqdn: Option<&str>,
        public: &PublicEndpoints,
        status: &StatusEndpoint,
    ) -> Self {
        let primary = primary(read, fqdn, status.path);
        Self {
            proxies: proxies(read),
            controls: controls(read, primary.as_ref(), public),
            traffic: traffic(read, fqdn.or(primary.as_ref().map(Target::host))),
            timeout: read.seconds("HOLDFAST_PROBE_TIMEOUT_SECONDS", 5.0, 0.05..=30.0),
            judge: status.judge,
            primary,
        }
    }

    /// The ports. One client for all, so that controls go the probe's way.
    pub(crate) fn witnesses(&self) -> Witnesses {
        let client = Client::new(self.proxies.clone());
        let prober =
            self.primary.clone().map(|target| StatusProbe::by(client.clone(), target, self.timeout, self.judge));
        let controls = (!self.controls.is_empty())
            .then(|| ControlTargets::new(client, self.controls.clone(), prober.clone(), self.timeout));
        let traffic = self.traffic.as_ref().map(|(users, primary)| TrafficName::new(users, primary, self.timeout));
        Witnesses {
            prober: prober.map(|prober| Arc::new(prober) as _),
            controls: controls.map(|controls| Arc::new(controls) as _),
            traffic: traffic.map(|traffic| Arc::new(traffic) as _),
        }
    }
}

fn primary(read: &mut Reader<'_>, fqdn: Option<&str>, path: &str) -> Option<Target> {
    let name = "HOLDFAST_PRIMARY_PROBE_URL";
    let url = match read.text(name).as_deref() {
        // Of a name that is no host name no address is made: it is a fault already, under its own name.
        None => {
            return Target::parse(&format!("https://{}{path}", fqdn.filter(|fqdn| is_host_name(fqdn))?)).ok();
        }
        Some("off") => return None,
        Some(url) => url.to_owned(),
    };
    let resolves = |target: &Target| !shape::never_leads_to_a_site(target.host());
    let target = Target::parse(&url).ok().filter(Target::is_secure).filter(resolves);
    if target.is_none() {
        read.hidden_fault(name, "an https:// address of the primary without a password, or off");
    }
    target
}

fn proxies(read: &mut Reader<'_>) -> Proxies {
    Proxies::read(&|name| read.text(name)).unwrap_or_else(|bad| {
        read.hidden_fault(bad.name, bad.allowed);
        Proxies::default()
    })
}

fn controls(read: &mut Reader<'_>, primary: Option<&Target>, public: &PublicEndpoints) -> Vec<Control> {
    let PublicEndpoints { targets: defaults, marks } = public;
    let name = "HOLDFAST_CONTROL_TARGETS";
    let with_defaults = read.choice("HOLDFAST_CONTROL_DEFAULTS", &[("on", true), ("off", false)]);
    let built_in = defaults.iter().filter(|_| with_defaults).filter_map(|url| Target::parse(url).ok());
    let mut controls: Vec<_> = built_in.map(|target| Control { target, public_only: true, marks }).collect();
    for url in read.list(name) {
        let own = |target: &Target| primary.is_some_and(|primary| primary.is_same_host(target));
        match Target::parse(&url) {
            Ok(target) if !target.is_secure() => read.hidden_fault(name, "https:// addresses, separated by commas"),
            Ok(target) if own(&target) => {
                read.fault(name, "addresses of other hosts than the primary's, which would control nothing");
            }
            Ok(target) if target.is_inside() && !primary.is_some_and(Target::is_inside) => {
                read.fault(name, "addresses outside: one of this machine or of a private network shows no way out");
            }
            Ok(target) => add(&mut controls, target),
            Err(_) => read.hidden_fault(name, "https:// addresses without a password, separated by commas"),
        }
    }
    if controls.len() > MOST_TARGETS {
        let allowed = format!("at most {MOST_TARGETS} hosts together with the {} that are built in", defaults.len());
        read.fault(name, &allowed);
    }
    controls
}

/// A host that is named again is no second witness.
fn add(controls: &mut Vec<Control>, target: Target) {
    match controls.iter_mut().find(|known| known.target.is_same_host(&target)) {
        // Whoever names a cloud's endpoint vouches for it, private or not; its answers are marked as before.
        Some(known) => *known = Control { target, public_only: false, marks: known.marks },
        None => controls.push(Control { target, public_only: false, marks: &[] }),
    }
}

fn traffic(read: &mut Reader<'_>, primary: Option<&str>) -> Option<(String, String)> {
    let name = "HOLDFAST_TRAFFIC_NAME";
    let users = read.text(name)?;
    let Some(primary) = primary else {
        read.fault(
            name,
            "set together with the primary's own name (PRIMARY_HEALTH_CHECK_FQDN or HOLDFAST_PRIMARY_PROBE_URL)",
        );
        return None;
    };
    let bare = |host: &str| host.trim_end_matches('.').to_ascii_lowercase();
    if !is_users_name(&users) {
        read.fault(name, "the host name that users type, without scheme, port and path");
    } else if bare(&users) == bare(primary) {
        read.fault(name, "another name than the primary's own, which would always name the primary");
    }
    Some((users, primary.to_owned()))
}

/// A name of DNS that is no address.
fn is_users_name(text: &str) -> bool {
    is_host_name(text) && text.contains('.') && text.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use holdfast_settings::ConfigurationFaults;

    const STATUS: StatusEndpoint = StatusEndpoint {
        path: "/status",
        judge: |_, _| holdfast_core::evidence::ProbeResult::Healthy { said: String::new() },
    };

    const DEFAULTS: [&str; 3] =
        ["https://a.cloud.example/ping", "https://b.cloud.example/", "https://c.cloud.example/"];

    const MARKS: [&str; 1] = ["x-cloud-"];

    fn defaults() -> PublicEndpoints {
        PublicEndpoints { targets: DEFAULTS.to_vec(), marks: &MARKS }
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Outside, ConfigurationFaults> {
        let variables: BTreeMap<_, _> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut reader = Reader::new(&variables);
        let outside = Outside::read(&mut reader, Some("p.example.com"), &defaults(), &STATUS);
        reader.finish(outside)
    }

    fn hosts(pairs: &[(&str, &str)]) -> Vec<String> {
        let outside = read(pairs).expect("sound");
        outside.controls.iter().map(|control| control.target.host().to_owned()).collect()
    }

    #[test]
    fn the_clouds_own_targets_are_there_without_a_word_and_count_at_public_addresses_only() {
        let outside = read(&[]).expect("sound");
        assert_eq!(outside.controls.len(), 3);
        assert!(outside.controls.iter().all(|control| control.public_only && control.marks == MARKS));
        assert_eq!(outside.primary.expect("a probe").host(), "p.example.com");
        assert_eq!((outside.traffic, outside.proxies), (None, Proxies::default()));
    }

    #[test]
    fn own_targets_are_added_and_the_built_in_ones_can_be_left_out() {
        let own = ("HOLDFAST_CONTROL_TARGETS", "https://x.example.org/health, https://y.example.net");
        assert_eq!(hosts(&[own]).len(), 5);
        assert_eq!(hosts(&[own, ("HOLDFAST_CONTROL_DEFAULTS", "off")]), ["x.example.org", "y.example.net"]);
        assert!(hosts(&[("HOLDFAST_CONTROL_DEFAULTS", "off")]).is_empty());
    }

    #[test]
    fn a_built_in_target_that_is_named_keeps_its_mark_and_others_have_none() {
        let own = ("HOLDFAST_CONTROL_TARGETS", "https://a.cloud.example/x,https://x.example.org/");
        let controls = read(&[own]).expect("sound").controls;
        assert!(!controls[0].public_only && controls[0].marks == MARKS, "{controls:?}");
        assert!(controls[3].marks.is_empty(), "{controls:?}");
    }

    #[test]
    fn where_the_primary_is_inside_its_controls_may_be_too() {
        for primary in ["https://localhost:8443/", "https://10.1.0.1/"] {
            let set = [("HOLDFAST_PRIMARY_PROBE_URL", primary), ("HOLDFAST_CONTROL_TARGETS", "https://10.2.0.1/")];
            assert!(hosts(&set).contains(&"10.2.0.1".to_owned()));
        }
    }

    #[test]
    fn a_host_that_is_named_again_is_no_second_target() {
        let twice = "https://x.example.org/1,https://X.example.org:8443/2,https://a.cloud.example/";
        assert_eq!(hosts(&[("HOLDFAST_CONTROL_TARGETS", twice)]).len(), 4);
    }

    #[test]
    fn no_port_is_made_of_what_is_not_configured() {
        let Witnesses { prober, controls, traffic } = read(&[]).expect("sound").witnesses();
        assert!(prober.is_some() && controls.is_some() && traffic.is_none());
        let off = [("HOLDFAST_PRIMARY_PROBE_URL", "off"), ("HOLDFAST_CONTROL_DEFAULTS", "off")];
        let Witnesses { prober, controls, .. } = read(&off).expect("sound").witnesses();
        assert!(prober.is_none() && controls.is_none());
        let named = read(&[("HOLDFAST_TRAFFIC_NAME", "logs.example.com")]).expect("sound").witnesses();
        assert!(named.traffic.is_some());
    }

    #[test]
    fn every_value_that_makes_no_sense_is_one_fault_and_shows_no_password() {
        let many: Vec<String> = (0..6).map(|index| format!("https://h{index}.example.org/")).collect();
        let long = format!("{}.example.com", "x".repeat(64));
        for (name, bad) in [
            ("HOLDFAST_PRIMARY_PROBE_URL", "ftp://x"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "http://127.0.0.1/"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://me:hunter2@x/"),
            ("HOLDFAST_CONTROL_TARGETS", "x.example.org"),
            ("HOLDFAST_CONTROL_TARGETS", "http://127.0.0.1/"),
            ("HOLDFAST_CONTROL_TARGETS", "https://me:hunter2@x/"),
            ("HOLDFAST_CONTROL_TARGETS", "https://P.example.com./other"),
            ("HOLDFAST_CONTROL_TARGETS", "https://localhost/x"),
            ("HOLDFAST_CONTROL_TARGETS", "https://169.254.169.254/"),
            ("HOLDFAST_CONTROL_TARGETS", "https://10.0.0.1/"),
            ("HOLDFAST_CONTROL_TARGETS", "https://[::1]/"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://failover-locked.invalid/"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://0.0.0.0/"),
            ("HOLDFAST_PRIMARY_PROBE_URL", "https://169.254.169.254/"),
            ("HOLDFAST_CONTROL_TARGETS", &many.join(",")),
            ("HOLDFAST_CONTROL_DEFAULTS", "perhaps"),
            ("HOLDFAST_TRAFFIC_NAME", "https://logs.example.com"),
            ("HOLDFAST_TRAFFIC_NAME", "logs.example.com:443"),
            ("HOLDFAST_TRAFFIC_NAME", "192.0.2.1"),
            ("HOLDFAST_TRAFFIC_NAME", "P.example.com."),
            ("HOLDFAST_TRAFFIC_NAME", &long),
            ("HOLDFAST_PROBE_TIMEOUT_SECONDS", "31"),
            ("HTTPS_PROXY", "socks5://p:1080"),
            ("https_proxy", "me:hunter2@p:1/x"),
        ] {
            let faults = read(&[(name, bad)]).expect_err(bad);
            assert_eq!(faults.0.len(), 1, "{faults}");
            assert!(faults.to_string().starts_with(name) && !faults.to_string().contains("hunter2"), "{faults}");
        }
    }

    #[test]
    fn the_users_name_needs_the_primarys() {
        let variables = BTreeMap::from([("HOLDFAST_TRAFFIC_NAME".to_owned(), "logs.example.com".to_owned())]);
        let mut reader = Reader::new(&variables);
        let outside = Outside::read(&mut reader, None, &PublicEndpoints::default(), &STATUS);
        assert_eq!(reader.finish(outside).expect_err("no primary").0[0].name, "HOLDFAST_TRAFFIC_NAME");
    }

    #[test]
    fn of_a_name_that_is_no_host_name_no_address_is_made() {
        let variables = BTreeMap::new();
        let mut reader = Reader::new(&variables);
        for name in ["https://logs.example.com", "p.example.com/@", "p example", ""] {
            assert_eq!(
                Outside::read(&mut reader, Some(name), &PublicEndpoints::default(), &STATUS).primary,
                None,
                "{name}"
            );
        }
    }
}
