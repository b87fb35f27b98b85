//! The numbers of the decision and of the machinery, and the level of the log: the same for every cloud and system.

use std::time::Duration;

use holdfast_core::{
    engine::Limits,
    mode::{Mode, Unanswered},
    policy::{MissingData, Policy},
    retry::RetryPolicy,
};
use holdfast_notify::NotifySettings;
use holdfast_parts::Cloud;
use holdfast_settings::Reader;

/// How long a worker's lease lasts.
const LEASE: &str = "HOLDFAST_LEASE_SECONDS";

/// Level of the log; the reference knows Python's names.
pub(crate) fn log_level(read: &mut Reader<'_>) -> String {
    let levels = [
        ("info", "info"),
        ("error", "error"),
        ("critical", "error"),
        ("warn", "warn"),
        ("warning", "warn"),
        ("debug", "debug"),
        ("trace", "trace"),
    ];
    read.choice("LOG_LEVEL", &levels).to_owned()
}

/// The numbers of the decision. The reference names the cooldown differently on each cloud (`host`), and the metrics of
/// each (`history`) have periods and delays of their own. `asks_first` is the system's default of the mode.
pub(crate) fn policy(read: &mut Reader<'_>, host: &dyn Cloud, history: &dyn Cloud, asks_first: bool) -> Policy {
    let (cooldown, period) = (host.cooldown_variable(), history.period(read));
    let stale_after = history.stale_after().as_secs_f64();
    Policy {
        holdoff: Duration::from_secs(read.whole("PRE_FAILOVER_FAILURE_SECONDS", 180, 0..=600)),
        cooldown: Duration::from_secs(read.whole(cooldown, 300, 0..=3600)),
        period,
        stale_after: read.seconds("HOLDFAST_METRIC_STALE_SECONDS", stale_after, 1.0..=3600.0),
        missing: read.choice(
            "HOLDFAST_MISSING_DATA",
            &[("ends-the-streak", MissingData::EndsTheStreak), ("counts-as-failing", MissingData::CountsAsFailing)],
        ),
        poll: read.seconds("HOLDFAST_POLL_SECONDS", 15.0, 0.05..=60.0),
        stands_still_after: read.seconds("HOLDFAST_STANDS_STILL_SECONDS", 300.0, 1.0..=3600.0),
        well_for: read.seconds("HOLDFAST_WELL_SECONDS", 600.0, 1.0..=86_400.0),
        tick: read.seconds("HOLDFAST_TICK_SECONDS", host.tick().as_secs_f64(), 1.0..=600.0),
        mode: mode(read, asks_first),
    }
}

/// Whether a failover that is due begins by itself.
fn mode(read: &mut Reader<'_>, asks_first: bool) -> Mode {
    let within = read.seconds("HOLDFAST_ASK_SECONDS", 3600.0, 1.0..=86_400.0);
    let then = read.choice("HOLDFAST_ASK_THEN", &[("lapse", Unanswered::Lapse), ("begin", Unanswered::Begin)]);
    let mut modes = [("automatic", Mode::Automatic), ("ask", Mode::Ask { within, then }), ("observe", Mode::Observe)];
    if asks_first {
        modes.swap(0, 1);
    }
    read.choice("HOLDFAST_MODE", &modes)
}

/// The numbers of the machinery.
pub(crate) fn limits(read: &mut Reader<'_>) -> Limits {
    let limits = Limits {
        lease_ttl: read.seconds(LEASE, 30.0, 0.5..=300.0),
        observe_for: read.seconds("HOLDFAST_OBSERVE_SECONDS", 10.0, 0.2..=60.0),
        verify_for: read.seconds("HOLDFAST_VERIFY_SECONDS", 120.0, 0.0..=840.0),
        margin: read.seconds("HOLDFAST_MARGIN_SECONDS", 20.0, 0.1..=120.0),
        paused_long: NotifySettings::paused_long(read),
        retry: RetryPolicy {
            max_retries: usize::try_from(read.whole("MAX_RETRIES", 3, 0..=10)).unwrap_or(3),
            base_delay: read.seconds("BASE_DELAY_SECONDS", 1.0, 0.1..=10.0),
            max_delay: read.seconds("MAX_DELAY_SECONDS", 30.0, 1.0..=60.0),
            attempt_timeout: read.seconds("HOLDFAST_CALL_TIMEOUT_SECONDS", 5.0, 0.05..=30.0),
        },
    };
    // The lease is renewed before each effect, and one renewal may take a whole call.
    let least = limits.retry.attempt_timeout * 2;
    if limits.lease_ttl < least {
        let least = least.as_secs_f64();
        read.fault(LEASE, &format!("at least {least} seconds: twice HOLDFAST_CALL_TIMEOUT_SECONDS"));
    }
    limits
}
