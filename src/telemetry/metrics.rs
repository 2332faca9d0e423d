//! The metrics, with what each means and when to worry.

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

/// Seconds.
const DURATIONS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Requests in one turn of the log's writer.
const TURNS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Starts counting in this process; the handle shows what was counted.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets(DURATIONS)?
        .set_buckets_for_metric(Matcher::Full("selfmx_log_turn_requests".to_owned()), TURNS)?
        .install_recorder()?;
    describe();
    describe_webhooks();
    describe_around_mail();
    begin();
    Ok(handle)
}

/// What has not happened yet is shown as zero: an absent series looks like a broken one.
fn begin() {
    for name in [
        "selfmx_emails_total",
        "selfmx_emails_delivered",
        "selfmx_emails_bounced",
        "selfmx_emails_failed",
        "selfmx_emails_deferred",
        "selfmx_log_lines_dropped",
        "selfmx_emails_suppressed",
        "selfmx_templates_filled",
        "selfmx_domain_checks",
        "selfmx_reputation_actions",
    ] {
        metrics::counter!(name).increment(0);
    }
    for outcome in ["delivered", "retried", "failed"] {
        metrics::counter!("selfmx_webhook_attempts_total", "outcome" => outcome).increment(0);
    }
    for stage in ["connect", "tls", "greeting", "login", "mail", "rcpt", "data", "end"] {
        metrics::counter!("selfmx_smtp_errors_total", "stage" => stage).increment(0);
    }
    metrics::gauge!("selfmx_smtp_connections").set(0.0);
}

fn describe() {
    describe_counter!("selfmx_emails_total", "Emails accepted by this process.");
    describe_gauge!(
        "selfmx_emails_queued",
        "Emails waiting or on their way. Worry when it only grows."
    );
    describe_counter!("selfmx_emails_delivered", "Recipients whose relay took the email.");
    describe_counter!(
        "selfmx_emails_bounced",
        "Recipients refused for good. Worry about a sudden rise."
    );
    describe_counter!(
        "selfmx_emails_failed",
        "Recipients given up. Worry above zero: a relay or a login is broken."
    );
    describe_counter!("selfmx_emails_deferred", "Attempts that a relay put off.");
    describe_counter!("selfmx_api_requests_total", "Requests by method, route and status.");
    describe_histogram!(
        "selfmx_api_request_duration",
        "Seconds from request to answer. Worry when the median passes 0.1."
    );
    describe_counter!(
        "selfmx_api_errors_total",
        "Answers with an error, by code. Worry about 5xx codes."
    );
    describe_gauge!("selfmx_smtp_connections", "Open connections to relays.");
    describe_histogram!(
        "selfmx_smtp_send_duration",
        "Seconds that handing a mail over took, without waiting for a place."
    );
    describe_counter!(
        "selfmx_smtp_errors_total",
        "Failures of relays, by the step at which they failed."
    );
    describe_gauge!("selfmx_log_head", "The position of the newest fact.");
    describe_histogram!(
        "selfmx_log_turn_requests",
        "Requests that one turn of the log's writer took together."
    );
    describe_counter!(
        "selfmx_log_turns_outrun_total",
        "Turns that another node was faster with, and that were taken again in the queue."
    );
    describe_gauge!(
        "selfmx_projection_lag",
        "Facts that a read model has yet to take in. Worry when it only grows."
    );
    describe_counter!("selfmx_log_lines_dropped", "Log lines dropped since nobody read them.");
}

fn describe_around_mail() {
    describe_counter!(
        "selfmx_emails_suppressed",
        "Recipients left out since their addresses are on a suppression list."
    );
    describe_counter!("selfmx_reports", "Reports taken in by SMTP: bounce, complaint or other.");
    describe_counter!("selfmx_templates_filled", "Templates filled, for mail and for looking.");
    describe_counter!("selfmx_domain_checks", "Looks at a domain's records in the DNS.");
    describe_counter!(
        "selfmx_readings",
        "Tracked mails opened and links followed, as far as they were written down."
    );
    describe_counter!(
        "selfmx_reputation_actions",
        "Tenants warned or paused. Worry above zero: look at whom they write to."
    );
}

fn describe_webhooks() {
    describe_counter!(
        "selfmx_webhook_attempts_total",
        "Tries to tell webhooks, by what came of them: delivered, retried or failed."
    );
    describe_histogram!(
        "selfmx_webhook_duration",
        "Seconds that a receiver took to answer. Worry about your receivers, not about us."
    );
    describe_gauge!(
        "selfmx_webhook_pending",
        "Notices waiting or on their way. Worry when it only grows."
    );
}
