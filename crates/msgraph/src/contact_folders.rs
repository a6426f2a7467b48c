//! Contact folders (`research/graph.md` §6).

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::error::Error;
use crate::link::Link;
use crate::mailbox::Mailbox;
use crate::opaque::opaque_debug;
use crate::pages::{self, Pages};
use crate::request::Request;
use crate::{encode, marker};

const ROUTE: &str = "/users/{user}/contactFolders";
const ROUTE_ONE: &str = "/users/{user}/contactFolders/{folder}";
const ROUTE_CHILDREN: &str = "/users/{user}/contactFolders/{folder}/childFolders";
const SELECT: &str = "$select=id,displayName,parentFolderId";
/// More than a mailbox has; larger ones are paged.
const PAGE: u32 = 250;

/// A contact folder. Its id is constant, other than an item's (`research/graph.md` §3).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactFolder {
    /// The id.
    pub id: String,
    /// The name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Where it is. One that is not where it was made has been moved or trashed: a trashed folder may still answer.
    #[serde(default)]
    pub parent_folder_id: Option<String>,
    /// The marker, where the call expands it; answers to writes do not.
    #[serde(
        rename = "singleValueExtendedProperties",
        default,
        deserialize_with = "marker::read"
    )]
    pub marker: Option<String>,
}

opaque_debug!(ContactFolder {
    id,
    parent_folder_id,
    marker
});

/// The contact folders of a mailbox.
///
/// Graph lists the folders below the default one only and does not name the default one itself, and what it answers
/// for an empty one leads nowhere: keep the `parent_folder_id` of the folder that was created and compare with it.
#[derive(Debug, Clone)]
pub struct ContactFolders {
    pub(crate) mailbox: Mailbox,
}

impl ContactFolders {
    pub(crate) fn new(mailbox: Mailbox) -> Self {
        Self { mailbox }
    }

    /// The folders right below the default one, each with its marker; see [`tree`](Self::tree) for those further down.
    #[must_use]
    pub fn list(&self) -> Pages<ContactFolder> {
        self.pages(ROUTE, &self.path())
    }

    /// The folders right below a folder, each with its marker.
    #[must_use]
    pub fn children(&self, folder_id: &str) -> Pages<ContactFolder> {
        self.pages(ROUTE_CHILDREN, &format!("{}/childFolders", self.one(folder_id)))
    }

    /// A listing from the page on that `link` names.
    #[must_use]
    pub fn page(&self, link: &Link) -> Pages<ContactFolder> {
        let graph = &self.mailbox.graph;
        let call = self.call(Call::get(ROUTE, String::new()));
        Pages::new(
            graph.clone(),
            pages::onward(graph, &call, link),
            "contact folders",
        )
    }

    /// The folders of that name, without regard to case as Exchange compares names.
    ///
    /// # Errors
    /// Those of a listing.
    pub async fn find_by_name(&self, name: &str) -> Result<Vec<ContactFolder>, Error> {
        let wanted = name.to_lowercase();
        let named = |folder: &ContactFolder| {
            folder
                .display_name
                .as_ref()
                .is_some_and(|name| name.to_lowercase() == wanted)
        };
        Ok(self.list().all().await?.into_iter().filter(named).collect())
    }

    /// One folder with its marker.
    pub fn get(&self, folder_id: &str) -> Request<ContactFolder> {
        let target = format!("{}?{SELECT}&{}", self.one(folder_id), marker::expand());
        self.request(Call::get(ROUTE_ONE, target))
    }

    /// Makes a folder with its marker in one call, so that none is ever without (`research/graph.md` §4). A name that
    /// is taken is [`Error::AlreadyExists`], also where an earlier try made it.
    pub fn create(&self, display_name: &str, marker: &str) -> Request<ContactFolder> {
        let mut body = json!({ "displayName": display_name });
        body[marker::MEMBER] = marker::member(marker);
        self.request(Call::new(Method::POST, ROUTE, self.path()).with_body(body))
    }

    /// Gives a folder another name.
    pub fn rename(&self, folder_id: &str, display_name: &str) -> Request<ContactFolder> {
        let body = json!({ "displayName": display_name });
        self.request(Call::new(Method::PATCH, ROUTE_ONE, self.one(folder_id)).with_body(body))
    }

    /// Gives a folder another marker, for one that is taken over.
    pub fn set_marker(&self, folder_id: &str, marker: &str) -> Request<ContactFolder> {
        let body = json!({ marker::MEMBER: marker::member(marker) });
        self.request(Call::new(Method::PATCH, ROUTE_ONE, self.one(folder_id)).with_body(body))
    }

    /// Moves a folder and what is in it to the deleted items.
    pub fn delete(&self, folder_id: &str) -> Request<()> {
        let call = self.call(Call::new(Method::DELETE, ROUTE_ONE, self.one(folder_id)));
        Request::new(self.mailbox.graph.clone(), call, |_| Ok(()))
    }

    fn pages(&self, route: &'static str, path: &str) -> Pages<ContactFolder> {
        let query = format!("$top={PAGE}&{SELECT}&{}", marker::expand());
        let call = self.call(Call::get(route, format!("{path}?{query}")));
        Pages::new(self.mailbox.graph.clone(), call, "contact folders")
    }

    fn request(&self, call: Call) -> Request<ContactFolder> {
        Request::new(self.mailbox.graph.clone(), self.call(call), |reply| {
            reply.json("contact folder")
        })
    }

    fn call(&self, call: Call) -> Call {
        call.of_mailbox(&self.mailbox.user_id)
    }

    fn path(&self) -> String {
        format!("{}/contactFolders", self.mailbox.path())
    }

    fn one(&self, folder_id: &str) -> String {
        format!("{}/{}", self.path(), encode::segment(folder_id))
    }
}
