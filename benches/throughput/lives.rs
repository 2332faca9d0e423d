//! A log of a million facts: mails that were accepted, started and delivered, written by the log's own writer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use selfmx::clock::Clock;
use selfmx::events::email::{ContentRef, Correspondence, EmailAccepted, Remark};
use selfmx::events::store::EventStore;
use selfmx::events::store::append::{Append, Part};
use selfmx::events::{EmailEvent, Fact, Metadata};
use selfmx::tasks::Tasks;
use selfmx::values::{
    EmailId, EmailMetadata, ExtraHeaders, Personal, Priority, RecipientKey, Recipients, Roll,
    Subject, Tags, TenantId,
};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::place::{GROWN, Place, log};
use crate::service::Service;

/// How much has happened by then.
const FACTS: u64 = 1_000_000;

/// Each mail is three facts.
const MAILS: u64 = FACTS / 3;

const CALLERS: u64 = 512;

/// Makes it, with ten tenants.
pub(crate) async fn grow(place: &Place) -> anyhow::Result<()> {
    let pool = place.database(GROWN).await?;
    let service = Service::start(&place.url(GROWN), &[("ROLES", "api")]).await?;
    service.tenants(10).await?;
    service.stop().await?;
    let tenants: Vec<String> =
        sqlx::query_scalar("select id from tenants order by id").fetch_all(&pool).await?;
    let tenants: Vec<TenantId> = tenants.iter().map(|id| id.parse()).collect::<Result<_, _>>()?;
    let tasks = Tasks::new();
    // No read model is kept in step: at the end these mails have left the queue again.
    let store = log(&pool, Vec::new(), &tasks)?;
    let (written, mut all) = (Arc::new(AtomicU64::new(0)), JoinSet::new());
    for _ in 0..CALLERS {
        all.spawn(live(store.clone(), tenants.clone(), Arc::clone(&written)));
    }
    while let Some(ended) = all.join_next().await {
        ended??;
    }
    tasks.stop(Duration::from_secs(10)).await;
    sqlx::raw_sql("vacuum (analyze) events").execute(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn live(
    store: EventStore,
    tenants: Vec<TenantId>,
    written: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    let clock = Clock::system();
    loop {
        let number = written.fetch_add(1, Ordering::Relaxed);
        if number >= MAILS {
            return Ok(());
        }
        let whose = usize::try_from(number)? % tenants.len();
        if let Some(tenant) = tenants.get(whose) {
            store.append(life(*tenant, number, &clock)?).await?;
        }
    }
}

/// A mail from its beginning to its end.
fn life(tenant: TenantId, number: u64, clock: &Clock) -> anyhow::Result<Append> {
    let at = clock.now();
    let email = EmailId::at(at);
    let delivered = Remark {
        recipient: "ann@example.org".parse()?,
        message: "250 2.0.0 Ok: queued as 4XkQ7w2Xzz".to_owned(),
    };
    let events = [
        EmailEvent::Accepted(Arc::new(accepted(number)?)),
        EmailEvent::DeliveryStarted { attempt: 1, lease: Uuid::from_u128(1), fence: 1 },
        EmailEvent::RecipientDelivered {
            recipient: RecipientKey::Place(0),
            personal: Personal::Known(delivered),
        },
    ];
    let facts: Vec<Fact> = events.map(|event| Fact::Email(tenant, email, event)).into();
    let stream = selfmx::events::Stream::email(tenant, email);
    Ok(Append {
        parts: vec![Part { stream, expected: 0, facts }],
        guards: Vec::new(),
        contents: Vec::new(),
        metadata: Metadata { actor: "benchmark".to_owned(), ..Metadata::default() },
        at,
    })
}

fn accepted(number: u64) -> anyhow::Result<EmailAccepted> {
    let recipients = Recipients::new(vec!["ann@example.org".parse()?], Vec::new(), Vec::new())?;
    Ok(EmailAccepted {
        recipients: Roll::of(&recipients),
        content: ContentRef { digest: format!("{number:064x}"), size: 2_000, attachments: 0 },
        scheduled_at: None,
        priority: Priority::Normal,
        template: None,
        tracking: None,
        personal: Personal::Known(Correspondence {
            from: "hello@tenant0.example.com".parse()?,
            recipients,
            reply_to: None,
            subject: Subject::new(&format!("Hello {number}"))?,
            headers: ExtraHeaders::default(),
            tags: Tags::default(),
            metadata: EmailMetadata::default(),
        }),
    })
}
