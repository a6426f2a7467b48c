//! Drawing what is there at the start.

use super::Draw;
use crate::abilities;
use crate::field::{Field, Kind};
use crate::history::{Content, Declared, Direction, Label, Mapped, Own, Person, Seeded, Services, Setting};
use crate::value::{Shape, Typed};

/// The most contacts of one person.
const MOST: usize = 30;

impl Draw {
    pub(super) fn setting(&mut self) -> Setting {
        // One user shows most; more users show what they have in common: the feed, the limits, handed over records.
        let people = self.dice.one([1, 1, 1, 2, 2, 3]);
        let services = self.services();
        Setting {
            contracts: self.dice.percent(10),
            external_id: self.dice.percent(50),
            services,
            people: (0..people).map(|person| self.person(person)).collect(),
        }
    }

    fn services(&self) -> Services {
        Services {
            second_bump: self.dice.one([0, 5, 5, 90]),
            churn: self.dice.percent(30),
            replays: self.dice.one([0, 0, 3]),
            empty_page: self.dice.percent(20),
            generations: self.dice.one([1, 3, 3]),
            expired_status: self.dice.one([410, 410, 400]),
            hidden_trash: self.dice.percent(20),
            withheld: self.dice.percent(10),
        }
    }

    fn person(&mut self, person: usize) -> Person {
        let declared = self.declaration();
        let records = self.dice.few(MOST);
        Person {
            declared,
            records: (0..records).map(|_| self.seeded(person)).collect(),
            private: self.dice.below(3),
        }
    }

    pub(super) fn label(&mut self, whose: Option<usize>) -> Label {
        let label = Label(u32::try_from(self.labels.len()).unwrap_or(u32::MAX));
        self.labels.push((label, whose));
        label
    }

    fn seeded(&mut self, person: usize) -> Seeded {
        let imported = self.dice.percent(20);
        Seeded {
            label: self.label(Some(person)),
            imported,
            age: u32::try_from(self.dice.between(2, 2_000)).unwrap_or(2),
            updated: self.dice.percent(40),
            content: self.crm_content(),
        }
    }

    /// A record: the CRM insists on a last name.
    pub(super) fn crm_content(&mut self) -> Content {
        let mut content = vec![(
            Field::Surname,
            self.typed(&[Shape::Plain, Shape::Accents, Shape::Padded, Shape::Emoji]),
        )];
        for field in Field::ALL {
            if field != Field::Surname && field.in_crm().is_some() && self.dice.percent(30) {
                content.push((field, self.typed_for_crm(field)));
            }
        }
        content
    }

    /// A contact made in Outlook: anything goes.
    pub(super) fn office_content(&mut self) -> Content {
        let mut content = Vec::new();
        for field in Field::ALL {
            let chance = if field == Field::Surname { 85 } else { 25 };
            if field.engine().is_some() && self.dice.percent(chance) {
                content.push((field, self.typed_for_office(field)));
            }
        }
        content
    }

    fn typed(&mut self, shapes: &[Shape]) -> Typed {
        Typed {
            serial: self.serial(),
            shape: self.dice.pick(shapes).copied().unwrap_or(Shape::Plain),
        }
    }

    /// A value that the CRM takes.
    pub(super) fn typed_for_crm(&mut self, field: Field) -> Typed {
        let shapes: &[Shape] = match (field, field.kind()) {
            (Field::Surname, _) => &[Shape::Plain, Shape::Accents, Shape::Long],
            (Field::Company, _) => &[Shape::Plain, Shape::Accents, Shape::Blank],
            (Field::Notes, _) => &[
                Shape::Plain,
                Shape::Lines,
                Shape::Long,
                Shape::Controls,
                Shape::Blank,
                Shape::Blank,
            ],
            (Field::Biography | Field::Street, _) => &[
                Shape::Plain,
                Shape::Long,
                Shape::Emoji,
                Shape::Lines,
                Shape::Blank,
            ],
            (_, Kind::Text) => &[
                Shape::Plain,
                Shape::Plain,
                Shape::Accents,
                Shape::Padded,
                Shape::Controls,
                Shape::Long,
                Shape::Spaces,
                Shape::Blank,
                Shape::Blank,
            ],
            (_, Kind::Email) => &[Shape::Plain, Shape::Plain, Shape::Accents, Shape::Blank],
            _ => &[Shape::Plain, Shape::Plain, Shape::Blank],
        };
        self.typed(shapes)
    }

    /// A value that somebody types in Outlook.
    pub(super) fn typed_for_office(&mut self, field: Field) -> Typed {
        let shapes: &[Shape] = match field.kind() {
            Kind::Text => &[
                Shape::Plain,
                Shape::Plain,
                Shape::Accents,
                Shape::Padded,
                Shape::Controls,
                Shape::TooLong,
                Shape::Blank,
                Shape::Blank,
            ],
            Kind::Email | Kind::Phone => &[Shape::Plain, Shape::Plain, Shape::Broken, Shape::Blank],
            Kind::Date => &[Shape::Plain, Shape::Blank],
        };
        self.typed(shapes)
    }

    pub(super) fn declaration(&mut self) -> Declared {
        let direction = self.dice.pick(abilities::DIRECTIONS).copied();
        let conflict = self.dice.pick(abilities::CONFLICTS).copied();
        Declared {
            enabled: true,
            direction: direction.unwrap_or(Direction::CrmToOffice),
            conflict: conflict.unwrap_or(crate::history::Conflict::CrmWins),
            deletes_to_office: self.dice.percent(80),
            deletes_to_crm: abilities::DELETES_TO_CRM && self.dice.percent(40),
            imported: self.dice.percent(20),
            cap: self.dice.one([10_000, 10_000, 10_000, 3, 8]),
            folder: u8::from(self.dice.percent(15)),
            mapping: self.mapping(),
        }
    }

    pub(super) fn mapping(&mut self) -> Mapped {
        let mut own = Vec::new();
        for field in [Field::Branch, Field::Biography] {
            if self.dice.percent(40) {
                own.push(Own {
                    field,
                    direction: self.dice.one([Direction::TwoWay, Direction::CrmToOffice]),
                    cut: self.dice.percent(50),
                });
            }
        }
        let default = self.dice.percent(85);
        if !default {
            let few = [
                Field::Surname,
                Field::JobTitle,
                Field::Email,
                Field::City,
                Field::Birthday,
            ];
            own.extend(few.map(|field| Own {
                field,
                direction: Direction::TwoWay,
                cut: false,
            }));
        }
        let mut exclude = Vec::new();
        for field in [
            Field::Notes,
            Field::Mobile,
            Field::SecondEmail,
            Field::Street,
            Field::Company,
        ] {
            if self.dice.percent(12) {
                exclude.push(field);
            }
        }
        Mapped {
            default,
            own,
            exclude,
        }
    }
}
