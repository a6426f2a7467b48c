//! Playing a history.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use sync_runtime::store::Store;

use crate::abilities;
use crate::act::{self, CREDITS_BACK};
use crate::check::{self, Agreed, Quiet, Remembered};
use crate::disk::Disk;
use crate::drive::{Driven, drive};
use crate::field::Field;
use crate::finding::Finding;
use crate::history::{Act, CrmAct, History, Loss, Run, ServiceAct, Step, Trouble};
use crate::network::Network;
use crate::process::{Process, Status, Verdict};
use crate::stage::{Stage, locked};
use crate::store::ProcessStore;
use crate::view::View;
use crate::world::{SetupError, scope};

/// What came of a history.
#[derive(Debug, Default)]
pub struct Played {
    /// What must not be and was seen; the first quiet time that shows something ends the history.
    pub findings: Vec<Finding>,
    /// Everything that happened, in order.
    pub trace: Vec<String>,
    /// How much happened.
    pub figures: Figures,
    /// The counters of both services at the end.
    pub counters: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// How much happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Requests sent.
    pub requests: u64,
    /// Processes that died in the middle of a run.
    pub crashes: u64,
    /// Upsets that histories planned.
    pub upsets: u64,
    /// Quiet times that were checked.
    pub checks: u64,
    /// Requests and answers held against the contracts.
    pub contracts: u64,
    /// Where those differ.
    pub violations: u64,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.crashes += other.crashes;
        self.upsets += other.upsets;
        self.checks += other.checks;
        self.contracts += other.contracts;
        self.violations += other.violations;
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} requests, {} upsets, {} crashes, {} checks, {} held against the contracts",
            self.requests, self.upsets, self.crashes, self.checks, self.contracts
        )
    }
}

/// How long a cycle waits for the next.
const INTERVAL: SignedDuration = SignedDuration::from_mins(6);
/// What a lost store alone is no reason for (I11).
const MADE_OR_DELETED: [(&str, &str); 4] = [
    ("graph", "creates"),
    ("graph", "deletes"),
    ("zoho", "creates_by_api"),
    ("zoho", "deletes_by_api"),
];
/// How long the runtime leaves alone what shows no change: a locked record, a container without rounds of changes.
const HOUR: SignedDuration = SignedDuration::from_mins(61);
/// Cycles that may write before a system without faults is quiet (I3): two, and a third one after a crash.
const WRITING: u32 = 3;
/// Cycles after which nothing will come of waiting.
const PATIENCE: u32 = 60;

/// Plays a history to its end, or to the first quiet time that shows something wrong.
///
/// # Errors
/// If the world cannot be made: a mistake of the simulation or of the machine, not of the runtime.
pub fn play(history: &History) -> Result<Played, SetupError> {
    let mut player = Player::new(history)?;
    let mut findings = Vec::new();
    for step in &history.steps {
        player.step(step)?;
        findings.extend(player.stage.take_findings());
        if !findings.is_empty() {
            break;
        }
    }
    Ok(player.end(findings))
}

struct Player<'a> {
    history: &'a History,
    stage: Arc<Stage>,
    network: Arc<Network>,
    disk: Arc<Disk>,
    process: Option<Process>,
    statuses: Vec<Status>,
    agreed: Agreed,
    /// The number of the key that values are hashed with.
    key: u8,
    started: u64,
    figures: Figures,
}

impl<'a> Player<'a> {
    fn new(history: &'a History) -> Result<Self, SetupError> {
        let stage = Stage::new(&history.setting)?;
        Ok(Self {
            network: Network::new(stage.clone(), history.seed ^ 0x6e65_7477, abilities::DROPS_TWINS),
            disk: Arc::new(Disk::default()),
            process: None,
            statuses: vec![Status::default(); history.setting.people.len()],
            agreed: Agreed::new(),
            key: 1,
            started: 0,
            figures: Figures::default(),
            history,
            stage,
        })
    }

    fn end(mut self, findings: Vec<Finding>) -> Played {
        let contracts = self.stage.world.contract_findings();
        self.figures.requests = self.network.sent();
        self.figures.contracts = contracts.checked_requests + contracts.checked_answers;
        self.figures.violations = check::violations(&self.stage.world).len() as u64;
        Played {
            findings,
            trace: self.stage.take_trace(),
            figures: self.figures,
            counters: self.stage.world.counters(),
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), SetupError> {
        match step {
            Step::Act(act) => act::perform(&self.stage, act),
            Step::Run(run) => {
                self.run(run)?;
            }
            Step::Wait(seconds) => self.wait(SignedDuration::from_secs((*seconds).into())),
            Step::Loss(loss) => self.lose(*loss),
            Step::Quiet => self.quiet()?,
        }
        Ok(())
    }

    fn wait(&self, time: SignedDuration) {
        self.stage.world.clock.advance(time);
        self.network.deliver_stragglers(false);
    }

    fn lose(&mut self, loss: Loss) {
        self.stage.note(format!("LOST: {loss:?}"));
        self.process = None;
        self.network.process_ended(true);
        let mut ledger = locked(&self.stage.ledger);
        let period = Some(ledger.period);
        match loss {
            Loss::Process => {}
            Loss::Store => {
                self.disk.lose();
                ledger.store_lost = period;
            }
            Loss::Recent => {
                self.disk.go_back();
                ledger.store_lost = period;
            }
            Loss::Key => {
                self.key += 1;
                ledger.key_lost = period;
            }
        }
    }

    fn process(&mut self) -> Result<&Process, SetupError> {
        if self.process.is_none() {
            self.started += 1;
            let seed = self.history.seed ^ (self.started << 32);
            let withheld = self.history.setting.services.withheld;
            let external_id = self.history.setting.external_id;
            let process = Process::start(
                &self.stage,
                &self.network,
                &self.disk,
                seed,
                self.key,
                withheld,
                external_id,
            )?;
            self.process = Some(process);
        }
        self.process
            .as_ref()
            .ok_or_else(|| SetupError::Client("the process did not start".to_owned()))
    }

    /// Runs every sync once. The verdicts, unless the process died.
    fn run(&mut self, run: &Run) -> Result<Option<Vec<Verdict>>, SetupError> {
        self.stage.note(if run.short { "RUN (short)" } else { "RUN" });
        self.figures.upsets += run.upsets.len() as u64;
        let disturbs = |upset: &crate::history::Upset| !matches!(upset.what, Trouble::Act(_));
        {
            let mut ledger = locked(&self.stage.ledger);
            ledger.started = true;
            if run.upsets.iter().any(disturbs) {
                ledger.disturbed = Some(ledger.period);
            }
        }
        self.stage.begin(&run.upsets);
        let (stage, statuses) = (self.stage.clone(), self.statuses.clone());
        let process = self.process()?;
        let driven = drive(
            &stage.world.clock,
            || stage.crashed().is_some(),
            process.run_all(run.short, &statuses),
        );
        stage.end();
        match driven {
            Driven::Ended(verdicts) => {
                stage.note(format!("{verdicts:?}"));
                let reported = verdicts.iter().zip(&statuses).enumerate();
                self.statuses = reported
                    .map(|(person, (verdict, status))| process.report(person, verdict, status))
                    .collect();
                Ok(Some(verdicts))
            }
            Driven::Crashed => {
                self.figures.crashes += 1;
                self.process = None;
                self.network.process_ended(stage.crashed() == Some(true));
                Ok(None)
            }
            Driven::Stuck => {
                stage.found(Finding::new("I22", "the run does not end"));
                self.process = None;
                Ok(None)
            }
        }
    }

    /// No faults, and cycles until two of them write nothing; then everything is checked.
    fn quiet(&mut self) -> Result<(), SetupError> {
        self.stage.note("QUIET");
        let (unchanged, before) = (self.is_unchanged(), counted(&self.stage, &MADE_OR_DELETED));
        self.network.deliver_stragglers(true);
        if locked(&self.stage.ledger).hidden {
            act::perform(&self.stage, &Act::Service(ServiceAct::HideOthers(false)));
        }
        if std::mem::take(&mut locked(&self.stage.ledger).credits_used) {
            self.wait(CREDITS_BACK);
        }
        let waits = {
            let ledger = locked(&self.stage.ledger);
            ledger.without_rounds.is_some() || ledger.now(ledger.rights_changed)
        };
        if self.unlock() || waits {
            self.run(&Run::default())?;
            self.wait(HOUR);
        }
        let (mut writing, mut calm) = (0, 0);
        let mut verdicts = Vec::new();
        for _ in 0..PATIENCE {
            self.wait(INTERVAL);
            let writes = self.writes();
            verdicts = self.run(&Run::default())?.unwrap_or_default();
            let passing = verdicts.iter().find_map(|verdict| match verdict {
                Verdict::Passing(_, after) => Some(*after),
                _ => None,
            });
            if let Some(after) = passing {
                let after = after.and_then(|after| SignedDuration::try_from(after).ok());
                self.wait(after.unwrap_or(INTERVAL).min(CREDITS_BACK));
            } else if self.writes() != writes {
                (writing, calm) = (writing + 1, 0);
            } else {
                calm += 1;
            }
            if calm == 2 {
                break;
            }
        }
        if calm < 2 {
            let what = format!("no quiet after {PATIENCE} cycles without faults: {verdicts:?}");
            self.stage.found(Finding::new("I22", what));
        } else if writing > WRITING {
            let what = format!("{writing} cycles without faults wrote something");
            self.stage.found(Finding::new("I3", what));
        }
        if unchanged && counted(&self.stage, &MADE_OR_DELETED) != before {
            let what =
                "something was made or deleted after the store was lost, and nothing else had happened";
            self.stage.found(Finding::new("I11", what));
        }
        self.check(&verdicts)?;
        // Once in a while: a whole cycle more.
        if self.history.seed.is_multiple_of(4) {
            self.idle()?;
        }
        self.disk.keep();
        Ok(())
    }

    /// Locks do not last; whether there were any.
    fn unlock(&self) -> bool {
        let records = std::mem::take(&mut locked(&self.stage.ledger).locked);
        for record in &records {
            act::perform(&self.stage, &Act::Crm(CrmAct::Lock(*record, false)));
        }
        !records.is_empty()
    }

    /// How often anything was written on either side (N10, I4, I5).
    fn writes(&self) -> u64 {
        const WRITES: [(&str, &str); 9] = [
            ("graph", "creates"),
            ("graph", "updates"),
            ("graph", "deletes"),
            ("graph", "permanent_deletes"),
            ("graph", "folder_creates"),
            ("graph", "folder_updates"),
            ("graph", "folder_deletes"),
            ("zoho", "writes_by_api"),
            ("zoho", "deletes_by_api"),
        ];
        counted(&self.stage, &WRITES)
    }

    /// Whether the store was lost in this period and nothing else happened, nor ever anything that only it knew.
    fn is_unchanged(&self) -> bool {
        let ledger = locked(&self.stage.ledger);
        let only_known = ledger.contacts.values().any(|contact| {
            let lost = contact.deleted.max(contact.transferred);
            let unsure = contact.imported && contact.changed.is_some() && !contact.is_settled();
            contact.crowded
                || unsure
                || lost.is_some()
                || contact.items.values().any(|item| item.left.is_some())
        });
        let capped = locked(&self.stage.declared)
            .iter()
            .any(|declared| declared.cap < 10_000);
        let quiet = ledger.acts == 0 && !ledger.now(ledger.disturbed) && ledger.period > 0;
        let all_seen = ledger.rights_changed.is_none();
        ledger.now(ledger.store_lost) && quiet && !only_known && !capped && all_seen
    }

    /// I25: what a cycle costs in which nothing happens: two requests a mailbox, and for all of them together the two
    /// questions of the feed; and perhaps two new tokens.
    fn idle(&mut self) -> Result<(), SetupError> {
        self.wait(INTERVAL);
        let before = self.network.sent();
        self.run(&Run::default())?;
        let requests = self.network.sent() - before;
        if self.history.setting.services.replays > 0 {
            // The service tells old news again, which costs looking at it.
            return Ok(());
        }
        let most = 2 * self.stage.world.people as u64 + 4;
        if requests > most {
            self.stage.found(Finding::new(
                "I25",
                format!("{requests} requests in an idle cycle, {most} are enough"),
            ));
        }
        Ok(())
    }

    fn check(&mut self, verdicts: &[Verdict]) -> Result<(), SetupError> {
        self.figures.checks += 1;
        let stage = self.stage.clone();
        let remembered = self.remembered()?;
        let mut view = View::of(&stage.world);
        let mut ledger = locked(&stage.ledger);
        for (person, remembered) in remembered.iter().enumerate() {
            ledger.learn_links(person, &remembered.links);
            view.learn_links(person, &remembered.links);
        }
        let declared = locked(&stage.declared).clone();
        if verdicts.len() != declared.len() {
            // The last run got stuck, which is noted already.
            return Ok(());
        }
        let quiet = Quiet {
            setting: &self.history.setting,
            ledger: &ledger,
            declared: &declared,
            view: &view,
            verdicts,
            remembered: &remembered,
            agreed: &self.agreed,
        };
        let findings = check::all(&quiet, &stage.world);
        self.agreed = check::agreed(&quiet);
        for finding in findings {
            stage.found(finding);
        }
        ledger.quiet();
        Ok(())
    }

    fn remembered(&mut self) -> Result<Vec<Remembered>, SetupError> {
        let people = self.history.setting.people.len();
        let store = &self.process()?.store.inner;
        let of = |person| Remembered {
            links: ProcessStore::look(store.all_links(scope(person))).unwrap_or_default(),
            conflicts: ProcessStore::look(store.conflicts(scope(person), u32::MAX))
                .unwrap_or_default()
                .into_iter()
                .filter_map(|conflict| Some((conflict.crm_id, Field::named(&conflict.field)?)))
                .collect(),
        };
        Ok((0..people).map(of).collect())
    }
}

fn counted(stage: &Stage, names: &[(&str, &str)]) -> u64 {
    let counters = stage.world.counters();
    let counts = names
        .iter()
        .filter_map(|(service, name)| counters[service].get(*name));
    counts.sum()
}
