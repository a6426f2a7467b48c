//! One user's mailbox through Microsoft Graph.

use msgraph::{
    Contact, ContactFolder, Contacts, DeltaCursor, DeltaPage, Error, Graph, MOST_MARKERS,
    Mailbox as UserMailbox, Request,
};
use sync_runtime::ports::{
    ChangePage, CreateFolderFailure, Failure, Folder, Found, Item, ItemFailure, ItemUpdate, Mailbox, NewItem,
    Poll,
};

use crate::item::{self, Carried};
use crate::office_failure::{change_failure, create_failure, folder_failure, lacking, office_failure};
use crate::{changes, place};

/// How many folders of one name the deleted items may hold before a further one is not deleted.
const MOST_NAMESAKES: u32 = 50;

/// The mailbox of one user, by the user's object id.
#[derive(Debug, Clone)]
pub struct GraphMailbox {
    mailbox: UserMailbox,
}

/// The answers of a poll's one batch.
enum Polled {
    Folder(ContactFolder),
    Changes(DeltaPage),
}

/// A batch gives its answers in the order of its requests.
const MIXED_UP: Error = Error::Unaskable("the answers of a batch are mixed up");

impl Polled {
    fn folder(self) -> Result<ContactFolder, Error> {
        match self {
            Self::Folder(folder) => Ok(folder),
            Self::Changes(_) => Err(MIXED_UP),
        }
    }

    fn changes(self) -> Result<DeltaPage, Error> {
        match self {
            Self::Changes(page) => Ok(page),
            Self::Folder(_) => Err(MIXED_UP),
        }
    }
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

    /// The contacts of these requests, `None` for those that are not found.
    async fn found(&self, requests: Vec<Request<Contact>>) -> Result<Vec<Option<Contact>>, Failure> {
        let answers = self.mailbox.batch(requests).await;
        answers
            .into_iter()
            .map(|answer| match answer {
                Ok(contact) => Ok(Some(contact)),
                Err(Error::NotFound(_)) => Ok(None),
                Err(error) => Err(office_failure(&error)),
            })
            .collect()
    }

    /// Sends changes of items. One that cannot be made counts as changed: its item came with a page of changes and has
    /// to be read before it is written.
    async fn change<T: 'static>(&self, requests: Vec<Option<Request<T>>>) -> Vec<Result<T, ItemFailure>> {
        let sent: Vec<bool> = requests.iter().map(Option::is_some).collect();
        let answers = self.mailbox.batch(requests.into_iter().flatten().collect()).await;
        let mut answers = answers.into_iter();
        sent.into_iter()
            .map(|sent| {
                let answer = sent.then(|| answers.next()).flatten();
                answer
                    .ok_or(ItemFailure::Changed)?
                    .map_err(|error| change_failure(&error))
            })
            .collect()
    }

    /// A folder cannot join one of its name in the deleted items: it goes there under a number
    /// (`research/graph.md` §4).
    async fn delete_namesake(&self, id: &str) -> Result<(), Failure> {
        let folders = self.mailbox.contact_folders();
        let found = folders.get(id).send().await;
        let name = found
            .map_err(|error| office_failure(&error))?
            .display_name
            .unwrap_or_default();
        for number in 2..=MOST_NAMESAKES {
            match folders.rename(id, &format!("{name} {number}")).send().await {
                Ok(_) => {}
                Err(Error::AlreadyExists(_)) => continue,
                Err(error) => return Err(office_failure(&error)),
            }
            match folders.delete(id).send().await {
                Err(Error::AlreadyExists(_)) => {}
                Ok(()) | Err(Error::NotFound(_)) => return Ok(()),
                Err(error) => return Err(office_failure(&error)),
            }
        }
        Err(lacking("a free name in the deleted items"))
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

fn read(contact: Contact) -> Result<Item, Failure> {
    item::read(contact).ok_or_else(no_version)
}

fn no_version() -> Failure {
    lacking("an answer without an etag")
}

/// What a write brought. Answers to writes do not show the marker (`research/graph.md` §7).
fn written(contact: Contact, marker: Option<&String>) -> Result<Item, ItemFailure> {
    let item = item::read(contact).ok_or_else(|| ItemFailure::MaybeDone(no_version()))?;
    Ok(Item {
        marker: marker.cloned(),
        ..item
    })
}

/// An item that was asked for in `folder`. One that left it may answer there all the same.
fn in_folder(contact: Contact, folder: &str) -> Result<Found, Failure> {
    match &contact.parent_folder_id {
        Some(parent) if parent != folder => Ok(Found::Elsewhere {
            folder: parent.clone(),
        }),
        _ => read(contact).map(Found::Here),
    }
}

/// An item that was asked for anywhere, as it was not found in `folder`.
fn anywhere(contact: Option<Contact>, folder: &str) -> Result<Found, Failure> {
    match contact {
        None => Ok(Found::Gone),
        Some(contact) if contact.parent_folder_id.is_none() => Err(lacking("an answer without its folder")),
        // It came back in between.
        Some(contact) => in_folder(contact, folder),
    }
}

impl Mailbox for GraphMailbox {
    async fn folder(&self, id: &str) -> Result<Option<Folder>, Failure> {
        match self.mailbox.contact_folders().get(id).send().await {
            Ok(found) => Ok(Some(folder(found))),
            Err(Error::NotFound(_)) => Ok(None),
            Err(error) => Err(office_failure(&error)),
        }
    }

    async fn poll(&self, id: &str, cursor: &str) -> Result<Poll, Failure> {
        let (contacts, cursor) = (self.contacts(id), DeltaCursor::parse(cursor));
        let requests = vec![
            self.mailbox.contact_folders().get(id).map(Polled::Folder),
            changes::request(&contacts, Some(&cursor)).map(Polled::Changes),
        ];
        let mut answers = self.mailbox.batch(requests).await.into_iter();
        let mut answer = || answers.next().unwrap_or(Err(MIXED_UP));
        let (found, page) = (
            answer().and_then(Polled::folder),
            answer().and_then(Polled::changes),
        );
        match (found, page) {
            // Without the folder there is nothing to be said of changes.
            (Err(Error::NotFound(_)), _) => Ok(Poll {
                folder: None,
                page: None,
            }),
            (Err(error), _) => Err(office_failure(&error)),
            (Ok(_), Err(Error::NotFound(_))) => Err(changes::contradiction()),
            (Ok(found), page) => Ok(Poll {
                folder: Some(folder(found)),
                page: changes::page(&contacts, Some(&cursor), page).await?,
            }),
        }
    }

    async fn changes(&self, folder: &str, from: Option<&str>) -> Result<Option<ChangePage>, Failure> {
        let contacts = self.contacts(folder);
        let from = from.map(DeltaCursor::parse);
        let answer = changes::request(&contacts, from.as_ref()).send().await;
        changes::page(&contacts, from.as_ref(), answer).await
    }

    async fn folders(&self) -> Result<Vec<Folder>, Failure> {
        let found = self.mailbox.contact_folders().tree().await;
        let found = found.map_err(|error| office_failure(&error))?;
        Ok(found.into_iter().map(folder).collect())
    }

    async fn create_folder(&self, name: &str, marker: &str) -> Result<Folder, CreateFolderFailure> {
        let made = self.mailbox.contact_folders().create(name, marker).send().await;
        let made = made.map_err(|error| folder_failure(&error))?;
        Ok(Folder {
            marker: Some(marker.to_owned()),
            ..folder(made)
        })
    }

    async fn rename_folder(&self, id: &str, name: &str) -> Result<(), CreateFolderFailure> {
        let renamed = self.mailbox.contact_folders().rename(id, name).send().await;
        renamed.map(|_| ()).map_err(|error| folder_failure(&error))
    }

    async fn mark_folder(&self, id: &str, marker: &str) -> Result<(), Failure> {
        let answer = self.mailbox.contact_folders().set_marker(id, marker).send().await;
        answer.map(|_| ()).map_err(|error| office_failure(&error))
    }

    async fn delete_folder(&self, id: &str) -> Result<(), Failure> {
        match self.mailbox.contact_folders().delete(id).send().await {
            Ok(()) | Err(Error::NotFound(_)) => Ok(()),
            Err(Error::AlreadyExists(_)) => self.delete_namesake(id).await,
            Err(error) => Err(office_failure(&error)),
        }
    }

    async fn items(&self, folder: &str) -> Result<Vec<Item>, Failure> {
        let found = self.contacts(folder).list(&place::whole(), None).all().await;
        let found = found.map_err(|error| office_failure(&error))?;
        found.into_iter().map(read).collect()
    }

    async fn read(&self, folder: &str, ids: &[String]) -> Result<Vec<Found>, Failure> {
        let select = place::whole();
        let contacts = self.contacts(folder);
        let here = self
            .found(ids.iter().map(|id| contacts.get(id, &select)).collect())
            .await?;
        let missing = ids.iter().zip(&here).filter(|(_, found)| found.is_none());
        let missing = missing.map(|(id, _)| self.mailbox.contact(id, &select)).collect();
        let mut elsewhere = self.found(missing).await?.into_iter();
        here.into_iter()
            .map(|found| match found {
                Some(contact) => in_folder(contact, folder),
                None => anywhere(elsewhere.next().flatten(), folder),
            })
            .collect()
    }

    async fn find(&self, folder: &str, markers: &[String]) -> Result<Vec<Item>, Failure> {
        let select = place::whole();
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
                items.push(read(contact)?);
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
        let of_items = answers.into_iter().zip(items);
        of_items
            .map(|(answer, new)| {
                let contact = answer.map_err(|error| create_failure(&error))?;
                written(contact, Some(&new.marker))
            })
            .collect()
    }

    async fn update(&self, folder: &str, updates: &[ItemUpdate]) -> Vec<Result<Item, ItemFailure>> {
        let contacts = self.contacts(folder);
        let request = |update: &ItemUpdate| {
            let item = &update.item;
            let body = item::update_body(&item.fields, &Carried::of_item(item)?, &update.changes);
            let body = match &update.marker {
                Some(marker) => body.marker(marker),
                None => body,
            };
            Some(contacts.update(&item.id, &item.etag, &body))
        };
        let answers = self.change(updates.iter().map(request).collect()).await;
        let of_updates = answers.into_iter().zip(updates);
        of_updates
            .map(|(answer, update)| written(answer?, update.marker.as_ref().or(update.item.marker.as_ref())))
            .collect()
    }

    async fn delete(&self, folder: &str, items: &[Item]) -> Vec<Result<(), ItemFailure>> {
        let contacts = self.contacts(folder);
        let request = |item: &Item| {
            let versioned = !item.etag.is_empty();
            versioned.then(|| contacts.delete(&item.id, Some(&item.etag)))
        };
        self.change(items.iter().map(request).collect()).await
    }
}
