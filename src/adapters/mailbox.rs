//! One user's mailbox through Microsoft Graph.

use msgraph::{Contact, ContactFolder, Contacts, Graph, MOST_MARKERS, Mailbox as UserMailbox, Select};
use serde::Deserialize;
use sync_runtime::ports::{
    CreateFolderFailure, Failure, Folder, Item, ItemFailure, ItemUpdate, Mailbox, NewItem, Service,
};

use super::failure::{item_failure, office_failure};
use super::item::{self, Carried};

/// The mailbox of one user, by the user's object id.
#[derive(Debug, Clone)]
pub struct GraphMailbox {
    mailbox: UserMailbox,
}

impl GraphMailbox {
    /// The mailbox of the user with this object id.
    #[must_use]
    pub fn new(graph: &Graph, user_id: &str) -> Self {
        Self {
            mailbox: graph.mailbox(user_id),
        }
    }

    fn contacts(&self, folder: &str) -> Contacts {
        self.mailbox.contacts(folder)
    }
}

fn folder(found: ContactFolder) -> Folder {
    Folder {
        id: found.id,
        parent: found.parent_folder_id.unwrap_or_default(),
        name: found.display_name.unwrap_or_default(),
        marker: found.marker,
    }
}

/// `None` without an etag: an item that cannot be named in a precondition is never written.
fn read(contact: Contact) -> Option<Item> {
    let fields = item::fields(&contact);
    let carry = serde_json::to_value(Carried::of(&contact)).ok()?;
    Some(Item {
        id: contact.id,
        etag: contact.etag?,
        fields,
        marker: contact.marker,
        carry,
    })
}

fn written(contact: Contact) -> Result<Item, ItemFailure> {
    read(contact).ok_or_else(|| ItemFailure::MaybeDone(no_etag()))
}

fn no_etag() -> Failure {
    Failure::Transient {
        service: Service::Office,
        code: "an answer without an etag".to_owned(),
    }
}

fn create_failure(error: &msgraph::Error) -> CreateFolderFailure {
    match error.class() {
        msgraph::Class::AlreadyExists => CreateFolderFailure::NameTaken,
        _ => CreateFolderFailure::Failed(office_failure(error)),
    }
}

impl Mailbox for GraphMailbox {
    async fn folder(&self, id: &str) -> Result<Option<Folder>, Failure> {
        match self.mailbox.contact_folders().get(id).send().await {
            Ok(found) => Ok(Some(folder(found))),
            Err(msgraph::Error::NotFound(_)) => Ok(None),
            Err(error) => Err(office_failure(&error)),
        }
    }

    async fn folders(&self) -> Result<Vec<Folder>, Failure> {
        let found = self
            .mailbox
            .contact_folders()
            .list()
            .all()
            .await
            .map_err(|error| office_failure(&error))?;
        Ok(found.into_iter().map(folder).collect())
    }

    async fn create_folder(&self, name: &str, marker: &str) -> Result<Folder, CreateFolderFailure> {
        let made = self.mailbox.contact_folders().create(name, marker).send().await;
        made.map(folder).map_err(|error| create_failure(&error))
    }

    async fn rename_folder(&self, id: &str, name: &str) -> Result<(), CreateFolderFailure> {
        let renamed = self.mailbox.contact_folders().rename(id, name).send().await;
        renamed.map(|_| ()).map_err(|error| create_failure(&error))
    }

    async fn delete_folder(&self, id: &str) -> Result<(), Failure> {
        match self.mailbox.contact_folders().delete(id).send().await {
            Ok(()) | Err(msgraph::Error::NotFound(_)) => Ok(()),
            Err(error) => Err(office_failure(&error)),
        }
    }

    async fn items(&self, folder: &str) -> Result<Vec<Item>, Failure> {
        let found = self.contacts(folder).list(&Select::all(), None).all().await;
        let found = found.map_err(|error| office_failure(&error))?;
        found
            .into_iter()
            .map(|contact| read(contact).ok_or_else(no_etag))
            .collect()
    }

    async fn read(&self, folder: &str, ids: &[String]) -> Result<Vec<Option<Item>>, Failure> {
        let select = Select::all();
        let contacts = self.contacts(folder);
        let requests = ids.iter().map(|id| contacts.get(id, &select)).collect();
        let answers = self.mailbox.batch(requests).await;
        answers
            .into_iter()
            .map(|answer| match answer {
                // A contact that was moved away still answers by id.
                Ok(contact)
                    if contact
                        .parent_folder_id
                        .as_deref()
                        .is_some_and(|parent| parent != folder) =>
                {
                    Ok(None)
                }
                Ok(contact) => read(contact).map(Some).ok_or_else(no_etag),
                Err(msgraph::Error::NotFound(_)) => Ok(None),
                Err(error) => Err(office_failure(&error)),
            })
            .collect()
    }

    async fn find(&self, folder: &str, markers: &[String]) -> Result<Vec<Item>, Failure> {
        let select = Select::all();
        let contacts = self.contacts(folder);
        let requests = markers
            .chunks(MOST_MARKERS)
            .map(|few| contacts.find_by_markers(few, &select).first())
            .collect();
        let mut items = Vec::new();
        for page in self.mailbox.batch(requests).await {
            let page = page.map_err(|error| office_failure(&error))?;
            let mut found = page.items;
            if let Some(next) = page.next {
                let rest = contacts.page(&next).all().await;
                found.extend(rest.map_err(|error| office_failure(&error))?);
            }
            for contact in found {
                items.push(read(contact).ok_or_else(no_etag)?);
            }
        }
        // Graph compares markers without case.
        items.retain(|item| {
            item.marker
                .as_ref()
                .is_some_and(|marker| markers.contains(marker))
        });
        Ok(items)
    }

    async fn create(&self, folder: &str, items: &[NewItem]) -> Vec<Result<Item, ItemFailure>> {
        let contacts = self.contacts(folder);
        let requests = items
            .iter()
            .map(|new| contacts.create(&item::create_body(&new.fields).marker(&new.marker)))
            .collect();
        let answers = self.mailbox.batch(requests).await;
        answers
            .into_iter()
            .map(|answer| answer.map_err(|error| item_failure(&error)).and_then(written))
            .collect()
    }

    async fn update(&self, folder: &str, updates: &[ItemUpdate]) -> Vec<Result<Item, ItemFailure>> {
        let contacts = self.contacts(folder);
        let requests = updates
            .iter()
            .map(|update| {
                let ItemUpdate { item, changes } = update;
                let carried = Carried::deserialize(&item.carry).unwrap_or_default();
                contacts.update(
                    &item.id,
                    &item.etag,
                    &item::update_body(&item.fields, &carried, changes),
                )
            })
            .collect();
        let answers = self.mailbox.batch(requests).await;
        answers
            .into_iter()
            .map(|answer| answer.map_err(|error| item_failure(&error)).and_then(written))
            .collect()
    }

    async fn delete(&self, folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        let contacts = self.contacts(folder);
        let requests = items
            .iter()
            .map(|item| contacts.delete(&item.id, Some(&item.etag)))
            .collect();
        let answers = self.mailbox.batch(requests).await;
        answers
            .into_iter()
            .map(|answer| answer.map_err(|error| item_failure(&error)))
            .collect()
    }
}
