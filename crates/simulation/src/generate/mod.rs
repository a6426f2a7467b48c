//! Drawing histories.

mod acts;
mod setting;
mod upsets;

use crate::abilities;
use crate::dice::Dice;
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
    /// Contacts by where they were made: the person in whose mailbox, or none for the CRM.
    labels: Vec<(Label, Option<usize>)>,
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
            }
        }
        if steps.last() != Some(&Step::Quiet) {
            steps.push(Step::Quiet);
        }
        steps
    }

    fn chapter(&mut self, steps: &mut Vec<Step>) {
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
            let upsets = self.upsets();
            steps.push(Step::Run(Run {
                short: self.dice.percent(30),
                upsets,
            }));
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
