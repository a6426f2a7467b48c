//! Contacts in one folder (`research/graph.md` §6).

use http::Method;

use crate::call::Call;
use crate::contact::{Contact, ContactBody, Select};
use crate::contact_delta::{self, DeltaPage};
use crate::delta_cursor::DeltaCursor;
use crate::error::Error;
use crate::link::Link;
use crate::mailbox::Mailbox;
use crate::pages::{self, Pages};
use crate::request::Request;
use crate::{encode, marker};

const ROUTE: &str = "/users/{user}/contactFolders/{folder}/contacts";
const ROUTE_ONE: &str = "/users/{user}/contactFolders/{folder}/contacts/{contact}";
const ROUTE_DELTA: &str = "/users/{user}/contactFolders/{folder}/contacts/delta";
/// The largest page of a listing that is known to work (`research/graph.md` §3).
const PAGE: u32 = 999;

/// The largest page of a delta round that is known to work (`research/graph.md` §3).
pub const LARGEST_DELTA_PAGE: u32 = 500;

/// How many markers one filter may name: more are `ErrorRestrictionTooComplex` at some point nobody has published
/// (`research/graph.md` §7).
pub const MOST_MARKERS: usize = 10;

/// The contacts in one folder.
#[derive(Debug, Clone)]
pub struct Contacts {
    mailbox: Mailbox,
    folder_id: String,
}

/// One contact wherever in the mailbox it is: whether one that left its folder was moved or is gone.
pub(crate) fn anywhere(mailbox: &Mailbox, contact_id: &str, select: &Select) -> Request<Contact> {
    let contact = encode::segment(contact_id);
    let target = format!(
        "{}/contacts/{contact}?{}&{}",
        mailbox.path(),
        select.query(),
        marker::expand()
    );
    let call = Call::get("/users/{user}/contacts/{contact}", target).of_mailbox(&mailbox.user_id);
    Request::new(mailbox.graph.clone(), call, |reply| reply.json("contact"))
}

impl Contacts {
    pub(crate) fn new(mailbox: Mailbox, folder_id: &str) -> Self {
        Self {
            mailbox,
            folder_id: folder_id.to_owned(),
        }
    }

    /// Makes a contact. Give it its marker ([`ContactBody::marker`]): after [`Error::Ambiguous`] it is found by that.
    /// Cleared members are left out, as a null address fails in a create.
    pub fn create(&self, body: &ContactBody) -> Request<Contact> {
        self.request(Call::new(Method::POST, ROUTE, self.path()).with_body(body.for_create()))
    }

    /// One contact with its marker.
    pub fn get(&self, contact_id: &str, select: &Select) -> Request<Contact> {
        let target = format!("{}?{}&{}", self.one(contact_id), select.query(), marker::expand());
        self.request(Call::get(ROUTE_ONE, target))
    }

    /// Changes the members that `body` holds, if the contact is still the one with `etag`; else [`Error::Conflict`].
    /// As a lost answer is followed by a repetition, a conflict can also stem from this very change. Send `displayName`
    /// and `fileAs` along whenever a name changes: Exchange makes up new ones otherwise.
    pub fn update(&self, contact_id: &str, etag: &str, body: &ContactBody) -> Request<Contact> {
        self.request(
            Call::new(Method::PATCH, ROUTE_ONE, self.one(contact_id))
                .with_body(body.for_update())
                .if_match(etag),
        )
    }

    /// Moves a contact to the deleted items, if it is still the one with `etag` where one is given. [`Error::NotFound`]
    /// can stem from this very call, as a lost answer is followed by a repetition.
    pub fn delete(&self, contact_id: &str, etag: Option<&str>) -> Request<()> {
        let call = self.call(Call::new(Method::DELETE, ROUTE_ONE, self.one(contact_id)));
        let call = if let Some(etag) = etag {
            call.if_match(etag)
        } else {
            call
        };
        Request::new(self.mailbox.graph.clone(), call, |_| Ok(()))
    }

    /// All contacts with their markers; `page_size` is 999 if not set.
    #[must_use]
    pub fn list(&self, select: &Select, page_size: Option<u32>) -> Pages<Contact> {
        let top = page_size.unwrap_or(PAGE);
        self.pages(&format!("$top={top}&{}&{}", select.query(), marker::expand()))
    }

    /// The contacts that bear one of `markers`, [`MOST_MARKERS`] at most. Graph compares markers without case: compare
    /// again. More than one contact may bear a marker, for a user can copy contacts.
    #[must_use]
    pub fn find_by_markers<M: AsRef<str>>(&self, markers: &[M], select: &Select) -> Pages<Contact> {
        let (filter, expand) = (marker::filter(markers), marker::expand());
        let mut pages = self.pages(&format!("$top={PAGE}&{filter}&{}&{expand}", select.query()));
        if markers.is_empty() || markers.len() > MOST_MARKERS {
            pages.spoil(Error::Unaskable("one to ten markers can be looked up at once"));
        }
        pages
    }

    /// A listing from the page on that `link` names.
    #[must_use]
    pub fn page(&self, link: &Link) -> Pages<Contact> {
        let graph = &self.mailbox.graph;
        Pages::new(
            graph.clone(),
            pages::onward(graph, &self.call(Call::get(ROUTE, String::new())), link),
            "contacts",
        )
    }

    /// The first page of the first delta round. Select exactly what is mapped: changes of other members are then not
    /// reported. Markers never come this way (`research/graph.md` §6, §7).
    pub fn delta(&self, select: &Select, page_size: u32) -> Request<DeltaPage> {
        self.delta_page(
            Call::get(
                ROUTE_DELTA,
                format!("{}/delta?{}", self.path(), select.delta_query()),
            ),
            page_size,
            None,
        )
    }

    /// The page behind an earlier page or round. A stored cursor of another host is [`Error::StoredLink`], a round that
    /// repeats itself or has no end is [`Error::EndlessRound`].
    pub fn delta_from(&self, cursor: &DeltaCursor, page_size: u32) -> Request<DeltaPage> {
        let graph = &self.mailbox.graph;
        let call = pages::onward(graph, &Call::get(ROUTE_DELTA, String::new()), cursor.link());
        self.delta_page(call, page_size, Some(cursor.clone()))
    }

    fn delta_page(&self, mut call: Call, page_size: u32, from: Option<DeltaCursor>) -> Request<DeltaPage> {
        call.page_size = Some(page_size);
        let graph = self.mailbox.graph.clone();
        Request::new(graph.clone(), self.call(call), move |reply| {
            contact_delta::read(reply, &graph, from.as_ref())
        })
    }

    fn pages(&self, query: &str) -> Pages<Contact> {
        let call = self.call(Call::get(ROUTE, format!("{}?{query}", self.path())));
        Pages::new(self.mailbox.graph.clone(), call, "contacts")
    }

    fn request(&self, call: Call) -> Request<Contact> {
        Request::new(self.mailbox.graph.clone(), self.call(call), |reply| {
            reply.json("contact")
        })
    }

    fn call(&self, call: Call) -> Call {
        call.of_mailbox(&self.mailbox.user_id)
    }

    fn path(&self) -> String {
        format!(
            "{}/contactFolders/{}/contacts",
            self.mailbox.path(),
            encode::segment(&self.folder_id)
        )
    }

    fn one(&self, contact_id: &str) -> String {
        format!("{}/{}", self.path(), encode::segment(contact_id))
    }
}
