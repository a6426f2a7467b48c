//! Lists that are paged by number.

use std::marker::PhantomData;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Call, IF_MODIFIED_SINCE};
use crate::client::Zoho;
use crate::error::Error;

/// The largest page of every list (`research/zoho.md` §3, §4).
pub(crate) const PER_PAGE: &str = "200";

/// What a paged list asks for.
#[derive(Debug, Clone)]
pub(crate) struct PagedList {
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) if_modified_since: Option<Timestamp>,
    /// Key of the list in the answer.
    pub(crate) key: &'static str,
}

/// A list, page by page.
#[derive(Debug)]
pub struct Pages<T> {
    zoho: Zoho,
    list: PagedList,
    next: Option<u32>,
    rows: PhantomData<fn() -> T>,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Info {
    #[serde(default)]
    pub(crate) more_records: bool,
    #[serde(default)]
    pub(crate) next_page_token: Option<String>,
}

impl<T: DeserializeOwned> Pages<T> {
    pub(crate) fn new(zoho: Zoho, list: PagedList) -> Self {
        Self {
            zoho,
            list,
            next: Some(1),
            rows: PhantomData,
        }
    }

    /// The next page; nothing once the list is at its end.
    ///
    /// # Errors
    /// Whatever the call says; the same page is asked for again by the next call.
    pub async fn next(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(page) = self.next else { return Ok(None) };
        let mut call = Call::get(self.list.route, self.list.path.clone());
        for (key, value) in &self.list.query {
            call = call.query(key, value);
        }
        call = call
            .query("page", &page.to_string())
            .query("per_page", PER_PAGE)
            .time_header(IF_MODIFIED_SINCE, self.list.if_modified_since);
        let answer = self.zoho.send(&call).await?;
        let Some(mut body) = answer.json::<serde_json::Map<String, Value>>()? else {
            self.next = None;
            return Ok(None);
        };
        let info: Info = body
            .remove("info")
            .map(serde_json::from_value)
            .transpose()
            .map_err(|_| answer.unreadable("info"))?
            .unwrap_or_default();
        let rows = body
            .remove(self.list.key)
            .ok_or_else(|| answer.unreadable("no list"))?;
        let rows: Vec<T> = serde_json::from_value(rows).map_err(|_| answer.unreadable("a row"))?;
        // An empty page that promises more would never end.
        self.next = (info.more_records && !rows.is_empty()).then_some(page.saturating_add(1));
        Ok(Some(rows))
    }

    /// All rows of the pages that are left.
    ///
    /// # Errors
    /// Whatever a call says.
    pub async fn all(mut self) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
        }
        Ok(all)
    }
}
