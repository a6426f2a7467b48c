//! A small service to try the stack on: it counts its work, answers wrongly on request, and knows `$batch`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Body;
use axum::extract::Request;
use axum::routing::{any, post};
use axum::{Json, Router};
use emulators::core::service::{Batched, Context, Origin, Refused, Service};
use emulators::{Options, Services};
use serde_json::{Value, json};

/// Stands in for both services.
#[derive(Debug)]
pub(crate) struct Probe {
    name: &'static str,
    work: AtomicU64,
    seeded: AtomicU64,
}

impl Probe {
    fn new(name: &'static str) -> Arc<Self> {
        Arc::new(Self {
            name,
            work: AtomicU64::new(0),
            seeded: AtomicU64::new(0),
        })
    }
}

/// Options with probes in place of the emulators.
pub(crate) fn options() -> Options {
    Options {
        services: Some(Services {
            graph: Probe::new("graph"),
            zoho: Probe::new("zoho"),
        }),
        ..Options::default()
    }
}

impl Service for Probe {
    fn name(&self) -> &'static str {
        self.name
    }

    fn router(self: Arc<Self>, context: Context) -> Router {
        let probe = Arc::clone(&self);
        let work = move |request: Request| {
            let probe = Arc::clone(&probe);
            async move {
                let (parts, _) = request.into_parts();
                probe.work.fetch_add(1, Ordering::SeqCst);
                let size = if parts.uri.query() == Some("wrong") {
                    json!("big")
                } else {
                    json!(1)
                };
                Json(json!({
                    "size": size,
                    "origin": Origin::of(&parts).0,
                    "batched": parts.extensions.get::<Batched>().is_some(),
                }))
            }
        };
        let batch = move |Json(urls): Json<Vec<String>>| async move {
            let mut answers = Vec::new();
            for url in urls {
                let request = http::Request::get(url).body(Body::empty()).unwrap();
                answers.push(context.dispatch.get().unwrap()(request).await.status().as_u16());
            }
            Json(answers)
        };
        Router::new().route("/batch", post(batch)).fallback(any(work))
    }

    fn seed(&self, section: &Value) -> Result<(), Refused> {
        if section == "bad" {
            return Err(Refused {
                at: "0.name".to_owned(),
                problem: "is bad".to_owned(),
            });
        }
        self.seeded.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    fn edit(&self, action: &Value) -> Result<Value, Refused> {
        Ok(json!({ "did": action }))
    }

    fn state(&self) -> Value {
        json!({ "name": self.name })
    }

    fn counters(&self) -> BTreeMap<String, u64> {
        let read = |(name, counter): (&str, &AtomicU64)| (name.to_owned(), counter.load(Ordering::SeqCst));
        [("work", &self.work), ("seeded", &self.seeded)].map(read).into()
    }

    fn reset(&self) {
        self.work.store(0, Ordering::SeqCst);
    }
}
