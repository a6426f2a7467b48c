//! What all parts of a running history share: the world, what is declared, what is known of the people's deeds, the
//! upsets that are due, and the trace.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ambient::Clock;
use jiff::Timestamp;

use crate::act;
use crate::finding::Finding;
use crate::history::{Declared, Fault, Setting, Trouble, Upset};
use crate::ledger::Ledger;
use crate::world::{SetupError, World, start};

/// Shared by everything that takes part in a history.
#[derive(Debug)]
pub(crate) struct Stage {
    /// Both services and time.
    pub world: World,
    /// What people did.
    pub ledger: Mutex<Ledger>,
    /// What is declared for each person's sync.
    pub declared: Mutex<Vec<Declared>>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    trace: Vec<String>,
    /// Points passed since the run began, at which a run can be interrupted.
    moments: u32,
    upsets: VecDeque<Upset>,
    faults: VecDeque<Fault>,
    crashed: Option<bool>,
    findings: Vec<Finding>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// The stage of a setting.
    ///
    /// # Errors
    /// If the world cannot be made.
    pub(crate) fn new(setting: &Setting) -> Result<Arc<Self>, SetupError> {
        let world = World::new(setting)?;
        let declared = setting.people.iter().map(|person| person.declared.clone());
        Ok(Arc::new(Self {
            ledger: Mutex::new(Ledger::new(setting, &world)),
            declared: Mutex::new(declared.collect()),
            inner: Mutex::default(),
            world,
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        locked(&self.inner)
    }

    /// The present instant.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// Adds a line to the trace.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        let since = self.now().duration_since(start()).as_millis();
        let line = format!("{:>10}.{:03} {}", since / 1_000, since % 1_000, line.as_ref());
        self.inner().trace.push(line);
    }

    /// Takes note of something that must not be.
    pub(crate) fn found(&self, finding: Finding) {
        self.note(format!("FOUND {finding}"));
        self.inner().findings.push(finding);
    }

    /// The findings so far.
    pub(crate) fn take_findings(&self) -> Vec<Finding> {
        std::mem::take(&mut self.inner().findings)
    }

    /// The trace so far.
    pub(crate) fn take_trace(&self) -> Vec<String> {
        std::mem::take(&mut self.inner().trace)
    }

    /// Begins a run with these upsets, in order of their moments.
    pub(crate) fn begin(&self, upsets: &[Upset]) {
        let mut inner = self.inner();
        inner.moments = 0;
        inner.upsets = upsets.iter().cloned().collect();
        inner.upsets.make_contiguous().sort_by_key(|upset| upset.moment);
        inner.faults.clear();
        inner.crashed = None;
    }

    /// Ends a run: upsets that were not met are forgotten. Tells at how many points it could be interrupted.
    pub(crate) fn end(&self) -> u32 {
        let mut inner = self.inner();
        inner.upsets.clear();
        inner.faults.clear();
        inner.moments
    }

    /// A point at which a run can be interrupted: whatever is due happens now.
    pub(crate) async fn moment(&self) {
        if self.crashed().is_some() {
            pending::<()>().await;
        }
        self.inner().moments += 1;
        while let Some(trouble) = self.due() {
            match trouble {
                Trouble::Act(act) => act::perform(self, &act),
                Trouble::Fault(fault) => self.inner().faults.push_back(fault),
                Trouble::Crash { delivered } => {
                    self.note("CRASH");
                    self.inner().crashed = Some(delivered);
                    pending::<()>().await;
                }
            }
        }
    }

    fn due(&self) -> Option<Trouble> {
        let mut inner = self.inner();
        let moments = inner.moments;
        inner
            .upsets
            .pop_front_if(|upset| upset.moment <= moments)
            .map(|upset| upset.what)
    }

    /// The fault that the next request meets with.
    pub(crate) fn next_fault(&self) -> Option<Fault> {
        self.inner().faults.pop_front()
    }

    /// Whether the process is dead, and then whether what was on the wire still arrives.
    pub(crate) fn crashed(&self) -> Option<bool> {
        self.inner().crashed
    }
}
