//! A tenant's templates, for whoever looks at them or sends by them.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::projections::page::{PageRequest, Paged};
use crate::values::{TemplateId, TemplateName, TenantId};

/// A version of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// The template's id.
    pub id: String,
    /// Which version, from one.
    pub version: i64,
    /// What it is called in this version.
    pub name: String,
    /// Its subject.
    pub subject: Option<String>,
    /// Its HTML.
    pub html: Option<String>,
    /// Its text.
    pub text: Option<String>,
    /// When the template was made.
    pub created_at: DateTime<Utc>,
    /// When this version was saved.
    pub updated_at: DateTime<Utc>,
}

/// A template as a list has it: its bodies can be large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSummary {
    /// The template's id.
    pub id: String,
    /// Which version, from one.
    pub version: i64,
    /// What it is called in this version.
    pub name: String,
    /// Its subject.
    pub subject: Option<String>,
    /// When the template was made.
    pub created_at: DateTime<Utc>,
    /// When this version was saved.
    pub updated_at: DateTime<Utc>,
}

/// One of a tenant's templates.
pub async fn find(
    pool: &PgPool,
    tenant: TenantId,
    template: TemplateId,
) -> sqlx::Result<Option<TemplateRow>> {
    sqlx::query_as!(
        TemplateRow,
        "select t.id, t.version, t.name, v.subject, v.html, v.text, t.created_at, t.updated_at
         from templates t
         join template_versions v on v.template_id = t.id and v.version = t.version
         where t.id = $1 and t.tenant_id = $2",
        template.to_string(),
        tenant.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// The one of a tenant's templates that has this name.
pub async fn find_by_name(
    pool: &PgPool,
    tenant: TenantId,
    name: &TemplateName,
) -> sqlx::Result<Option<TemplateRow>> {
    sqlx::query_as!(
        TemplateRow,
        "select t.id, t.version, t.name, v.subject, v.html, v.text, t.created_at, t.updated_at
         from templates t
         join template_versions v on v.template_id = t.id and v.version = t.version
         where t.tenant_id = $1 and t.name = $2",
        tenant.to_string(),
        name.to_string(),
    )
    .fetch_optional(pool)
    .await
}

/// A tenant's templates without their bodies, the newest first.
pub async fn list(
    pool: &PgPool,
    tenant: TenantId,
    page: &PageRequest,
) -> sqlx::Result<Paged<TemplateSummary>> {
    let total = count(pool, tenant).await?;
    let rows = sqlx::query_as!(
        TemplateSummary,
        "select t.id, t.version, t.name, v.subject, t.created_at, t.updated_at
         from templates t
         join template_versions v on v.template_id = t.id and v.version = t.version
         where t.tenant_id = $1 and ($2::varchar is null or t.id < $2)
         order by t.id desc limit $3 offset $4",
        tenant.to_string(),
        page.cursor,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.id.clone()))
}

/// How many templates a tenant has.
pub async fn count(pool: &PgPool, tenant: TenantId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "total!" from templates where tenant_id = $1"#,
        tenant.to_string(),
    )
    .fetch_one(pool)
    .await
}

/// The versions of a template, the newest first.
pub async fn versions(
    pool: &PgPool,
    template: &str,
    page: &PageRequest,
) -> sqlx::Result<Paged<TemplateRow>> {
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from template_versions where template_id = $1"#,
        template,
    )
    .fetch_one(pool)
    .await?;
    let before = page.cursor.as_ref().map(|cursor| cursor.parse().unwrap_or(0_i64));
    let rows = sqlx::query_as!(
        TemplateRow,
        "select t.id, v.version, v.name, v.subject, v.html, v.text, t.created_at,
                v.created_at as updated_at
         from template_versions v
         join templates t on t.id = v.template_id
         where v.template_id = $1 and ($2::bigint is null or v.version < $2)
         order by v.version desc limit $3 offset $4",
        template,
        before,
        page.one_more(),
        page.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(page.page_of(rows, total, |row| row.version.to_string()))
}
