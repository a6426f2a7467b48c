//! What the owner of a mailbox does in Outlook.

use serde_json::{Map, Value, json};

use super::{Done, impossible};
use crate::field::Field;
use crate::history::{Content, Direction, Label, OutlookAct};
use crate::ledger::{Contact, Item, Ledger, id_of, lasting, private_folder};
use crate::stage::{Stage, locked};
use crate::value::Typed;
use crate::world::{office_content, user_id};

pub(super) fn perform(stage: &Stage, person: usize, act: &OutlookAct) -> Done {
    let deeds = Deeds {
        stage,
        ledger: &mut locked(&stage.ledger),
        person,
    };
    match act {
        OutlookAct::Create(label, content) => deeds.create(*label, content),
        OutlookAct::Edit(label, field, typed) => deeds.edit(*label, *field, *typed),
        OutlookAct::Delete { label, permanently } => deeds.delete(*label, *permanently),
        OutlookAct::Copy(label) => deeds.copy(*label),
        OutlookAct::MoveOut(label) => deeds.move_out(*label),
        OutlookAct::MoveBack(label) => deeds.move_back(*label),
        OutlookAct::EditPrivate(typed) => deeds.edit_private(*typed),
        OutlookAct::RenameFolder(number) => deeds.rename_folder(*number),
        OutlookAct::MoveFolder => deeds.move_folder(private_folder()),
        OutlookAct::DeleteFolder => deeds.move_folder("deletedItems"),
        OutlookAct::RestoreFolder => deeds.restore_folder(),
    }
}

struct Deeds<'a> {
    stage: &'a Stage,
    ledger: &'a mut Ledger,
    person: usize,
}

impl Deeds<'_> {
    fn act(&self, mut action: Value) -> Result<Map<String, Value>, emulators::core::service::Refused> {
        action["user"] = json!(user_id(self.person));
        match self.stage.world.in_office(&action)? {
            Value::Object(shown) => Ok(shown),
            _ => Ok(Map::new()),
        }
    }

    fn container(&self) -> Result<String, emulators::core::service::Refused> {
        let container = self.stage.world.container(self.person);
        container.ok_or_else(|| impossible("there is no container"))
    }

    /// The item of a contact that lies in the container.
    fn item(&mut self, label: Label) -> Result<Map<String, Value>, emulators::core::service::Refused> {
        let container = self.container()?;
        let item = self.ledger.item(&self.stage.world, self.person, label);
        item.filter(|item| item.get("parentFolderId") == Some(&json!(container)))
            .ok_or_else(|| impossible("there is no such item"))
    }

    fn create(self, label: Label, content: &Content) -> Done {
        let folder = self.container()?;
        let body = office_content(content);
        let made = self.act(json!({"do": "create_contact", "folder": folder, "contact": body}))?;
        let item = Item {
            id: Some(id_of(&made).to_owned()),
            ..Item::default()
        };
        let contact = Contact {
            born_in: Some(self.person),
            created: self.stage.now(),
            items: [(self.person, item)].into(),
            ..Contact::default()
        };
        self.ledger.contacts.insert(label, contact);
        self.ledger.wrote_item(self.person, label, &Map::new(), &made);
        let one_way = locked(&self.stage.declared)
            .get(self.person)
            .is_some_and(|declared| declared.direction == Direction::CrmToOffice);
        if one_way {
            // Nobody else's business.
            let place = (self.person, id_of(&made).to_owned());
            self.ledger.private.insert(place, lasting(&made));
        }
        Ok(())
    }

    fn edit(mut self, label: Label, field: Field, typed: Typed) -> Done {
        let before = self.item(label)?;
        let text = typed.text(field);
        let (name, value) = field
            .member(&before, text.as_deref())
            .ok_or_else(|| impossible("Outlook has no such field"))?;
        let id = id_of(&before).to_owned();
        let after = self.act(json!({"do": "update_contact", "contact": id, "set": {name: value}}))?;
        self.ledger.wrote_item(self.person, label, &before, &after);
        let period = self.ledger.period;
        self.ledger.at(self.person, label).edited = Some(period);
        self.ledger.own_changed(self.person, &id, Some(&after));
        Ok(())
    }

    fn delete(mut self, label: Label, permanently: bool) -> Done {
        let item = self.item(label)?;
        let id = id_of(&item).to_owned();
        self.act(json!({"do": "delete_contact", "contact": id, "permanently": permanently}))?;
        self.ledger.own_changed(self.person, &id, None);
        self.left(label);
        Ok(())
    }

    fn left(&mut self, label: Label) {
        let period = self.ledger.period;
        let item = self.ledger.at(self.person, label);
        item.left = Some(period);
        item.returned = None;
    }

    fn copy(mut self, label: Label) -> Done {
        let item = self.item(label)?;
        if item.get("marker").is_none_or(Value::is_null) {
            // A copy of what has no marker is one more contact, and no copy.
            return Err(impossible("the item has no marker"));
        }
        let copy = self.act(json!({"do": "copy_contact", "contact": id_of(&item)}))?;
        let place = (self.person, id_of(&copy).to_owned());
        self.ledger.private.insert(place.clone(), lasting(&copy));
        self.ledger.copies.insert(place, label);
        Ok(())
    }

    fn move_out(mut self, label: Label) -> Done {
        let item = self.item(label)?;
        let id = id_of(&item).to_owned();
        let moved = self.act(json!({"do": "move_contact", "contact": id, "to": private_folder()}))?;
        self.ledger.own_changed(self.person, &id, Some(&moved));
        self.left(label);
        self.ledger.at(self.person, label).moved = true;
        Ok(())
    }

    fn move_back(self, label: Label) -> Done {
        let to = self.container()?;
        let known = self.ledger.at(self.person, label);
        let id = known
            .id
            .clone()
            .filter(|_| known.left.is_some())
            .ok_or_else(|| impossible("it never left"))?;
        let moved = self.act(json!({"do": "move_contact", "contact": id, "to": to}))?;
        self.ledger.own_changed(self.person, &id, Some(&moved));
        let period = self.ledger.period;
        let item = self.ledger.at(self.person, label);
        item.returned = Some(period);
        Ok(())
    }

    fn edit_private(self, typed: Typed) -> Done {
        let ledger = &*self.ledger;
        let outside = |id: &String| {
            let items = ledger
                .contacts
                .values()
                .filter_map(|contact| contact.items.get(&self.person));
            let mut born = items.filter_map(|item| item.id.as_ref());
            !ledger.copies.contains_key(&(self.person, id.clone())) && !born.any(|born| born == id)
        };
        let mut own = ledger.private.keys();
        let id = own
            .find(|(person, id)| *person == self.person && outside(id))
            .map(|(_, id)| id.clone())
            .ok_or_else(|| impossible("there are no private contacts"))?;
        let text = typed.text(Field::JobTitle);
        let action = json!({"do": "update_contact", "contact": id, "set": {"jobTitle": text}});
        let after = self.act(action)?;
        self.ledger.private.insert((self.person, id), lasting(&after));
        Ok(())
    }

    fn rename_folder(self, number: u8) -> Done {
        let folder = self.container()?;
        let name = format!("My contacts {number}");
        self.act(json!({"do": "rename_folder", "folder": folder, "displayName": name}))?;
        self.ledger.syncs[self.person].folder_renamed = Some(self.ledger.period);
        Ok(())
    }

    fn move_folder(self, to: &str) -> Done {
        let folder = self.container()?;
        self.act(json!({"do": "move_folder", "folder": folder, "to": to}))?;
        let period = self.ledger.period;
        let sync = &mut self.ledger.syncs[self.person];
        sync.folder_left = Some(period);
        sync.folder = Some(folder);
        Ok(())
    }

    fn restore_folder(self) -> Done {
        let sync = &mut self.ledger.syncs[self.person];
        let folder = sync.folder.clone();
        let folder = folder.ok_or_else(|| impossible("it was never deleted"))?;
        self.act(json!({"do": "move_folder", "folder": folder, "to": "contacts"}))?;
        Ok(())
    }
}
