//! The network: requests of the real clients reach the emulators in this process, with delays, losses and doubles.

mod parcel;
mod watch;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ambient::Clock;
use axum::body::to_bytes;
use bytes::Bytes;
use emulators::core::faults::{Answer, Effect, Rule};
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use transport::{BoxFuture, Transport, TransportError};

use crate::dice::Dice;
use crate::history::Fault;
use crate::stage::{Stage, locked};

use parcel::{Parcel, Service};
use watch::Watch;

/// Where Zoho CRM is, and its accounts host.
pub(crate) const ZOHO: &str = "https://zoho.test";
/// Where Graph is, and its login host.
pub(crate) const GRAPH: &str = "https://graph.test";

/// How long a client waits for an answer, as the operator's transport does.
const PATIENCE: Duration = Duration::from_mins(1);

/// The network between one process and the services. What is on the wire outlives the process.
#[derive(Debug)]
pub(crate) struct Network {
    stage: Arc<Stage>,
    dice: Dice,
    /// A create of a contact in a mailbox may arrive twice: the runtime drops the twin.
    doubles_creates: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sent: u64,
    /// Sent and not arrived, by number.
    wire: BTreeMap<u64, Parcel>,
    stragglers: Vec<(Timestamp, Parcel)>,
    watch: Watch,
}

/// What a fault makes of an answer.
enum Arrival {
    Answer(Response<Bytes>),
    Nothing,
}

impl Network {
    /// The network of a history; `seed` draws the delays.
    #[must_use]
    pub(crate) fn new(stage: Arc<Stage>, seed: u64, doubles_creates: bool) -> Arc<Self> {
        Arc::new(Self {
            stage,
            dice: Dice::new(seed),
            doubles_creates,
            state: Mutex::default(),
        })
    }

    /// How many requests were sent.
    #[must_use]
    pub(crate) fn sent(&self) -> u64 {
        locked(&self.state).sent
    }

    /// The process is gone: what was on the wire arrives or is lost, and a new process knows of no wait.
    pub(crate) fn process_ended(&self, delivered: bool) {
        let wire = {
            let mut state = locked(&self.state);
            state.watch = Watch::default();
            std::mem::take(&mut state.wire)
        };
        for (number, parcel) in wire.into_iter().filter(|_| delivered) {
            self.stage.note(format!("#{number} arrives all the same"));
            self.arrive_unheard(parcel);
        }
    }

    /// Lets arrive what was given up and is due, or everything that is still under way.
    pub(crate) fn deliver_stragglers(&self, all: bool) {
        let now = self.stage.now();
        let due: Vec<Parcel> = {
            let mut state = locked(&self.state);
            let (due, later) = std::mem::take(&mut state.stragglers)
                .into_iter()
                .partition(|(at, _)| all || *at <= now);
            state.stragglers = later;
            due.into_iter().map(|(_, parcel)| parcel).collect()
        };
        for parcel in due {
            self.stage.note(format!("{parcel} arrives late"));
            self.arrive_unheard(parcel);
        }
    }

    /// Nobody waits for the answer. The emulators answer from memory, so the call is over at once.
    fn arrive_unheard(&self, parcel: Parcel) {
        use futures::FutureExt;
        let _ = self.arrive(parcel).now_or_never();
    }

    /// The service does its work.
    async fn arrive(&self, parcel: Parcel) -> Arrival {
        let stack = match parcel.service {
            Service::Graph => &self.stage.world.graph,
            Service::Zoho => &self.stage.world.zoho,
        };
        let Some(answer) = stack.call(parcel.into_request()).await else {
            return Arrival::Nothing;
        };
        let (parts, body) = answer.into_parts();
        // The whole answer is in memory: reading it cannot fail.
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        Arrival::Answer(Response::from_parts(parts, body))
    }

    fn delay(&self) -> Duration {
        let slow = if self.dice.percent(5) { 400 } else { 30 };
        Duration::from_millis(self.dice.between(2, slow))
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let clock = &self.stage.world.clock;
        self.deliver_stragglers(false);
        self.stage.moment().await;
        let parcel = Parcel::new(request);
        let (host, label) = (parcel.host(), parcel.to_string());
        let fault = self
            .stage
            .next_fault()
            .and_then(|fault| self.admit(fault, &parcel));
        let number = {
            let mut state = locked(&self.state);
            state.sent += 1;
            let number = state.sent;
            for finding in state.watch.sent(number, &parcel, self.stage.now()) {
                self.stage.found(finding);
            }
            state.wire.insert(number, parcel);
            number
        };
        match fault {
            Some(fault) => self.stage.note(format!("#{number} {label} | {fault:?}")),
            None => self.stage.note(format!("#{number} {label}")),
        }
        let answer = self.carry(number, fault).await;
        let answered = {
            let mut state = locked(&self.state);
            let answer = answer.as_ref();
            state.watch.answered(number, answer, self.stage.now());
            answer.map_or(0, |answer| answer.status().as_u16())
        };
        self.stage.note(format!("#{number} -> {answered}"));
        clock.sleep(Duration::ZERO).await;
        self.stage.moment().await;
        answer.ok_or_else(|| {
            let reason = "simulated".to_owned();
            match fault {
                Some(Fault::Unconnected) => TransportError::Connect { host, reason },
                _ => TransportError::Lost { host, reason },
            }
        })
    }

    /// The way there and back; none if no answer comes.
    async fn carry(&self, number: u64, fault: Option<Fault>) -> Option<Response<Bytes>> {
        let clock = &self.stage.world.clock;
        let (there, back) = (self.delay(), self.delay());
        clock.sleep(there).await;
        let parcel = locked(&self.state).wire.remove(&number)?;
        let arrival = match fault {
            Some(Fault::Unconnected) => return None,
            Some(Fault::Lost) => {
                clock.sleep(PATIENCE).await;
                return None;
            }
            Some(Fault::Straggles(seconds)) => {
                let at = self.stage.now()
                    + SignedDuration::from_secs(seconds.into())
                    + SignedDuration::from_mins(1);
                locked(&self.state).stragglers.push((at, parcel));
                clock.sleep(PATIENCE).await;
                return None;
            }
            Some(Fault::Twice { second }) => {
                let twin = parcel.clone();
                let first = self.arrive(parcel).await;
                self.stage.moment().await;
                let again = self.arrive(twin).await;
                if second { again } else { first }
            }
            Some(Fault::Throttled { done, wait, part }) => {
                self.disturbed(parcel, throttled(wait), done, part).await
            }
            Some(Fault::Broken { status, done, part }) => {
                self.disturbed(parcel, broken(status), done, part).await
            }
            Some(Fault::Unanswered) => {
                self.arrive(parcel).await;
                Arrival::Nothing
            }
            None | Some(Fault::Late(_)) => self.arrive(parcel).await,
        };
        self.stage.moment().await;
        let back = match fault {
            Some(Fault::Late(millis)) => Duration::from_millis(millis.into()).min(PATIENCE / 2),
            _ => back,
        };
        clock.sleep(back).await;
        match arrival {
            Arrival::Answer(answer) => Some(answer),
            Arrival::Nothing => {
                clock.sleep(PATIENCE / 2).await;
                None
            }
        }
    }

    /// Another answer than the service's own, for the whole request or for a part of a batch.
    async fn disturbed(&self, parcel: Parcel, answer: Answer, done: bool, part: Option<u8>) -> Arrival {
        let batched = parcel.parts.len();
        let rule = Rule {
            service: parcel.service.name().to_owned(),
            batched: Some(batched > 0 && part.is_some()),
            skip: part.map_or(0, |part| u64::from(part) % batched.max(1) as u64),
            effect: if done { Effect::After } else { Effect::Before },
            answer: Some(answer),
            ..Rule::default()
        };
        let faults = self.stage.world.faults();
        // The rule says an answer and a place, so it is never refused.
        let _ = faults.add(rule);
        let arrival = self.arrive(parcel).await;
        faults.clear();
        arrival
    }

    /// The fault if the request may meet with it.
    fn admit(&self, fault: Fault, parcel: &Parcel) -> Option<Fault> {
        let possible = match fault {
            Fault::Straggles(_) => parcel.is_conditional(),
            Fault::Twice { .. } => !parcel.makes_contacts() || self.may_double(parcel),
            _ => true,
        };
        possible.then_some(fault)
    }

    fn may_double(&self, parcel: &Parcel) -> bool {
        match parcel.service {
            Service::Graph => self.doubles_creates,
            Service::Zoho => parcel.names_external_id(),
        }
    }
}

fn throttled(wait: Option<u16>) -> Answer {
    let mut answer = broken(429);
    let wait = wait.map(|wait| format!("{}.{:03}", wait / 1_000, wait % 1_000));
    answer
        .headers
        .extend(wait.map(|wait| ("Retry-After".to_owned(), wait)));
    answer
}

fn broken(status: u16) -> Answer {
    Answer {
        status,
        headers: BTreeMap::new(),
        body: serde_json::json!({"error": {"code": "Simulated", "message": "Simulated."}}),
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}
