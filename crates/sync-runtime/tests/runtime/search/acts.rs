//! What people do between two runs.

use sync_engine::link::{Link, LinkState};
use sync_engine::office_field::OfficeField;
use sync_runtime::store::Store;

use super::model::{FIELDS, Model, Precious};

impl Model {
    pub(super) async fn act(&mut self, most: usize) {
        for _ in 0..self.below(most) {
            let act = self.below(if self.lossy { 8 } else { 16 });
            match act {
                0 | 1 => self.adds_record(),
                2..=4 => self.edits_record(),
                5 => self.breaks_or_mends_record(),
                6 => self.adds_own_item(),
                7 => self.edits_unmapped_field().await,
                8 => self.deletes_record(),
                9 | 10 => self.transfers_record(),
                11 | 12 => self.edits_item().await,
                13 => self.deletes_item().await,
                14 => self.copies_item().await,
                _ => self.hides_record(),
            }
        }
    }

    fn record(&self) -> Option<String> {
        let ids: Vec<String> = self.world.crm.state().records.keys().cloned().collect();
        let id = ids.get(self.below(ids.len().max(1)))?;
        self.editable(id).then(|| id.clone())
    }

    /// A linked item of some user.
    async fn item(&self) -> Option<(usize, Link, String)> {
        let user = self.below(self.world.users.len());
        let mut links = self
            .world
            .store
            .inner
            .all_links(self.world.users[user].scope)
            .await
            .unwrap();
        links.retain(|link| link.state == LinkState::Linked);
        links.sort_by(|a, b| a.crm_id.cmp(&b.crm_id));
        let link = links.get(self.below(links.len().max(1)))?.clone();
        let item = link.office_id.clone()?;
        self.world.users[user].mailbox.get(&item)?;
        Some((user, link, item))
    }

    fn note(&self, what: &str) {
        self.world.faults.note(format!("  {what}"));
    }

    fn edits_record(&mut self) {
        let Some(id) = self.record() else { return };
        let (office, crm) = FIELDS[self.below(FIELDS.len())];
        let clears = !self.lossy && office != OfficeField::Surname && self.below(3) == 0;
        let value = (!clears).then(|| self.text());
        self.note(&format!("the CRM edits {crm} of {id}: {value:?}"));
        self.changed(&id, crm, office);
        self.world.crm.edit(&id, crm, value.as_deref());
    }

    fn changed(&mut self, id: &str, crm: &str, office: OfficeField) {
        self.known.get_mut(id).unwrap().dirty.insert(crm.to_owned());
        self.precious
            .retain(|edit| edit.crm_id != id || edit.field != office);
    }

    fn breaks_or_mends_record(&mut self) {
        let Some(id) = self.record() else { return };
        let broken = self.field_text(&id, "Email").as_deref() == Some("broken");
        self.note(&format!("the CRM breaks or mends {id}: was broken {broken}"));
        self.changed(&id, "Email", OfficeField::Email1);
        self.world.crm.edit(
            &id,
            "Email",
            Some(if broken { "mended@example.com" } else { "broken" }),
        );
    }

    fn deletes_record(&mut self) {
        let Some(id) = self.record() else { return };
        self.note(&format!("the CRM deletes {id}"));
        self.world.crm.delete(&id);
    }

    fn transfers_record(&mut self) {
        let Some(id) = self.record() else { return };
        let known = self.known.get_mut(&id).unwrap();
        // A record whose copies lead lives of their own leaves once and does not come back.
        if known.pinned && known.transferred {
            return;
        }
        known.transferred = true;
        let owner = ["alice", "bob"][self.below(2)];
        self.note(&format!("the CRM transfers {id} to {owner}"));
        self.world.crm.transfer(&id, owner);
    }

    fn hides_record(&mut self) {
        let Some(id) = self.record() else { return };
        self.note(&format!("the CRM hides {id}"));
        self.world.crm.hide(&id, true);
    }

    fn adds_own_item(&mut self) {
        let user = self.below(self.world.users.len());
        let mailbox = &self.world.users[user].mailbox;
        let marked = mailbox
            .state()
            .folders
            .values()
            .find(|f| f.marker.is_some())
            .map(|f| f.id.clone());
        let Some(folder) = marked else { return };
        let item = mailbox.user_adds(&folder, &[(OfficeField::Surname, "Own")]);
        let held = mailbox.get(&item).unwrap();
        self.untouchable.insert((user, item), held);
    }

    async fn edits_unmapped_field(&mut self) {
        let Some((user, _, item)) = self.item().await else {
            return;
        };
        self.world.users[user]
            .mailbox
            .user_edits(&item, OfficeField::SpouseName, Some("spouse"));
    }

    async fn edits_item(&mut self) {
        let Some((user, link, item)) = self.item().await else {
            return;
        };
        let (field, crm) = FIELDS[self.below(FIELDS.len())];
        let value = (self.below(4) > 0).then(|| self.text());
        let shown = self.world.users[user]
            .mailbox
            .get(&item)
            .unwrap()
            .fields
            .contains_key(&field);
        if value.is_none() && !shown {
            return;
        }
        self.note(&format!(
            "user {user} edits {field} of {item} ({}): {value:?}",
            link.crm_id
        ));
        self.world.users[user]
            .mailbox
            .user_edits(&item, field, value.as_deref());
        let known = self.known.get_mut(&link.crm_id).unwrap();
        known.pinned = true;
        let first = self.edited.entry((user, item.clone())).or_default().insert(field);
        self.precious
            .retain(|edit| edit.item != item || edit.user != user || edit.field != field);
        // Clearing what was typed before may be a way back to what both sides had agreed on: no edit any more.
        if !known.dirty.contains(crm) && (first || value.is_some()) {
            self.precious.push(Precious {
                user,
                item,
                crm_id: link.crm_id,
                field,
                value,
            });
        }
    }

    async fn deletes_item(&mut self) {
        let Some((user, link, item)) = self.item().await else {
            return;
        };
        self.note(&format!("user {user} deletes {item} ({})", link.crm_id));
        self.world.users[user].mailbox.user_deletes(&item);
        self.known.get_mut(&link.crm_id).unwrap().pinned = true;
        self.precious
            .retain(|edit| edit.item != item || edit.user != user);
        self.buried.insert((user, link.crm_id));
    }

    async fn copies_item(&mut self) {
        let Some((user, link, item)) = self.item().await else {
            return;
        };
        self.note(&format!("user {user} copies {item} ({})", link.crm_id));
        let mailbox = &self.world.users[user].mailbox;
        let copy = mailbox.user_copies(&item, "a-copy");
        let held = mailbox.get(&copy).unwrap();
        self.untouchable.insert((user, copy), held);
        self.known.get_mut(&link.crm_id).unwrap().pinned = true;
    }
}
