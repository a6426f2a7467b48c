//! What a first sync and an idle cycle cost: calls, credits and time on the simulated clock, beside the least that the
//! services' own limits allow.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::disk::Disk;
use crate::drive::{Driven, drive};
use crate::field::Field;
use crate::history::{Conflict, Declared, Direction, Label, Mapped, Person, Seeded, Services, Setting};
use crate::network::Network;
use crate::process::{Process, Status, Verdict};
use crate::stage::Stage;
use crate::value::{Shape, Typed};
use crate::world::SetupError;

/// Sub-requests in one `$batch` (`research/graph.md` §9).
const BATCH: u64 = 20;
/// Rows of one query, and the credits that it costs (`research/zoho.md` §4).
const ROWS: u64 = 2_000;
/// Records of one read by ids (`research/zoho.md` §4).
const IDS: u64 = 100;
/// Requests that one mailbox takes in ten minutes, sub-requests counted (`research/graph.md` §10).
const WINDOW: u64 = 10_000;
/// The window in seconds.
const WINDOW_SECONDS: u64 = 600;
/// Sign-in at both services; the container looked for and made; its changes opened; the feed opened and read.
const FIXED: u64 = 2 + 2 + 1 + 3;
/// Of those at Graph, sign-in apart.
const FIXED_AT_GRAPH: u64 = 3;

/// What was measured, and the least that is possible.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Contacts in the CRM, a tenth of them imported.
    pub contacts: u32,
    /// Contacts that the first sync brought.
    pub synced: u64,
    /// The first sync.
    pub first_sync: Cost,
    /// Its least.
    pub least: Cost,
    /// The cycle after it, which takes in what its own writes told.
    pub echo: Cost,
    /// A cycle in which nothing happened.
    pub idle: Cost,
    /// Runs that were asked to wait by a service.
    pub waits: u32,
    /// The most memory that the process has had, emulators included, in MiB.
    pub peak_rss_mib: u64,
}

/// What something cost.
#[derive(Debug, Default, Serialize)]
pub struct Cost {
    /// HTTP calls.
    pub calls: u64,
    /// Requests that Graph counts for the mailbox.
    pub mailbox_requests: u64,
    /// API credits of the CRM.
    pub credits: u64,
    /// Seconds on the simulated clock.
    pub virtual_seconds: f64,
    /// Seconds on the wall.
    pub wall_seconds: f64,
}

/// Measures a first sync of so many contacts.
///
/// # Errors
/// If the world cannot be made.
pub fn measure(contacts: u32) -> Result<Measured, SetupError> {
    let setting = setting(contacts);
    let stage = Stage::new(&setting)?;
    let network = Network::new(stage.clone(), 7, false);
    let process = Process::start(&stage, &network, &Arc::new(Disk::default()), 7, 1, false, false)?;
    let mut bench = Bench {
        stage,
        network,
        process,
        statuses: vec![Status::default()],
        waits: 0,
    };
    let first_sync = bench.cost(Bench::until_done);
    bench
        .stage
        .world
        .clock
        .advance(jiff::SignedDuration::from_mins(5));
    let echo = bench.cost(Bench::until_done);
    bench
        .stage
        .world
        .clock
        .advance(jiff::SignedDuration::from_mins(5));
    let idle = bench.cost(Bench::until_done);
    let synced = bench.counter("graph", "creates");
    Ok(Measured {
        contacts,
        synced,
        first_sync,
        least: least(contacts.into(), synced),
        echo,
        idle,
        waits: bench.waits,
        peak_rss_mib: peak_rss(),
    })
}

struct Bench {
    stage: Arc<Stage>,
    network: Arc<Network>,
    process: Process,
    statuses: Vec<Status>,
    waits: u32,
}

impl Bench {
    fn counter(&self, service: &str, name: &str) -> u64 {
        self.stage.world.counters()[service]
            .get(name)
            .copied()
            .unwrap_or_default()
    }

    fn cost(&mut self, work: impl FnOnce(&mut Self)) -> Cost {
        let (calls, requests) = (self.network.sent(), self.counter("graph", "mailbox_requests"));
        let (credits, at, began) = (
            self.counter("zoho", "credits_used"),
            self.stage.now(),
            Instant::now(),
        );
        work(self);
        Cost {
            calls: self.network.sent() - calls,
            mailbox_requests: self.counter("graph", "mailbox_requests") - requests,
            credits: self.counter("zoho", "credits_used") - credits,
            virtual_seconds: self.stage.now().duration_since(at).as_secs_f64(),
            wall_seconds: began.elapsed().as_secs_f64(),
        }
    }

    /// Runs as the controller does: at once while there is more, and after the wait that a service asks for.
    fn until_done(&mut self) {
        loop {
            self.stage.begin(&[]);
            let runs = self.process.run_all(false, &self.statuses);
            let Driven::Ended(verdicts) = drive(&self.stage.world.clock, || false, runs) else {
                return;
            };
            self.statuses[0] = self.process.report(0, &verdicts[0], &self.statuses[0]);
            match &verdicts[0] {
                Verdict::More => {}
                Verdict::Passing(_, after) => {
                    self.waits += 1;
                    let wait = after.unwrap_or_default().max(std::time::Duration::from_secs(1));
                    let wait = jiff::SignedDuration::try_from(wait).unwrap_or(jiff::SignedDuration::ZERO);
                    self.stage.world.clock.advance(wait);
                }
                _ => return,
            }
        }
    }
}

/// The least that the services' limits allow: pages and batches as large as they may be, one question about the origin of
/// each imported contact, and the waits that the limit of requests forces.
fn least(contacts: u64, synced: u64) -> Cost {
    let imported = contacts - synced;
    let (listings, reads) = (contacts.div_ceil(ROWS), contacts.div_ceil(IDS));
    let requests = FIXED_AT_GRAPH + synced;
    let windows = requests.saturating_sub(1) / WINDOW * WINDOW_SECONDS;
    Cost {
        calls: FIXED + listings + reads + imported + synced.div_ceil(BATCH),
        mailbox_requests: requests,
        credits: 3 + 3 * listings + reads + imported,
        #[allow(clippy::cast_precision_loss, reason = "a few minutes")]
        virtual_seconds: windows as f64,
        wall_seconds: 0.0,
    }
}

fn setting(contacts: u32) -> Setting {
    let record = |number: u32| {
        let imported = number.is_multiple_of(10);
        let text = |at: u32| Typed {
            serial: number * 8 + at,
            shape: Shape::Plain,
        };
        let fields = [
            Field::GivenName,
            Field::Surname,
            Field::JobTitle,
            Field::Email,
            Field::Mobile,
            Field::Notes,
        ];
        Seeded {
            label: Label(number),
            imported,
            age: 24 + number % 24,
            updated: !imported,
            content: fields
                .into_iter()
                .zip(0..)
                .map(|(field, at)| (field, text(at)))
                .collect(),
        }
    };
    Setting {
        contracts: false,
        external_id: false,
        services: Services {
            second_bump: 5,
            churn: false,
            replays: 0,
            empty_page: false,
            generations: 3,
            expired_status: 410,
            hidden_trash: true,
            withheld: false,
        },
        people: vec![Person {
            declared: Declared {
                enabled: true,
                direction: Direction::TwoWay,
                conflict: Conflict::CrmWins,
                deletes_to_office: true,
                deletes_to_crm: false,
                imported: false,
                cap: 10_000,
                folder: 0,
                mapping: Mapped {
                    default: true,
                    own: Vec::new(),
                    exclude: Vec::new(),
                },
            },
            records: (0..contacts).map(record).collect(),
            private: 0,
        }],
    }
}

/// In MiB, as the kernel has seen it; 0 where it does not tell.
fn peak_rss() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or_default() / 1_024
}
