//! Access tokens: fetched once for all who wait, renewed early, dropped when refused.

use std::sync::Arc;
use std::time::Duration;

use ambient::Clock;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::BoxFuture;

/// How long before its expiry a token is renewed.
const EARLY: SignedDuration = SignedDuration::from_mins(5);

/// An access token and what came with it.
#[derive(Debug, Clone)]
pub struct Token {
    /// Goes into the `Authorization` header.
    pub secret: SecretString,
    /// When the server stops accepting it.
    pub expires_at: Timestamp,
    /// The host that the token is for, where the token answer names one (Zoho's `api_domain`).
    pub api_domain: Option<String>,
}

/// Fetches a token from a token endpoint.
pub trait TokenSource: Send + Sync + 'static {
    /// The client's own error.
    type Error: Send;

    /// One call of the token endpoint.
    fn fetch(&self) -> BoxFuture<'_, Result<Token, Self::Error>>;
}

/// Holds the one valid token of a credential.
///
/// The lock is held while a token is fetched: everybody else waits for the same answer (single flight), which
/// matters because Zoho gives ten tokens in ten minutes only (`research/zoho.md` §1).
pub struct TokenCache<S> {
    source: S,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Token>>,
}

impl<S: TokenSource> TokenCache<S> {
    /// An empty cache; the first [`get`](Self::get) fetches.
    pub fn new(source: S, clock: Arc<dyn Clock>) -> Self {
        Self {
            source,
            clock,
            held: Mutex::new(None),
        }
    }

    /// A token that is valid for at least five more minutes, or half of its life if it lives shorter.
    ///
    /// # Errors
    /// Whatever the source says; the next call tries again.
    pub async fn get(&self) -> Result<Token, S::Error> {
        let mut held = self.held.lock().await;
        if let Some(token) = held.as_ref()
            && self.clock.now() < token.expires_at
        {
            return Ok(token.clone());
        }
        let asked_at = self.clock.now();
        let mut token = self.source.fetch().await?;
        // Kept shortened, so that the comparison above needs no second constant for short-lived tokens.
        let life = token.expires_at.duration_since(asked_at);
        let margin = if life > EARLY * 2 { EARLY } else { life / 2 };
        token.expires_at = token.expires_at.saturating_sub(margin).unwrap_or(asked_at);
        *held = Some(token.clone());
        Ok(token)
    }

    /// Forgets `refused` after a 401. A token that was fetched in the meantime stays: the 401 was not about it.
    pub async fn invalidate(&self, refused: &Token) {
        let mut held = self.held.lock().await;
        if held
            .as_ref()
            .is_some_and(|token| token.secret.expose_secret() == refused.secret.expose_secret())
        {
            *held = None;
        }
    }

    /// The source, for what else it knows (endpoint, identity).
    pub fn source(&self) -> &S {
        &self.source
    }
}

impl<S> std::fmt::Debug for TokenCache<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

impl Token {
    /// A token that lives for `life` from `now`.
    #[must_use]
    pub fn living(secret: SecretString, now: Timestamp, life: Duration) -> Self {
        let life = SignedDuration::try_from(life).unwrap_or(SignedDuration::MAX);
        Self {
            secret,
            expires_at: now.saturating_add(life).unwrap_or(Timestamp::MAX),
            api_domain: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use ambient::ManualClock;

    use super::*;

    struct Counting {
        clock: ManualClock,
        fetched: Arc<AtomicU32>,
    }

    impl TokenSource for Counting {
        type Error = ();

        fn fetch(&self) -> BoxFuture<'_, Result<Token, ()>> {
            Box::pin(async {
                tokio::task::yield_now().await;
                let n = self.fetched.fetch_add(1, Ordering::SeqCst);
                Ok(Token::living(
                    SecretString::from(format!("t{n}")),
                    self.clock.now(),
                    Duration::from_hours(1),
                ))
            })
        }
    }

    fn cache() -> (Arc<TokenCache<Counting>>, ManualClock, Arc<AtomicU32>) {
        let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        let fetched = Arc::new(AtomicU32::new(0));
        let source = Counting {
            clock: clock.clone(),
            fetched: fetched.clone(),
        };
        (
            Arc::new(TokenCache::new(source, Arc::new(clock.clone()))),
            clock,
            fetched,
        )
    }

    #[tokio::test]
    async fn many_callers_cause_one_fetch() {
        let (cache, _, fetched) = cache();
        let calls = (0..20).map(|_| {
            let cache = cache.clone();
            tokio::spawn(async move { cache.get().await.unwrap().secret.expose_secret().to_owned() })
        });
        for call in futures::future::join_all(calls).await {
            assert_eq!(call.unwrap(), "t0");
        }
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn renews_five_minutes_before_expiry() {
        let (cache, clock, fetched) = cache();
        cache.get().await.unwrap();
        clock.advance(Duration::from_mins(54));
        cache.get().await.unwrap();
        assert_eq!(fetched.load(Ordering::SeqCst), 1);
        clock.advance(Duration::from_mins(1));
        cache.get().await.unwrap();
        assert_eq!(fetched.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_late_refusal_of_an_old_token_does_not_drop_the_new_one() {
        let (cache, _, fetched) = cache();
        let old = cache.get().await.unwrap();
        cache.invalidate(&old).await;
        cache.get().await.unwrap();
        cache.invalidate(&old).await;
        cache.get().await.unwrap();
        assert_eq!(fetched.load(Ordering::SeqCst), 2);
    }
}
