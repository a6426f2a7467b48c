//! Faults and crashes by plan or by seed, and the trace of every call.
//!
//! A crash makes the call in question never return, and every later one too: the run is dropped as soon as no store
//! operation is half done, so that the same seed always leaves the same store behind.

use std::collections::BTreeMap;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard};
use std::task::Poll;
use std::time::Duration;

use ambient::{Random, SeededRandom};
use sync_runtime::ports::{Failure, ItemFailure, Service};

/// What goes wrong with one call, or with one item of a call (named `<call> item`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Transient,
    Throttled,
    OutOfCredits,
    MaybeDone {
        effect: bool,
    },
    NotDone,
    Refused,
    /// Of a record; the service lets it be for now.
    Locked,
    Crash {
        effect: bool,
    },
}

#[derive(Default)]
struct Inner {
    planned: Vec<(&'static str, u64, Fault)>,
    random: Option<(SeededRandom, u64)>,
    calls: BTreeMap<&'static str, u64>,
    trace: Vec<String>,
    crashed: bool,
    in_flight: u64,
}

/// Shared by all fakes of one world.
#[derive(Default)]
pub(crate) struct Faults {
    inner: Mutex<Inner>,
}

/// What becomes of one item of a call.
pub(crate) struct Fate {
    /// It has its effect.
    pub(crate) effect: bool,
    /// The process dies after that.
    pub(crate) dies: bool,
    /// What is answered instead of the truth.
    pub(crate) failure: Option<ItemFailure>,
}

/// A store operation that is under way.
pub(crate) struct InFlight<'a>(&'a Faults);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
    }
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Lets `fault` happen at a call of this name, after `skip` undisturbed ones.
    pub(crate) fn plan(&self, call: &'static str, skip: u64, fault: Fault) {
        self.lock().planned.push((call, skip, fault));
    }

    /// What was planned and has not come yet does not come any more.
    pub(crate) fn unplan(&self) {
        self.lock().planned.clear();
    }

    /// Random faults from now on, so many in a thousand calls.
    pub(crate) fn randomly(&self, seed: u64, per_mille: u64) {
        self.lock().random = Some((SeededRandom::new(seed), per_mille));
    }

    /// No more random faults.
    pub(crate) fn quiet(&self) {
        self.lock().random = None;
    }

    /// How often a call was made.
    pub(crate) fn calls(&self, call: &str) -> u64 {
        self.lock().calls.get(call).copied().unwrap_or_default()
    }

    /// Every call made since the last question, with how often it was made.
    pub(crate) fn take_calls(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.lock().calls)
    }

    /// Adds a line to the trace.
    pub(crate) fn note(&self, line: String) {
        self.lock().trace.push(line);
    }

    /// The trace so far.
    pub(crate) fn trace(&self) -> Vec<String> {
        self.lock().trace.clone()
    }

    fn next(&self, call: &'static str, kinds: &[Fault]) -> Option<Fault> {
        let mut inner = self.lock();
        let mut due = None;
        for (index, (name, skip, fault)) in inner.planned.iter_mut().enumerate() {
            if *name == call {
                if *skip == 0 {
                    due = Some((index, *fault));
                    break;
                }
                *skip -= 1;
            }
        }
        let fault = if let Some((index, fault)) = due {
            inner.planned.remove(index);
            Some(fault)
        } else if let Some((random, per_mille)) = &inner.random {
            let hit = random.next_u64() % 1_000 < *per_mille;
            let kind = usize::try_from(random.next_u64() % kinds.len() as u64).unwrap();
            hit.then(|| kinds[kind])
        } else {
            None
        };
        *inner.calls.entry(call).or_default() += 1;
        inner.trace.push(match fault {
            Some(fault) => format!("{call}: {fault:?}"),
            None => call.to_owned(),
        });
        fault
    }

    /// Starts a call; the answer says whether the process dies once the call had its effect.
    pub(crate) async fn enter(&self, call: &'static str, service: Service) -> Result<bool, Failure> {
        const KINDS: &[Fault] = &[
            Fault::Transient,
            Fault::Throttled,
            Fault::Crash { effect: false },
            Fault::Crash { effect: true },
        ];
        self.alive().await;
        match self.next(call, KINDS) {
            None => Ok(false),
            Some(Fault::Crash { effect: false }) => self.crash().await,
            Some(Fault::Crash { effect: true }) => Ok(true),
            Some(Fault::Throttled) => Err(Failure::Throttled {
                service,
                after: Some(Duration::from_secs(1)),
            }),
            Some(Fault::OutOfCredits) => Err(Failure::OutOfCredits { until: None }),
            Some(_) => Err(transient(service)),
        }
    }

    /// Ends a call.
    pub(crate) async fn leave(&self, dies: bool) {
        if dies {
            self.crash().await;
        }
    }

    /// Starts a commit; as [`Faults::enter`], but a commit only works or dies.
    pub(crate) async fn enter_commit(&self) -> bool {
        self.alive().await;
        match self.next(
            "commit",
            &[Fault::Crash { effect: false }, Fault::Crash { effect: true }],
        ) {
            Some(Fault::Crash { effect: false }) => self.crash().await,
            fault => fault.is_some(),
        }
    }

    /// What becomes of one item of a call.
    pub(crate) fn item(&self, call: &'static str, service: Service) -> Fate {
        const KINDS: &[Fault] = &[
            Fault::MaybeDone { effect: false },
            Fault::MaybeDone { effect: true },
            Fault::NotDone,
            Fault::Crash { effect: false },
            Fault::Crash { effect: true },
            Fault::Refused,
        ];
        // A refused deletion is for good, so what is left over could not be told from what must not be.
        let kinds = if call.starts_with("delete") {
            &KINDS[..5]
        } else {
            KINDS
        };
        let fault = self.next(call, kinds);
        let effect = match fault {
            None => true,
            Some(Fault::Crash { effect } | Fault::MaybeDone { effect }) => effect,
            Some(_) => false,
        };
        Fate {
            effect,
            dies: matches!(fault, Some(Fault::Crash { .. })),
            failure: match fault {
                None | Some(Fault::Crash { .. }) => None,
                Some(Fault::MaybeDone { .. }) => Some(ItemFailure::MaybeDone(transient(service))),
                Some(Fault::Refused) => Some(ItemFailure::Refused {
                    code: "ErrorInvalidProperty".to_owned(),
                    field: None,
                }),
                Some(Fault::Locked) => Some(ItemFailure::Locked {
                    code: "RECORD_LOCKED".to_owned(),
                }),
                Some(_) => Some(ItemFailure::NotDone(transient(service))),
            },
        }
    }

    /// Marks a store operation as under way.
    pub(crate) async fn store_operation(&self) -> InFlight<'_> {
        self.alive().await;
        self.lock().in_flight += 1;
        InFlight(self)
    }

    async fn alive(&self) {
        if self.lock().crashed {
            pending::<()>().await;
        }
    }

    pub(crate) async fn crash(&self) -> ! {
        self.lock().crashed = true;
        match pending::<std::convert::Infallible>().await {}
    }

    /// Runs until the end or the crash (`None`).
    pub(crate) async fn until_crash<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        let mut run = pin!(run);
        let outcome = poll_fn(|cx| match run.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => {
                let inner = self.lock();
                if inner.crashed && inner.in_flight == 0 {
                    Poll::Ready(None)
                } else {
                    Poll::Pending
                }
            }
        })
        .await;
        self.lock().crashed = false;
        outcome
    }
}

fn transient(service: Service) -> Failure {
    Failure::Transient {
        service,
        code: "503".into(),
    }
}
