//! A record's history, which is the only system answer to "was it imported?" (`research/zoho.md` §6).

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::call::{Call, check_id};
use crate::client::Zoho;
use crate::error::Error;
use crate::ids::RecordId;
use crate::module::Module;
use crate::pages::Info;

/// `added` is the first entry or close to it; more would only make the answer longer.
const PER_PAGE: &str = "50";
/// A history that starts with this many pages of other things has no `added` entry to find.
const MOST_PAGES: usize = 3;

open_enum! {
    /// How an entry came about. Zoho has about 110 more.
    Source {
        /// A person in the browser.
        CrmUi = "crm_ui",
        /// A call of the API.
        CrmApi = "crm_api",
        /// A person on the telephone.
        CrmMobile = "crm_mobile",
        /// An import of a file.
        Import = "import",
        /// A migration from another CRM.
        Migration = "migration",
        /// The bulk write API.
        BulkApi = "bulkapi",
        /// A form on a page.
        WebForm = "webform",
        /// A mass update.
        MassUpdate = "mass_update",
        /// A scheduled mass update.
        MassUpdateViaScheduler = "mass_update_via_scheduler",
        /// A mass update of a blueprint.
        MassUpdateViaBlueprint = "mass_update_via_blueprint",
        /// Several made at once by a person.
        MassAdditionViaUi = "mass_addition_via_ui",
        /// An action on several.
        BulkAction = "bulk_action",
        /// The sheet view.
        SheetView = "sheet_view",
        /// The Outlook plug-in.
        Outlook = "outlook",
        /// Zoho's own Office 365 integration.
        Microsoft = "microsoft",
        /// Zoho's own Google integration.
        Google = "google",
        /// A converted lead.
        Convert = "convert",
        /// A rule of the organisation.
        Workflow = "workflow",
        /// A function of the organisation.
        CustomFunction = "custom_function",
        /// Assignment rules.
        AssignmentRules = "assignment_rules",
        /// Scoring rules.
        ScoringRule = "scoringrule",
        /// Zoho itself.
        SystemGenerated = "system_generated",
        /// Sample data of a new organisation.
        SampleData = "sample_data",
        /// A sandbox.
        Sandbox = "sandbox",
        /// Not known to Zoho either.
        Unknown = "unknown",
    }
}

open_enum! {
    /// What an entry tells.
    Action {
        /// The record was made.
        Added = "added",
        /// Fields changed.
        Updated = "updated",
        /// Deleted.
        Deleted = "deleted",
        /// Came back from the recycle bin.
        Restored = "restored",
        /// Entered the system.
        EnteredInSystem = "entered_in_system",
    }
}

impl Source {
    /// An import of a file or a migration. The bulk write API is left to the caller's policy.
    #[must_use]
    pub fn is_import(&self) -> bool {
        matches!(self, Self::Import | Self::Migration)
    }

    /// A change of many records at once by a person.
    #[must_use]
    pub fn is_mass_update(&self) -> bool {
        matches!(
            self,
            Self::MassUpdate | Self::MassUpdateViaScheduler | Self::MassUpdateViaBlueprint
        )
    }

    /// A rule that runs on its own, as rules do right after an import.
    fn is_automation(&self) -> bool {
        matches!(
            self,
            Self::Workflow
                | Self::CustomFunction
                | Self::AssignmentRules
                | Self::ScoringRule
                | Self::SystemGenerated
        )
    }
}

/// An entry of the timeline, without who and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub action: Action,
    /// How it came about.
    pub source: Source,
    /// When.
    pub at: Timestamp,
    /// Whether a rule did it.
    pub automated: bool,
}

/// A page of a timeline, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimelinePage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Leads to the next page.
    pub next_page_token: Option<String>,
}

/// How a record came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The action of the entry: [`Action::Added`].
    pub action: Action,
    /// Its source.
    pub source: Source,
    /// When.
    pub at: Timestamp,
    /// Whether somebody updated it later, singly or with others; see [`TimelinePage::updated_after`].
    pub updated_later: bool,
}

impl Origin {
    /// Imported, and not touched since: such a record is not synced (design, C7 and K7).
    #[must_use]
    pub fn is_untouched_import(&self) -> bool {
        self.source.is_import() && !self.updated_later
    }
}

impl TimelinePage {
    /// The entry that tells of the record's making.
    #[must_use]
    pub fn added(&self) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.action == Action::Added)
    }

    /// Whether an update followed `added` that was neither a rule's nor part of an import.
    #[must_use]
    pub fn updated_after(&self, added: &Entry) -> bool {
        self.entries.iter().any(|entry| {
            entry.action == Action::Updated
                && entry.at >= added.at
                && (entry.source.is_mass_update()
                    || !(entry.automated || entry.source.is_automation() || entry.source.is_import()))
        })
    }
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "__timeline")]
    timeline: Vec<Wire>,
    #[serde(default)]
    info: Option<Info>,
}

#[derive(Deserialize)]
struct Wire {
    action: Action,
    source: Source,
    audited_time: Timestamp,
    #[serde(default)]
    automation_details: Option<Value>,
}

impl Zoho {
    /// A page of a record's timeline, oldest entry first. One credit.
    ///
    /// # Errors
    /// If the id is malformed, or whatever the call says.
    pub async fn timeline(
        &self,
        module: Module,
        id: &RecordId,
        page_token: Option<&str>,
    ) -> Result<TimelinePage, Error> {
        check_id("record", id.is_well_formed())?;
        let call = Call::get(
            "GET /{module}/{id}/__timeline",
            format!("/{module}/{id}/__timeline"),
        )
        .query("sort_by", "audited_time")
        .query("sort_order", "asc")
        .query("per_page", PER_PAGE)
        .maybe_query("page_token", page_token);
        let Some(body) = self.send(&call).await?.json::<Body>()? else {
            return Ok(TimelinePage::default());
        };
        let entries = body.timeline.into_iter().map(|wire| Entry {
            action: wire.action,
            source: wire.source,
            at: wire.audited_time,
            automated: wire.automation_details.is_some_and(|details| !details.is_null()),
        });
        let next_page_token = body
            .info
            .filter(|info| info.more_records)
            .and_then(|info| info.next_page_token);
        Ok(TimelinePage {
            entries: entries.collect(),
            next_page_token,
        })
    }

    /// How a record came about: pages are read until one holds the `added` entry. Nothing where there is none.
    ///
    /// # Errors
    /// If the id is malformed, or whatever a call says.
    pub async fn origin(&self, module: Module, id: &RecordId) -> Result<Option<Origin>, Error> {
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let page = self.timeline(module, id, token.as_deref()).await?;
            if let Some(added) = page.added() {
                return Ok(Some(Origin {
                    action: added.action.clone(),
                    source: added.source.clone(),
                    at: added.at,
                    updated_later: page.updated_after(added),
                }));
            }
            token = page.next_page_token;
            if token.is_none() {
                break;
            }
        }
        Ok(None)
    }
}
