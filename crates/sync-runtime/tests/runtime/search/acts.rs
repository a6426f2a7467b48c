//! What people do between two runs.

use sync_engine::link::Side;
use sync_engine::office_field::OfficeField;

use sync_runtime::store::Store;

use super::model::{FIELDS, Model};
use crate::fakes::mailbox::ROOT;

impl Model {
    pub(super) async fn act(&mut self, most: usize) {
        for _ in 0..self.below(most) {
            // What cannot be known after a lost store comes last.
            let act = self.below(if self.kind.forgetful { 14 } else { 24 });
            match act {
                0 | 1 => self.adds_record(),
                2..=5 => self.edits_record(),
                6 => self.breaks_or_mends_record(),
                7 | 8 => self.adds_item(),
                9..=11 => self.edits_item(),
                12 => self.edits_unmapped_field(),
                13 => self.disturbs_the_rounds(),
                14 | 15 => self.deletes_record(),
                16 | 17 => self.transfers_record(),
                18 | 19 => self.deletes_item(),
                20 => self.moves_item_away().await,
                21 => self.moves_item_back(),
                22 => self.copies_item(),
                _ => self.hides_record(),
            }
        }
        if self.kind.forgetful && self.older.is_none() && self.below(4) == 0 {
            self.older = Some(self.world.copy_store());
            // What is written later has a later second, by which the copy is known to be older.
            self.world.wait(1);
        }
    }

    fn record(&self) -> Option<(String, usize)> {
        let ids: Vec<String> = self.world.crm.state().records.keys().cloned().collect();
        let id = ids.get(self.below(ids.len().max(1)))?;
        let contact = self.of_record(id)?;
        self.editable(id).then(|| (id.clone(), contact))
    }

    /// An item in the container of some user, no copy.
    fn item(&self) -> Option<(usize, String, usize)> {
        let user = self.below(self.world.users.len());
        let folder = self.folder(user)?;
        let all = self.world.users[user].mailbox.all().into_iter();
        let ids: Vec<String> = all
            .filter(|(id, held)| held.folder == folder && !self.untouchable.contains_key(&(user, id.clone())))
            .map(|(id, _)| id)
            .collect();
        let id = ids.get(self.below(ids.len().max(1)))?.clone();
        let contact = self.of_item(user, &id)?;
        Some((user, id, contact))
    }

    pub(super) fn adds_record(&mut self) {
        let owner = ["alice", "bob", "carol"][self.below(10).saturating_sub(7)];
        let contact = self.new_contact();
        let (name, title) = (self.text(contact), self.text(contact));
        let email = if self.below(8) == 0 {
            "broken"
        } else {
            "same@example.com"
        };
        let fields = [("Last_Name", name.as_str()), ("Title", &title), ("Email", email)];
        let imported = self.below(5) == 0;
        let id = if imported {
            self.world.crm.import(owner, &fields)
        } else {
            self.world.crm.add(owner, &fields)
        };
        self.note(&format!(
            "the CRM adds {id} of {owner}, contact {contact}, imported {imported}"
        ));
        self.contacts[contact].records.insert(id);
        for (field, value) in [(OfficeField::Surname, name), (OfficeField::JobTitle, title)] {
            self.types(contact, field, Side::Crm, [None, None], Some(value));
        }
    }

    fn edits_record(&mut self) {
        let Some((id, contact)) = self.record() else {
            return;
        };
        let (office, crm) = FIELDS[self.below(FIELDS.len())];
        let clears = !self.kind.forgetful && office != OfficeField::Surname && self.below(3) == 0;
        let value = (!clears).then(|| self.text(contact));
        self.note(&format!("the CRM edits {crm} of {id}: {value:?}"));
        let held = self.record_text(&id, crm);
        if held.is_none() && value.is_none() {
            return;
        }
        let beside = self.item_beside(&id, contact);
        let shown = beside.map(|(user, item)| self.item_text(user, &item, office));
        self.types(
            contact,
            office,
            Side::Crm,
            [Some(&held), shown.as_ref()],
            value.clone(),
        );
        self.world.crm.edit(&id, crm, value.as_deref());
    }

    /// The item of a record, if its owner has one, and whose mailbox that is.
    fn item_beside(&self, id: &str, contact: usize) -> Option<(usize, String)> {
        let owner = self.world.crm.state().records[id].owner.clone();
        let user = self.world.users.iter().position(|user| user.owner == owner)?;
        Some((user, self.items_of(user, contact).into_iter().next()?))
    }

    /// What both sides show was carried over, whatever comes now.
    fn agree(&mut self, contact: usize, id: &str) {
        for (office, crm) in FIELDS {
            let held = self.record_text(id, crm);
            let beside = self.item_beside(id, contact);
            if beside.is_some_and(|(user, item)| self.item_text(user, &item, *office) == held) {
                self.contacts[contact].open.remove(office);
            }
        }
    }

    fn breaks_or_mends_record(&mut self) {
        let Some((id, _)) = self.record() else { return };
        let broken = self.record_text(&id, "Email").as_deref() == Some("broken");
        self.note(&format!("the CRM breaks or mends {id}: was broken {broken}"));
        let email = if broken { "mended@example.com" } else { "broken" };
        self.world.crm.edit(&id, "Email", Some(email));
    }

    fn deletes_record(&mut self) {
        let Some((id, contact)) = self.record() else {
            return;
        };
        self.note(&format!("the CRM deletes {id}"));
        self.agree(contact, &id);
        let contact = &mut self.contacts[contact];
        contact.parted = true;
        for open in contact.open.values_mut() {
            open.crm = None;
        }
        self.deleted.insert(id.clone());
        self.world.crm.delete(&id);
    }

    fn transfers_record(&mut self) {
        let Some((id, contact)) = self.record() else {
            return;
        };
        if self.contacts[contact].moved {
            return;
        }
        self.contacts[contact].given = true;
        let owner = ["alice", "bob"][self.below(2)];
        self.note(&format!("the CRM transfers {id} to {owner}"));
        self.agree(contact, &id);
        self.contacts[contact].parted = true;
        self.world.crm.transfer(&id, owner);
    }

    fn hides_record(&mut self) {
        let Some((id, contact)) = self.record() else {
            return;
        };
        // One that was just made for an item would be made again: nobody could see that it is there.
        if self.contacts[contact].records.contains(&id) {
            self.note(&format!("the CRM hides {id}"));
            self.world.crm.hide(&id, true);
        }
    }

    fn adds_item(&mut self) {
        let user = self.below(self.world.users.len());
        let Some(folder) = self.folder(user) else { return };
        let contact = self.new_contact();
        let (name, title) = (self.text(contact), self.text(contact));
        let fields = [(OfficeField::Surname, name), (OfficeField::JobTitle, title)];
        let given: Vec<_> = fields.iter().map(|(f, v)| (*f, v.as_str())).collect();
        let id = self.world.users[user].mailbox.user_adds(&folder, &given);
        self.note(&format!("user {user} adds {id}, contact {contact}"));
        for (field, value) in fields {
            self.types(contact, field, Side::Office, [None, None], Some(value));
        }
    }

    fn edits_item(&mut self) {
        let Some((user, id, contact)) = self.item() else {
            return;
        };
        let (field, _) = FIELDS[self.below(FIELDS.len())];
        let clears = !self.kind.forgetful && self.below(4) == 0;
        // Else nobody could tell whose it is.
        let others = FIELDS.iter().filter(|(other, _)| *other != field);
        let known = others
            .filter(|(other, _)| self.item_text(user, &id, *other).is_some())
            .count();
        if clears && (known == 0 || self.item_text(user, &id, field).is_none()) {
            return;
        }
        if clears {
            self.note(&format!("user {user} clears {field} of {id}"));
            self.writes_item(user, &id, contact, field, None);
        } else {
            self.types_in_item(user, &id, contact, field);
        }
    }

    pub(super) fn types_in_item(&mut self, user: usize, id: &str, contact: usize, field: OfficeField) {
        let value = self.text(contact);
        self.note(&format!("user {user} edits {field} of {id}: {value}"));
        self.writes_item(user, id, contact, field, Some(&value));
    }

    fn writes_item(
        &mut self,
        user: usize,
        id: &str,
        contact: usize,
        field: OfficeField,
        value: Option<&str>,
    ) {
        let crm = FIELDS.iter().find(|(office, _)| *office == field).unwrap().1;
        let shown = self.item_text(user, id, field);
        let owner = &self.world.users[user].owner;
        let records = self.records_of(contact).into_iter();
        let mut own = records.filter(|id| self.world.crm.state().records[id].owner == *owner);
        let held = own.next().map(|id| self.record_text(&id, crm));
        self.types(
            contact,
            field,
            Side::Office,
            [held.as_ref(), Some(&shown)],
            value.map(str::to_owned),
        );
        self.world.users[user].mailbox.user_edits(id, field, value);
    }

    fn edits_unmapped_field(&mut self) {
        let Some((user, id, _)) = self.item() else { return };
        self.world.users[user]
            .mailbox
            .user_edits(&id, OfficeField::SpouseName, Some("spouse"));
    }

    fn deletes_item(&mut self) {
        let Some((user, id, contact)) = self.item() else {
            return;
        };
        if self.contacts[contact].copied {
            return;
        }
        self.note(&format!("user {user} deletes {id}"));
        self.parts_with_item(user, contact);
        self.world.users[user].mailbox.user_deletes(&id);
    }

    fn parts_with_item(&mut self, user: usize, contact: usize) {
        let records = self.records_of(contact);
        if let Some(id) = records.first() {
            self.agree(contact, id);
        }
        let known = &mut self.contacts[contact];
        known.parted = true;
        for open in known.open.values_mut() {
            open.office = None;
        }
        self.buried.insert((user, contact));
    }

    async fn moves_item_away(&mut self) {
        let Some((user, id, contact)) = self.item() else {
            return;
        };
        // One that is being made is looked for in the folder only.
        let (store, scope) = (&self.world.store.inner, self.world.users[user].scope);
        let item = std::slice::from_ref(&id);
        let unknown = store.links_of_items(scope, item).await.unwrap().is_empty();
        if unknown || self.contacts[contact].copied || self.contacts[contact].given {
            return;
        }
        self.contacts[contact].moved = true;
        self.note(&format!("user {user} moves {id} away"));
        self.parts_with_item(user, contact);
        let mailbox = &self.world.users[user].mailbox;
        mailbox.user_moves(&id, ROOT);
        let held = mailbox.get(&id).unwrap();
        self.untouchable.insert((user, id), held);
    }

    fn moves_item_back(&mut self) {
        let away = self.untouchable.iter().find(|(_, held)| held.folder == ROOT);
        let Some(((user, id), _)) = away.map(|(key, held)| (key.clone(), held)) else {
            return;
        };
        let Some(folder) = self.folder(user) else { return };
        self.note(&format!("user {user} moves {id} back"));
        self.untouchable.remove(&(user, id.clone()));
        self.world.users[user].mailbox.user_moves(&id, &folder);
    }

    fn copies_item(&mut self) {
        let Some((user, id, contact)) = self.item() else {
            return;
        };
        // An item without marker has copies that nobody can tell from new contacts.
        if self.buried.contains(&(user, contact))
            || self.world.users[user].mailbox.get(&id).unwrap().marker.is_none()
        {
            return;
        }
        self.note(&format!("user {user} copies {id}"));
        let mailbox = &self.world.users[user].mailbox;
        let copy = mailbox.user_copies(&id, "z-copy");
        let held = mailbox.get(&copy).unwrap();
        self.untouchable.insert((user, copy), held);
        self.contacts[contact].copied = true;
        self.contacts[contact].parted = true;
    }

    /// The service has a bad day.
    fn disturbs_the_rounds(&mut self) {
        let user = self.below(self.world.users.len());
        let what = self.below(5);
        self.note(&format!("disturbance {what} for user {user}"));
        let item = self.item().map(|(_, id, _)| id);
        let mut state = self.world.users[user].mailbox.state();
        match (what, item) {
            (0, _) => state.delta.forget_places(),
            (1, _) => state.delta.repeats = true,
            (2, Some(item)) => drop(state.delta.false_removals.insert(item)),
            (3, Some(item)) => drop(state.delta.silent.insert(item)),
            _ => state.delta.calm(),
        }
    }
}
