//! What people do in the CRM.

use serde_json::{Value, json};

use super::{Done, impossible};
use crate::field::Field;
use crate::history::{Content, CrmAct, Label, Owner};
use crate::ledger::{Contact, Ledger};
use crate::stage::{Stage, locked};
use crate::value::Typed;
use crate::world::{address, crm_content};

pub(super) fn perform(stage: &Stage, act: &CrmAct) -> Done {
    let deeds = Deeds {
        stage,
        ledger: &mut locked(&stage.ledger),
    };
    match act {
        CrmAct::Create(label, owner, content) => deeds.create(*label, *owner, content),
        CrmAct::Import(owner, rows) => deeds.import(*owner, rows),
        CrmAct::Edit(label, field, typed) => deeds.set(&[*label], *field, *typed, "update_contact"),
        CrmAct::Mass(labels, field, typed) => deeds.set(labels, *field, *typed, "mass_update"),
        CrmAct::Touch(label) => deeds.write(&[*label], &json!({"do": "update_contact", "fields": {}})),
        CrmAct::Delete(label) => deeds.delete(*label),
        CrmAct::Restore(label) => deeds.restore(*label),
        CrmAct::Transfer(label, owner) => deeds.transfer(*label, *owner),
        CrmAct::Merge(winner, loser) => deeds.merge(*winner, *loser),
        CrmAct::Lock(label, locked) => deeds.lock(*label, *locked),
    }
}

struct Deeds<'a> {
    stage: &'a Stage,
    ledger: &'a mut Ledger,
}

impl Deeds<'_> {
    /// The id and the present state of a record that is there.
    fn record(&self, label: Label) -> Result<(String, Value), emulators::core::service::Refused> {
        let id = self
            .ledger
            .record(label)
            .ok_or_else(|| impossible("no record yet"))?;
        let record = self
            .stage
            .world
            .record(id)
            .ok_or_else(|| impossible("the record is gone"))?;
        Ok((id.to_owned(), record))
    }

    fn made(&mut self, label: Label, id: &Value, imported: bool) {
        let Some(id) = id.as_str() else { return };
        self.ledger.learn_record(label, id);
        let contact = Contact {
            record: Some(id.to_owned()),
            imported,
            created: self.stage.now(),
            ..Contact::default()
        };
        self.ledger.contacts.insert(label, contact);
        self.ledger.changed_at(label, self.stage.now());
        if let Some(record) = self.stage.world.record(id) {
            self.ledger.wrote_record(label, &Value::Null, &record);
        }
    }

    fn create(mut self, label: Label, owner: Owner, content: &Content) -> Done {
        let (fields, account) = crm_content(content);
        let action =
            json!({"do": "create_contact", "owner": address(owner), "fields": fields, "account": account});
        let done = self.stage.world.in_crm(&action)?;
        self.made(label, &done["ids"][0], false);
        Ok(())
    }

    fn import(mut self, owner: Owner, rows: &[(Label, Content)]) -> Done {
        let contacts: Vec<Value> = rows
            .iter()
            .map(|(_, content)| {
                let (fields, account) = crm_content(content);
                json!({"fields": fields, "account": account})
            })
            .collect();
        let action = json!({"do": "import_contacts", "owner": address(owner), "contacts": contacts});
        let done = self.stage.world.in_crm(&action)?;
        for (nth, (label, _)) in rows.iter().enumerate() {
            self.made(*label, &done["ids"][nth], true);
        }
        Ok(())
    }

    fn set(self, labels: &[Label], field: Field, typed: Typed, deed: &str) -> Done {
        let (name, _) = field
            .in_crm()
            .ok_or_else(|| impossible("the CRM has no such field"))?;
        let text = typed.text(field);
        let action = if field == Field::Company {
            json!({"do": deed, "account": text})
        } else {
            json!({"do": deed, "fields": {name: text}})
        };
        self.write(labels, &action)
    }

    /// One deed on those of the records that are there.
    fn write(mut self, labels: &[Label], action: &Value) -> Done {
        let before: Vec<_> = labels
            .iter()
            .filter_map(|label| Some((*label, self.record(*label).ok()?)))
            .collect();
        if before.is_empty() {
            return Err(impossible("no such record"));
        }
        let mut action = action.clone();
        let ids: Vec<&String> = before.iter().map(|(_, (id, _))| id).collect();
        action["ids"] = json!(ids);
        self.stage.world.in_crm(&action)?;
        for (label, (_, record)) in before {
            self.changed(label, &record);
        }
        Ok(())
    }

    fn changed(&mut self, label: Label, before: &Value) {
        let when = (self.stage.now(), self.ledger.period);
        self.ledger.changed_at(label, when.0);
        if let Ok((_, after)) = self.record(label) {
            self.ledger.wrote_record(label, before, &after);
        }
        if let Some(contact) = self.ledger.contacts.get_mut(&label) {
            contact.changed = Some(when);
        }
    }

    fn delete(mut self, label: Label) -> Done {
        let (id, _) = self.record(label)?;
        self.stage
            .world
            .in_crm(&json!({"do": "delete_contact", "id": id}))?;
        self.deleted(label, &id);
        Ok(())
    }

    fn deleted(&mut self, label: Label, id: &str) {
        self.ledger.records.remove(id);
        let period = self.ledger.period;
        if let Some(contact) = self.ledger.contacts.get_mut(&label) {
            contact.deleted = Some(period);
        }
    }

    fn restore(self, label: Label) -> Done {
        let id = self
            .ledger
            .record(label)
            .ok_or_else(|| impossible("no record yet"))?
            .to_owned();
        self.stage
            .world
            .in_crm(&json!({"do": "restore_contact", "id": id}))?;
        let period = self.ledger.period;
        if let Some(record) = self.stage.world.record(&id) {
            self.ledger.records.insert(id, record);
        }
        if let Some(contact) = self.ledger.contacts.get_mut(&label) {
            contact.restored = Some(period);
        }
        Ok(())
    }

    fn transfer(mut self, label: Label, owner: Owner) -> Done {
        let (id, before) = self.record(label)?;
        let action = json!({"do": "transfer_contact", "id": id, "owner": address(owner)});
        self.stage.world.in_crm(&action)?;
        self.changed(label, &before);
        let period = self.ledger.period;
        if let Some(contact) = self.ledger.contacts.get_mut(&label) {
            contact.transferred = Some(period);
        }
        Ok(())
    }

    fn merge(mut self, winner: Label, loser: Label) -> Done {
        let (winner_id, before) = self.record(winner)?;
        let (loser_id, _) = self.record(loser)?;
        let action = json!({"do": "merge_contacts", "winner": winner_id, "loser": loser_id});
        self.stage.world.in_crm(&action)?;
        self.changed(winner, &before);
        self.deleted(loser, &loser_id);
        Ok(())
    }

    fn lock(self, label: Label, lock: bool) -> Done {
        let (id, _) = self.record(label)?;
        let action = json!({"do": "lock_contact", "id": id, "locked": lock});
        self.stage.world.in_crm(&action)?;
        if lock {
            self.ledger.locked.insert(label);
        } else {
            self.ledger.locked.remove(&label);
        }
        if let Ok((id, record)) = self.record(label) {
            self.ledger.records.insert(id, record);
        }
        Ok(())
    }
}
