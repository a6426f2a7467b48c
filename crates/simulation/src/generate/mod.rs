//! Drawing histories.

mod acts;
mod setting;
mod upsets;

use crate::abilities;
use crate::dice::Dice;
use crate::field::Field;
use crate::history::{Act, Label, Loss, Run, ServiceAct, Step};
use crate::history::{Declared, History};

/// The history of a seed.
#[must_use]
pub fn history(seed: u64) -> History {
    let mut draw = Draw::new(seed);
    let setting = draw.setting();
    draw.declared = setting
        .people
        .iter()
        .map(|person| person.declared.clone())
        .collect();
    let steps = draw.steps();
    History { seed, setting, steps }
}

/// What is drawn from, and what the history holds so far.
#[allow(clippy::struct_excessive_bools, reason = "independent switches of a history")]
struct Draw {
    dice: Dice,
    /// Contacts, and whose they were at first.
    labels: Vec<(Label, Option<usize>)>,
    /// Records that were deleted.
    deleted: Vec<Label>,
    /// Items that were deleted or moved away.
    left: Vec<(usize, Label)>,
    /// Somebody's container was deleted or moved away.
    without_folder: Option<usize>,
    /// No sync ran yet: there is nothing to do in Outlook.
    early: bool,
    /// What several people work on at the moment.
    hot: Option<(Label, Field)>,
    serial: u32,
    declared: Vec<Declared>,
    /// The connected CRM user sees nobody else's records at the moment.
    hidden: bool,
    /// What the people of this history are like: nobody touches Outlook in some, as elsewhere nothing else is seen.
    outlook: bool,
    authors: bool,
    losses: bool,
    faults: u64,
}

impl Draw {
    fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let (outlook, authors, losses) = (dice.percent(70), dice.percent(30), dice.percent(35));
        let faults = dice.one([0, 2, 5, 12]);
        Self {
            labels: Vec::new(),
            deleted: Vec::new(),
            left: Vec::new(),
            without_folder: None,
            early: true,
            hot: None,
            serial: 0,
            declared: Vec::new(),
            hidden: false,
            outlook,
            authors,
            losses,
            faults,
            dice,
        }
    }

    fn steps(&mut self) -> Vec<Step> {
        let mut steps = Vec::new();
        for _ in 0..=self.dice.below(3) {
            self.chapter(&mut steps);
            if self.dice.percent(50) {
                steps.push(Step::Quiet);
                // Nothing else happens, so nothing may come of it.
                if self.losses && self.dice.percent(20) {
                    steps.extend([Step::Loss(Loss::Store), Step::Quiet]);
                }
            }
        }
        if steps.last() != Some(&Step::Quiet) {
            steps.push(Step::Quiet);
        }
        steps
    }

    fn chapter(&mut self, steps: &mut Vec<Step>) {
        self.hot = self.hot_spot();
        for _ in 0..=self.dice.below(3) {
            for _ in 0..self.dice.few(12) {
                let act = self.act();
                steps.push(Step::Act(act));
            }
            if self.losses && self.dice.percent(20) {
                let loss = self.loss();
                steps.push(Step::Loss(loss));
            }
            let wait = self.dice.one([0, 1, 30, 130, 400, 1_500]);
            steps.push(Step::Wait(wait));
            let mut upsets = self.upsets();
            if self.outlook && !self.early && self.dice.percent(25) {
                steps.push(self.crossing(&mut upsets));
            }
            // The first one mostly does all there is to do, so that there is something to do in Outlook.
            let short = self.dice.percent(if self.early { 10 } else { 30 });
            self.early &= short;
            steps.push(Step::Run(Run { short, upsets }));
        }
        if self.hidden {
            self.hidden = false;
            steps.push(Step::Act(Act::Service(ServiceAct::HideOthers(false))));
        }
    }

    fn loss(&self) -> Loss {
        let recent = if abilities::SEES_OLDER_STORE {
            Loss::Recent
        } else {
            Loss::Process
        };
        self.dice.one([Loss::Process, Loss::Store, recent, Loss::Key])
    }

    fn serial(&mut self) -> u32 {
        self.serial += 1;
        self.serial
    }
}
