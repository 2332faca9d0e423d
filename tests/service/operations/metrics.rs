//! What Prometheus finds.

use sqlx::PgPool;

use crate::app::{App, until};

/// The sum of all series of a metric; none if there is no such metric.
fn value(text: &str, name: &str) -> Option<f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let values = lines.filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        (series.split('{').next() == Some(name)).then(|| value.parse::<f64>().unwrap())
    });
    values.fold(None, |sum: Option<f64>, value| Some(sum.unwrap_or(0.0) + value))
}

#[sqlx::test]
async fn every_metric_is_there_from_the_start_and_counts(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    let before = app.nobody().get("/metrics").await.expect(200).text;
    acme.sends(&acme.hello()).await;
    acme.caller.get("/v1/emails/none").await.expect(404);
    app.settle().await;
    until("the read models are seen to be up to date", async || {
        value(&app.nobody().get("/metrics").await.text, "selfmx_projection_lag") == Some(0.0)
    })
    .await;
    let metrics = app.nobody().get("/metrics").await.expect(200);
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain"));
    for (name, more) in [
        ("selfmx_emails_total", 1.0),
        ("selfmx_emails_delivered", 1.0),
        ("selfmx_emails_bounced", 0.0),
        ("selfmx_emails_failed", 0.0),
        ("selfmx_smtp_errors_total", 0.0),
    ] {
        let (was, is) = (value(&before, name), value(&metrics.text, name));
        let grown = was.zip(is).map(|(was, is)| is - was);
        assert_eq!(grown, Some(more), "{name}: {was:?} {is:?}");
    }
    for name in [
        "selfmx_emails_queued",
        "selfmx_api_requests_total",
        "selfmx_api_request_duration_count",
        "selfmx_api_errors_total",
        "selfmx_smtp_connections",
        "selfmx_smtp_send_duration_count",
        "selfmx_log_head",
        "selfmx_projection_lag",
    ] {
        assert!(value(&metrics.text, name).is_some(), "no {name}");
    }
    let head = value(&metrics.text, "selfmx_log_head").unwrap();
    assert!(head >= 5.0, "{head}");
    for projection in ["emails", "usage"] {
        let series = format!("selfmx_projection_lag{{projection=\"{projection}\"}} 0");
        assert!(metrics.text.contains(&series), "no {series}");
    }
    app.stop().await;
}

#[sqlx::test]
async fn a_made_up_path_or_id_makes_no_series_of_its_own(db: PgPool) {
    let app = App::start(&db).await;
    let acme = app.tenant("acme.com").await;
    acme.caller.get("/v1/emails/msg_made_up_by_somebody").await.expect(404);
    app.nobody().get("/no/such/path/made-up").await.expect(404);
    let text = app.nobody().get("/metrics").await.expect(200).text;
    assert!(!text.contains("made_up") && !text.contains("made-up"));
    assert!(!text.contains(&acme.id));
    app.stop().await;
}
