//! A contact as Exchange keeps it: lists without gaps, texts trimmed and without control characters.

use std::collections::BTreeMap;

use sync_engine::merge::{Changes, applied};
use sync_engine::office_field::{Group, OfficeField, OfficeKind};
use sync_engine::project::Fields;
use sync_engine::value::Value;

/// One contact of the mailbox.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mailbox {
    texts: BTreeMap<OfficeField, String>,
    lists: BTreeMap<Group, Vec<String>>,
}

/// The list that a field is an entry of, and its place there.
pub(crate) fn list_place(field: OfficeField) -> Option<(Group, usize)> {
    let group = field.group().filter(|group| group.is_list())?;
    let at = group.fields().position(|entry| entry == field)?;
    Some((group, at))
}

impl Mailbox {
    /// What a read brings.
    pub(crate) fn fields(&self) -> Fields {
        let texts = self.texts.iter().filter_map(|(field, text)| {
            let value = match field.kind() {
                OfficeKind::Date => Value::date(text),
                OfficeKind::Text | OfficeKind::Email | OfficeKind::Phone => Value::text(text),
            };
            Some((*field, value?))
        });
        let listed = self.lists.iter().flat_map(|(group, list)| {
            let values = list.iter().map(|text| Value::Text(text.clone()));
            group.fields().zip(values)
        });
        texts.chain(listed).collect()
    }

    /// An update as crmlink sends it: a list always goes whole.
    pub(crate) fn write(&mut self, changes: &Changes) {
        let after = applied(&self.fields(), changes);
        for (field, value) in changes {
            if let Some(value) = value {
                let chars = value.to_text().chars().count();
                assert!(chars <= field.max_chars(), "Exchange takes no {field} of {chars}");
            }
            match list_place(*field) {
                Some((group, _)) => {
                    let values = group.fields().filter_map(|entry| after.get(&entry));
                    self.lists.insert(group, values.filter_map(kept_value).collect());
                }
                None => self.set_text(*field, value.as_ref().map(Value::to_text).as_deref()),
            }
        }
    }

    /// A person writes a field in Outlook, or clears it. The entries behind a cleared one move up.
    pub(crate) fn edit(&mut self, field: OfficeField, text: &str) {
        let text = kept(text);
        let Some((group, at)) = list_place(field) else {
            return self.set_text(field, text.as_deref());
        };
        let list = self.lists.entry(group).or_default();
        match text {
            Some(text) if at < list.len() => list[at] = text,
            Some(text) => list.push(text),
            None if at < list.len() => drop(list.remove(at)),
            None => {}
        }
    }

    /// A person puts an entry before the others of a list, where there is room.
    pub(crate) fn put_first(&mut self, group: Group, text: &str) {
        let list = self.lists.entry(group).or_default();
        if let Some(text) = kept(text).filter(|_| list.len() < group.fields().count()) {
            list.insert(0, text);
        }
    }

    fn set_text(&mut self, field: OfficeField, text: Option<&str>) {
        match text.and_then(kept) {
            Some(text) => self.texts.insert(field, text),
            None => self.texts.remove(&field),
        };
    }
}

fn kept_value(value: &Value) -> Option<String> {
    kept(&value.to_text())
}

/// What Exchange keeps of a text.
fn kept(text: &str) -> Option<String> {
    let printable: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    // A rewriting that the canonical form does not undo: each side keeps its own spelling.
    let trimmed = printable.trim().replace("  ", " ");
    (!trimmed.is_empty()).then_some(trimmed)
}
