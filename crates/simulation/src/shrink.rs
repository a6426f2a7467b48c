//! Making a failing history smaller: whatever can be left out while the same requirement stays broken goes.

use crate::finding::Finding;
use crate::history::{History, Step};
use crate::play::{Played, play};

/// A history that breaks a requirement, and what came of it.
#[derive(Debug)]
pub struct Failure {
    /// The history.
    pub history: History,
    /// What came of it.
    pub played: Played,
}

/// Leaves out what can be left out, with at most `tries` plays.
#[must_use]
pub fn shrink(failure: Failure, tries: u32) -> Failure {
    let Some(rule) = failure.played.findings.first().map(|finding| finding.rule) else {
        return failure;
    };
    let mut search = Search {
        best: failure,
        rule,
        tries,
    };
    loop {
        let before = search.tries;
        let smaller = search.fewer_steps()
            | search.fewer_upsets()
            | search.fewer_contacts()
            | search.fewer_people()
            | search.less_content()
            | search.plainer();
        if !smaller || search.tries == 0 || search.tries == before {
            return search.best;
        }
    }
}

struct Search {
    best: Failure,
    rule: &'static str,
    tries: u32,
}

impl Search {
    /// Keeps `history` if it breaks the same requirement.
    fn keep(&mut self, history: History) -> bool {
        if self.tries == 0 || history == self.best.history {
            return false;
        }
        self.tries -= 1;
        let Ok(played) = play(&history) else {
            return false;
        };
        let same = |finding: &Finding| finding.rule == self.rule;
        let broken = played.findings.iter().any(same);
        if broken {
            self.best = Failure { history, played };
        }
        broken
    }

    /// Leaves out parts of a list: large ones first, then ever smaller ones.
    fn cut(
        &mut self,
        length: impl Fn(&History) -> usize,
        without: impl Fn(&mut History, usize, usize),
    ) -> bool {
        let mut smaller = false;
        let mut size = length(&self.best.history).div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < length(&self.best.history) && self.tries > 0 {
                let mut history = self.best.history.clone();
                let to = (from + size).min(length(&history));
                without(&mut history, from, to);
                if self.keep(history) {
                    smaller = true;
                } else {
                    from += size;
                }
            }
            size /= 2;
        }
        smaller
    }

    fn fewer_steps(&mut self) -> bool {
        self.cut(
            // The last quiet time is where it shows.
            |history| history.steps.len().saturating_sub(1),
            |history, from, to| {
                history.steps.drain(from..to);
            },
        )
    }

    fn fewer_upsets(&mut self) -> bool {
        let mut smaller = false;
        for at in 0..self.best.history.steps.len() {
            smaller |= self.cut(
                |history| match history.steps.get(at) {
                    Some(Step::Run(run)) => run.upsets.len(),
                    _ => 0,
                },
                |history, from, to| {
                    if let Some(Step::Run(run)) = history.steps.get_mut(at) {
                        run.upsets.drain(from..to);
                    }
                },
            );
        }
        smaller
    }

    fn fewer_contacts(&mut self) -> bool {
        let mut smaller = false;
        for person in 0..self.best.history.setting.people.len() {
            smaller |= self.cut(
                |history| history.setting.people[person].records.len(),
                |history, from, to| {
                    history.setting.people[person].records.drain(from..to);
                },
            );
        }
        smaller
    }

    /// The last person goes; acts name people by their place, so nobody else can.
    fn fewer_people(&mut self) -> bool {
        let mut smaller = false;
        while self.best.history.setting.people.len() > 1 {
            let mut history = self.best.history.clone();
            history.setting.people.pop();
            if !self.keep(history) {
                break;
            }
            smaller = true;
        }
        smaller
    }

    fn less_content(&mut self) -> bool {
        let mut smaller = false;
        for person in 0..self.best.history.setting.people.len() {
            for nth in 0..self.best.history.setting.people[person].records.len() {
                smaller |= self.cut(
                    |history| {
                        let records = &history.setting.people[person].records;
                        records[nth].content.len().saturating_sub(1)
                    },
                    |history, from, to| {
                        // The name comes first and stays: the CRM insists on it.
                        let records = &mut history.setting.people[person].records;
                        records[nth].content.drain(from + 1..=to);
                    },
                );
            }
        }
        smaller
    }

    /// Services and declarations as plain as they can be.
    fn plainer(&mut self) -> bool {
        let changes: [fn(&mut History); 12] = [
            |history| history.setting.contracts = false,
            |history| history.setting.external_id = false,
            |history| history.setting.services.second_bump = 0,
            |history| history.setting.services.churn = false,
            |history| history.setting.services.replays = 0,
            |history| history.setting.services.empty_page = false,
            |history| history.setting.services.hidden_trash = false,
            |history| history.setting.services.withheld = false,
            |history| each(history, |person| person.private = 0),
            |history| each(history, |person| person.declared.cap = 10_000),
            |history| each(history, |person| person.declared.folder = 0),
            |history| {
                each(history, |person| {
                    person.declared.mapping.own.clear();
                    person.declared.mapping.exclude.clear();
                    person.declared.mapping.default = true;
                });
            },
        ];
        let mut smaller = false;
        for change in changes {
            let mut history = self.best.history.clone();
            change(&mut history);
            smaller |= self.keep(history);
        }
        smaller
    }
}

fn each(history: &mut History, change: impl Fn(&mut crate::history::Person)) {
    history.setting.people.iter_mut().for_each(change);
}
