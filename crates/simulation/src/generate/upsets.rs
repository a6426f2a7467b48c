//! Drawing what comes in between.

use super::Draw;
use crate::field::Field;
use crate::history::{Act, CrmAct, Fault, OutlookAct, Step, Trouble, Upset};

/// About as many points as a run with some work has; later upsets are not met by shorter ones.
const POINTS: usize = 120;

/// About as many points as a run has that carries one edit over.
const SOON: usize = 30;

impl Draw {
    pub(super) fn upsets(&mut self) -> Vec<Upset> {
        let faults = usize::try_from(self.faults).unwrap_or(0);
        let mut upsets = Vec::new();
        let acts = self.dice.few(6);
        for _ in 0..self.dice.below(faults + 1) {
            let what = Trouble::Fault(self.fault());
            upsets.push(self.upset(what));
        }
        for _ in 0..acts {
            let what = Trouble::Act(self.act());
            upsets.push(self.upset(what));
        }
        if faults > 0 && self.dice.percent(25) {
            let delivered = self.dice.percent(50);
            upsets.push(self.upset(Trouble::Crash { delivered }));
        }
        upsets.sort_by_key(|upset| upset.moment);
        upsets
    }

    /// Somebody edits a field in Outlook, and while the run that carries it over is under way somebody edits it in the
    /// CRM, or the process dies.
    pub(super) fn crossing(&mut self, upsets: &mut Vec<Upset>) -> Step {
        let person = self.person_index();
        let label = self.label_of(person);
        let field = self.hot.map_or(Field::Surname, |(_, field)| field);
        let what = if self.faults > 0 && self.dice.percent(40) {
            let delivered = self.dice.percent(50);
            Trouble::Crash { delivered }
        } else {
            let typed = self.typed_for_crm(field);
            Trouble::Act(Act::Crm(CrmAct::Edit(label, field, typed)))
        };
        let moment = u32::try_from(self.dice.below(SOON)).unwrap_or(0);
        upsets.push(Upset { moment, what });
        upsets.sort_by_key(|upset| upset.moment);
        let edit = OutlookAct::Edit(label, field, self.typed_for_office(field));
        Step::Act(Act::Outlook(person, edit))
    }

    fn upset(&self, what: Trouble) -> Upset {
        let moment = self.dice.below(self.dice.below(POINTS) + 1);
        Upset {
            moment: u32::try_from(moment).unwrap_or(0),
            what,
        }
    }

    fn fault(&self) -> Fault {
        let part = self.dice.percent(60).then(|| {
            let part = self.dice.below(20);
            u8::try_from(part).unwrap_or(0)
        });
        let done = self.dice.percent(50);
        match self.dice.below(10) {
            0 => Fault::Unconnected,
            1 => Fault::Lost,
            2 | 3 => Fault::Unanswered,
            4 => Fault::Straggles(self.dice.one([1, 20, 300])),
            5 => Fault::Late(self.dice.one([500, 5_000, 20_000])),
            6 => Fault::Twice {
                second: self.dice.percent(50),
            },
            7 | 8 => Fault::Throttled {
                done,
                wait: self.dice.one([None, Some(700), Some(2_500), Some(60_000)]),
                part,
            },
            _ => Fault::Broken {
                status: self.dice.one([500, 502, 503, 504]),
                done,
                part,
            },
        }
    }
}
