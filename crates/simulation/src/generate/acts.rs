//! Drawing what people do.

use super::Draw;
use crate::field::Field;
use crate::history::{Act, AuthorAct, CrmAct, Label, OutlookAct, Owner, ServiceAct};

impl Draw {
    /// One act of anybody.
    pub(super) fn act(&mut self) -> Act {
        let kind = self.dice.below(100);
        match kind {
            0..5 => self.service(),
            5..12 if self.authors => self.author(),
            5..55 if self.outlook && !self.early => self.in_outlook(),
            // While records are hidden nobody works in the CRM: what changes then is seen later than anybody can tell.
            _ if self.hidden => self.service(),
            _ => Act::Crm(self.in_crm()),
        }
    }

    pub(super) fn person_index(&self) -> usize {
        self.dice.below(self.declared.len())
    }

    fn owner(&self) -> Owner {
        if self.dice.percent(15) {
            Owner::Outsider
        } else {
            Owner::Person(self.person_index())
        }
    }

    fn some_label(&self) -> Label {
        self.one_of(&self.labels).map_or(Label(0), |(label, _)| label)
    }

    /// A contact that is likely to be in a person's mailbox.
    pub(super) fn label_of(&self, person: usize) -> Label {
        let own = self.labels.iter().filter(|(_, whose)| *whose == Some(person));
        let own: Vec<_> = own.copied().collect();
        let own = self.one_of(&own).filter(|_| self.dice.percent(90));
        own.map_or_else(|| self.some_label(), |(label, _)| label)
    }

    /// Young ones more often: the first ones are old news.
    fn one_of<T: Copy>(&self, all: &[T]) -> Option<T> {
        let from = if self.dice.percent(50) {
            0
        } else {
            all.len().saturating_sub(5)
        };
        self.dice.pick(&all[from..]).copied()
    }

    /// A field of a contact that people on both sides work on.
    pub(super) fn hot_spot(&self) -> Option<(Label, Field)> {
        let both = |field: &Field| field.in_crm().is_some() && field.engine().is_some();
        let fields: Vec<Field> = Field::ALL.into_iter().filter(both).collect();
        Some((self.some_label(), *self.dice.pick(&fields)?))
    }

    /// Now and then the one that everybody works on.
    fn spot(&self, elsewhere: (Label, Field)) -> (Label, Field) {
        self.hot.filter(|_| self.dice.percent(35)).unwrap_or(elsewhere)
    }

    fn crm_field(&self) -> Field {
        let fields: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|field| field.in_crm().is_some())
            .collect();
        self.dice.pick(&fields).copied().unwrap_or(Field::Surname)
    }

    fn office_field(&self) -> Field {
        let fields: Vec<Field> = Field::ALL
            .into_iter()
            .filter(|field| field.engine().is_some())
            .collect();
        self.dice.pick(&fields).copied().unwrap_or(Field::Surname)
    }

    fn in_crm(&mut self) -> CrmAct {
        let label = self.some_label();
        match self.dice.below(100) {
            0..18 => {
                let (owner, content) = (self.owner(), self.crm_content());
                CrmAct::Create(self.label(whose(owner)), owner, content)
            }
            18..24 => {
                let owner = self.owner();
                let rows = (0..=self.dice.below(3))
                    .map(|_| {
                        let content = self.crm_content();
                        (self.label(whose(owner)), content)
                    })
                    .collect();
                CrmAct::Import(owner, rows)
            }
            24..60 => {
                let (label, field) = self.spot((label, self.crm_field()));
                CrmAct::Edit(label, field, self.typed_for_crm(field))
            }
            60..67 => {
                let field = self.crm_field();
                let labels = (0..=self.dice.below(8)).map(|_| self.some_label()).collect();
                CrmAct::Mass(distinct(labels), field, self.typed_for_crm(field))
            }
            67..71 => CrmAct::Touch(label),
            71..81 => {
                self.deleted.push(label);
                CrmAct::Delete(label)
            }
            81..86 => CrmAct::Restore(self.one_of(&self.deleted).unwrap_or(label)),
            86..94 => CrmAct::Transfer(label, self.owner()),
            94..97 => {
                let loser = self.some_label();
                if loser == label {
                    CrmAct::Touch(label)
                } else {
                    CrmAct::Merge(label, loser)
                }
            }
            _ => CrmAct::Lock(label, self.dice.percent(50)),
        }
    }

    fn in_outlook(&mut self) -> Act {
        let person = self.person_index();
        let label = self.label_of(person);
        let act = match self.dice.below(100) {
            0..12 => {
                let content = self.office_content();
                OutlookAct::Create(self.label(Some(person)), content)
            }
            12..58 => {
                let (label, field) = self.spot((label, self.office_field()));
                OutlookAct::Edit(label, field, self.typed_for_office(field))
            }
            58..70 => {
                self.left.push((person, label));
                let permanently = self.dice.percent(30);
                OutlookAct::Delete { label, permanently }
            }
            70..76 => OutlookAct::Copy(label),
            76..82 => {
                self.left.push((person, label));
                OutlookAct::MoveOut(label)
            }
            82..88 => {
                let (person, label) = self.one_of(&self.left).unwrap_or((person, label));
                return Act::Outlook(person, OutlookAct::MoveBack(label));
            }
            88..92 => {
                let typed = self.typed_for_office(Field::JobTitle);
                OutlookAct::EditPrivate(typed)
            }
            92..95 => OutlookAct::RenameFolder(self.dice.one([1, 2])),
            95..97 => {
                self.without_folder = Some(person);
                if self.dice.percent(30) {
                    OutlookAct::MoveFolder
                } else {
                    OutlookAct::DeleteFolder
                }
            }
            _ => {
                let person = self.without_folder.unwrap_or(person);
                return Act::Outlook(person, OutlookAct::RestoreFolder);
            }
        };
        Act::Outlook(person, act)
    }

    fn author(&mut self) -> Act {
        let person = self.person_index();
        let mut declared = self.declared[person].clone();
        let act = match self.dice.below(10) {
            0..2 => AuthorAct::Enable(false),
            2..5 => AuthorAct::Enable(true),
            5..8 => {
                declared.mapping = self.mapping();
                AuthorAct::Declare(declared.clone())
            }
            _ => {
                declared.deletes_to_office = self.dice.percent(50);
                declared.imported = self.dice.percent(50);
                declared.folder = self.dice.one([0, 1, 2]);
                AuthorAct::Declare(declared.clone())
            }
        };
        if let AuthorAct::Enable(enabled) = act {
            declared.enabled = enabled;
        }
        self.declared[person] = declared;
        Act::Author(person, act)
    }

    fn service(&mut self) -> Act {
        let person = self.person_index();
        let label = self.label_of(person);
        let act = match self.dice.below(16) {
            0 | 1 => ServiceAct::ExpireGraphTokens,
            2 | 3 => ServiceAct::ExpireZohoTokens,
            4 | 5 => ServiceAct::ResetDelta(person),
            6 | 7 | 12..15 => ServiceAct::FalseRemoved(person, label),
            8 => ServiceAct::RepeatPages(person, self.dice.one([1, 3, 200])),
            9 | 10 => ServiceAct::Touch(person),
            11 => ServiceAct::UseCredits,
            _ => {
                self.hidden = !self.hidden;
                ServiceAct::HideOthers(self.hidden)
            }
        };
        Act::Service(act)
    }
}

fn distinct(mut labels: Vec<Label>) -> Vec<Label> {
    labels.sort_unstable();
    labels.dedup();
    labels
}

fn whose(owner: Owner) -> Option<usize> {
    match owner {
        Owner::Person(person) => Some(person),
        Owner::Outsider => None,
    }
}
