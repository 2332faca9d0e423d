//! The first admin key: the operator's own, or one that is made at the first start and shown once.

use anyhow::{Context as _, anyhow};

use crate::clock::Clock;
use crate::commands::CommandError;
use crate::commands::api_key::{CreateApiKey, NewKey, RevokeApiKey};
use crate::commands::context::Context;
use crate::commands::executor::Executor;
use crate::database;
use crate::projections::api_keys::{self, ApiKeyRow};
use crate::values::{KeyId, Permissions, Secret, SecretKey, Token, TokenKind};
use sqlx::PgPool;

/// The name of the key that the setting gives.
const SET: &str = "ADMIN_API_KEY";

/// The name of the key that is made when there is none.
const FIRST: &str = "first admin key";

/// Nodes that start together take turns by this number, which is nobody else's.
const TURN: i64 = 0x5e1f_0001;

/// What is needed to make a key that reaches every tenant.
pub(super) struct AdminKeys<'a> {
    pub(super) pool: &'a PgPool,
    pub(super) commands: &'a Executor,
    pub(super) secrets: &'a SecretKey,
    pub(super) clock: &'a Clock,
    /// Who makes them, for auditors.
    pub(super) actor: &'static str,
}

impl AdminKeys<'_> {
    /// Sees to it that there is a key; answers with its token if it was made just now and must be shown.
    pub(super) async fn ensure(&self, set: Option<&Secret>) -> anyhow::Result<Option<Secret>> {
        let _turn = database::alone(self.pool, TURN).await?;
        let known = api_keys::admins(self.pool).await?;
        match set {
            Some(token) => self.ensure_set(token, &known).await.map(|()| None),
            None if known.is_empty() => {
                let token = Token::make(TokenKind::Admin);
                self.make(FIRST, &token).await?;
                Ok(Some(token))
            }
            None => Ok(None),
        }
    }

    /// The key in the setting opens doors; the one that stood there before opens none any more.
    async fn ensure_set(&self, token: &Secret, known: &[ApiKeyRow]) -> anyhow::Result<()> {
        let hash = Token::hash(self.secrets, token.expose()).to_string();
        if !known.iter().any(|key| key.key_hash == hash) {
            self.make(SET, token).await?;
        }
        for key in known.iter().filter(|key| key.name == SET && key.key_hash != hash) {
            self.revoke(key.id.parse().context("the id of a key is broken")?).await?;
        }
        Ok(())
    }

    /// Makes a key that this token opens.
    pub(super) async fn make(&self, name: &str, token: &Secret) -> anyhow::Result<KeyId> {
        let key = KeyId::at(self.clock.now());
        let new = NewKey {
            name: name.to_owned(),
            permissions: Permissions::default(),
            expires_at: None,
            allowed_domains: None,
        };
        let command = CreateApiKey::of((None, key), new, (token, self.secrets), None);
        match self.commands.run(&Context::of(self.actor), &command).await {
            Ok(_) => Ok(key),
            Err(CommandError::Taken { .. }) => Err(anyhow!("there is such an admin key already")),
            Err(error) => Err(anyhow::Error::from(error).context("an admin key cannot be made")),
        }
    }

    /// Revokes a key that reaches every tenant.
    pub(super) async fn revoke(&self, key: KeyId) -> anyhow::Result<()> {
        let command = RevokeApiKey { tenant: None, key };
        match self.commands.run(&Context::of(self.actor), &command).await {
            Ok(_) => Ok(()),
            Err(CommandError::Refused(refusal)) => Err(anyhow!("{refusal}: {key}")),
            Err(error) => Err(anyhow::Error::from(error).context("the key cannot be revoked")),
        }
    }
}
