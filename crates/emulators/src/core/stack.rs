//! What stands around a service's router, from outside: journal, contract check, faults.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use futures::FutureExt;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use tower::ServiceExt;

use super::bodies::{BODY_LIMIT, Seen};
use super::clock::EmulatorClock;
use super::contract::Contracts;
use super::faults::{Faults, Hit, Kept, Replacement, Scene};
use super::journal::{Entry, Journal, Outcome, header_map};
use super::service::{Batched, Context, Dispatch, Service};

/// What both stacks share.
#[derive(Debug, Default)]
pub struct Shared {
    /// The clock of both emulators.
    pub clock: Arc<EmulatorClock>,
    /// The journal over both.
    pub journal: Journal,
    /// The contracts of both.
    pub contracts: Contracts,
    /// The fault rules for both.
    pub faults: Faults,
}

/// One service with everything around it.
pub struct Stack {
    service: Arc<dyn Service>,
    router: Router,
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stack")
            .field("service", &self.service.name())
            .finish_non_exhaustive()
    }
}

/// The end of a request, before it is told to client and journal.
struct End {
    /// Nothing if the connection is closed.
    answer: Option<(http::response::Parts, Bytes)>,
    faulted: bool,
}

impl Stack {
    /// Builds the stack and gives the service its way back in for batches.
    #[must_use]
    pub fn new(service: Arc<dyn Service>, shared: Arc<Shared>, seed: u64) -> Arc<Self> {
        let context = Context {
            clock: Arc::clone(&shared.clock),
            seed,
            ..Context::default()
        };
        let router = Arc::clone(&service).router(context.clone());
        let stack = Arc::new(Self {
            service,
            router,
            shared,
        });
        // Weak: the router holds the context, and the stack the router.
        let weak = Arc::downgrade(&stack);
        let dispatch: Dispatch = Arc::new(move |request| {
            let stack = weak.upgrade();
            async move {
                let answer = match stack {
                    Some(stack) => stack.run(request, true).await,
                    None => None,
                };
                answer.unwrap_or_else(unavailable)
            }
            .boxed()
        });
        // The cell is new, so it cannot have been set.
        let _ = context.dispatch.set(dispatch);
        stack
    }

    /// The service inside.
    #[must_use]
    pub fn service(&self) -> &dyn Service {
        self.service.as_ref()
    }

    /// Sends a request through the stack, as if it had come over the wire. Nothing comes back if a fault closes
    /// the connection.
    pub async fn call(&self, request: Request<Body>) -> Option<Response<Body>> {
        self.run(request, false).await
    }

    async fn run(&self, request: Request<Body>, batched: bool) -> Option<Response<Body>> {
        let Shared {
            clock,
            journal,
            contracts,
            faults,
        } = self.shared.as_ref();
        let name = self.service.name();
        let (mut parts, body) = request.into_parts();
        // A body that breaks off means that the client is gone.
        let bytes = to_bytes(body, BODY_LIMIT).await.ok()?;
        let seen = Seen::new(&parts, bytes.clone());
        let seq = journal.begin(Entry::new(name, &seen, &parts.headers, batched, clock.now()));
        let known = contracts.request(name, seq, &seen);

        if batched {
            parts.extensions.insert(Batched);
        }
        let hit = faults.hit(name, &seen, batched);
        let end = self.answer(&parts, &seen, hit.as_ref(), batched).await;

        if end.faulted {
            contracts.faulted();
        } else if let (Some(known), Some((parts, bytes))) = (known, &end.answer) {
            contracts.answer(known, seq, parts.status.as_u16(), bytes);
        }
        journal.end(seq, outcome(&end, hit.as_ref(), clock));
        end.answer
            .map(|(parts, bytes)| Response::from_parts(parts, Body::from(bytes)))
    }

    /// The service's answer, or what a fault puts in its place.
    async fn answer(&self, parts: &Parts, seen: &Seen, hit: Option<&Hit>, batched: bool) -> End {
        let scene = Scene {
            faults: &self.shared.faults,
            clock: &self.shared.clock,
            service: self.service.as_ref(),
            request: parts,
        };
        if let Some(hit) = hit
            && let Some(replacement) = hit.before(scene).await
        {
            return replaced(replacement).await;
        }
        let mut own = self.serve(parts, seen).await;
        if let Some(hit) = hit
            && let Some(kept) = hit.doubled()
        {
            let again = self.deliver_again(parts, seen, hit, batched).await;
            if kept == Kept::Last {
                own = again;
            }
        }
        if let Some(hit) = hit
            && let Some(replacement) = hit.after(scene).await
        {
            return replaced(replacement).await;
        }
        End {
            answer: own,
            faulted: false,
        }
    }

    async fn serve(&self, parts: &Parts, seen: &Seen) -> Option<(http::response::Parts, Bytes)> {
        let request = Request::from_parts(parts.clone(), Body::from(seen.bytes.clone()));
        match self.router.clone().oneshot(request).await {
            Ok(answer) => collected(answer).await,
            Err(never) => match never {},
        }
    }

    /// The second delivery stands in the journal as a request of its own, as the service sees it.
    async fn deliver_again(
        &self,
        parts: &Parts,
        seen: &Seen,
        hit: &Hit,
        batched: bool,
    ) -> Option<(http::response::Parts, Bytes)> {
        let Shared { clock, journal, .. } = self.shared.as_ref();
        let entry = Entry::new(self.service.name(), seen, &parts.headers, batched, clock.now());
        let seq = journal.begin(entry.delivered_again());
        let end = End {
            answer: self.serve(parts, seen).await,
            faulted: false,
        };
        journal.end(seq, outcome(&end, Some(hit), clock));
        end.answer
    }
}

async fn replaced(replacement: Replacement) -> End {
    match replacement {
        Replacement::Drop => End {
            answer: None,
            faulted: true,
        },
        Replacement::Answer(answer) => End {
            answer: collected(answer).await,
            faulted: true,
        },
    }
}

async fn collected(answer: Response<Body>) -> Option<(http::response::Parts, Bytes)> {
    let (parts, body) = answer.into_parts();
    // The services answer from memory; a body that fails there is treated as a connection that broke.
    Some((parts, to_bytes(body, usize::MAX).await.ok()?))
}

fn outcome(end: &End, hit: Option<&Hit>, clock: &EmulatorClock) -> Outcome {
    let answer = end.answer.as_ref();
    Outcome {
        status: answer.map(|(parts, _)| parts.status.as_u16()),
        headers: answer
            .map(|(parts, _)| header_map(&parts.headers))
            .unwrap_or_default(),
        body: answer
            .map(|(_, bytes)| bytes.clone())
            .filter(|bytes| !bytes.is_empty()),
        fault: hit.map(|hit| hit.id),
        faulted: end.faulted,
        at: clock.now(),
    }
}

/// A batch cannot drop one of its answers, so there a dropped connection shows as what a gateway makes of it.
fn unavailable() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
