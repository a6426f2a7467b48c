//! The mailbox of one user.

use crate::batch;
use crate::contact::{Contact, Select};
use crate::contact_folders::ContactFolders;
use crate::contacts::{self, Contacts};
use crate::error::Error;
use crate::request::Request;
use crate::{Graph, encode};

/// The mailbox of one user: what counts against its limits goes through here.
#[derive(Debug, Clone)]
pub struct Mailbox {
    pub(crate) graph: Graph,
    pub(crate) user_id: String,
}

impl Mailbox {
    pub(crate) fn new(graph: Graph, user_id: &str) -> Self {
        Self {
            graph,
            user_id: user_id.to_owned(),
        }
    }

    /// The contact folders below the mailbox's default contacts folder.
    #[must_use]
    pub fn contact_folders(&self) -> ContactFolders {
        ContactFolders::new(self.clone())
    }

    /// The contacts in one folder.
    #[must_use]
    pub fn contacts(&self, folder_id: &str) -> Contacts {
        Contacts::new(self.clone(), folder_id)
    }

    /// One contact wherever in the mailbox it is; its `parent_folder_id` tells. A removal from a folder is proven by
    /// this call's [`Error::NotFound`] only, or by another folder (`research/graph.md` §8).
    pub fn contact(&self, contact_id: &str, select: &Select) -> Request<Contact> {
        contacts::anywhere(self, contact_id, select)
    }

    /// Sends any number of requests in as few calls as possible; the outcomes stand in the order of the requests.
    ///
    /// The service runs the requests of one call in any order and judges each alone (`research/graph.md` §9), so
    /// none may depend on another. Throttled ones are repeated after the longest wait that any of them was given.
    pub async fn batch<T: 'static>(&self, requests: Vec<Request<T>>) -> Vec<Result<T, Error>> {
        batch::run(self, requests).await
    }

    /// The path of the user.
    pub(crate) fn path(&self) -> String {
        encode::user(&self.user_id)
    }
}
