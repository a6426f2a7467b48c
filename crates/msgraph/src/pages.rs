//! Listings, page by page.

use std::collections::HashSet;

use futures::Stream;
use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Graph;
use crate::call::Call;
use crate::error::Error;
use crate::link::Link;
use crate::opaque::opaque_debug;
use crate::request::{Reply, Request};

/// How many pages a listing may have: at 999 items a page more than any tenant or mailbox holds.
const MOST_PAGES: usize = 2_000;

/// One page of a listing.
#[derive(Clone, PartialEq)]
pub struct Page<T> {
    /// The items; a page may be empty although more follow.
    pub items: Vec<T>,
    /// The next page, if there is one. It has been checked to be on the configured host.
    pub next: Option<Link>,
}

opaque_debug!(Page<T> { next });

#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
struct Wire<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink", default)]
    next: Option<Link>,
}

/// A listing that is read page by page. After an error the same page can be asked for again.
pub struct Pages<T> {
    graph: Graph,
    call: Option<Call>,
    /// Where it has been: a way back there would never end.
    visited: HashSet<String>,
    what: &'static str,
    items: std::marker::PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    pub(crate) fn new(graph: Graph, call: Call, what: &'static str) -> Self {
        Self {
            graph,
            call: Some(call),
            visited: HashSet::new(),
            what,
            items: std::marker::PhantomData,
        }
    }

    /// The items of the next page; `None` behind the last.
    ///
    /// # Errors
    /// Whatever [`Error`] tells.
    pub async fn next(&mut self) -> Option<Result<Vec<T>, Error>> {
        let call = self.call.clone()?;
        let page = match self.request(call.clone()).send().await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        self.call = page.next.map(|link| onward(&self.graph, &call, &link));
        self.visited.insert(call.target);
        let endless = self.visited.len() >= MOST_PAGES;
        let next = self.call.as_ref();
        if next.is_some_and(|next| endless || self.visited.contains(&next.target)) {
            self.call = None;
            return Some(Err(Error::Unreadable {
                what: "a listing that comes to its end",
                status: 200,
            }));
        }
        Some(Ok(page.items))
    }

    /// All items of all pages.
    ///
    /// # Errors
    /// Those of [`next`](Self::next); a listing that was cut is never taken for a whole one.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        while let Some(page) = self.next().await {
            items.append(&mut page?);
        }
        Ok(items)
    }

    /// The pages as a stream that ends behind the first error.
    pub fn stream(self) -> impl Stream<Item = Result<Vec<T>, Error>> + Send {
        futures::stream::unfold(Some(self), |pages| async move {
            let mut pages = pages?;
            let page = pages.next().await?;
            let rest = page.is_ok().then_some(pages);
            Some((page, rest))
        })
    }

    /// The first page only, as a request that fits into a batch. Its `next` leads on, see the endpoint's `page`.
    pub fn first(self) -> Request<Page<T>> {
        let call = self.call.clone().unwrap_or_else(|| {
            Call::new(Method::GET, "", String::new()).flawed(Error::Unaskable("behind the last page"))
        });
        self.request(call)
    }

    /// Lets the first use fail.
    pub(crate) fn spoil(&mut self, flaw: Error) {
        self.call = self.call.take().map(|call| call.flawed(flaw));
    }

    fn request(&self, call: Call) -> Request<Page<T>> {
        let (what, graph) = (self.what, self.graph.clone());
        Request::new(self.graph.clone(), call, move |reply| page(reply, &graph, what))
    }
}

impl<T> std::fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages")
            .field("of", &self.what)
            .finish_non_exhaustive()
    }
}

fn page<T: DeserializeOwned>(reply: Reply, graph: &Graph, what: &'static str) -> Result<Page<T>, Error> {
    let wire: Wire<T> = reply.json(what)?;
    if wire
        .next
        .as_ref()
        .is_some_and(|link| link.below(graph.base()).is_none())
    {
        return Err(Error::ForeignLink);
    }
    Ok(Page {
        items: wire.value,
        next: wire.next,
    })
}

/// The call behind a link: like the one before, as the same headers must go along (`research/graph.md` §3).
pub(crate) fn onward(graph: &Graph, before: &Call, link: &Link) -> Call {
    match link.below(graph.base()) {
        Some(target) => Call {
            target,
            ..before.clone()
        },
        None => before.clone().flawed(Error::StoredLink),
    }
}
