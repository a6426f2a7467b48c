//! Conditions: what is true about an object, and since when.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition as MetaCondition, Time};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::Reason;

/// A message is for people and for the terminal; what is longer is cut.
const MESSAGE_CHARACTERS: usize = 1024;

/// What a condition is about. The order is the one in which conditions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConditionType {
    /// The object is as declared, as far as that depends on the operator.
    Ready,
    /// Work goes on or will be tried again. Present only while true.
    Reconciling,
    /// Only a change by a person can help. Present only while true.
    Stalled,
    /// Nothing is read or written because the object or its tenant is suspended. Present only while true.
    Suspended,
    /// Microsoft 365 accepts the operator.
    OfficeConnected,
    /// The CRM accepts the operator.
    CrmConnected,
    /// The Microsoft 365 tenant's administrator consented to every permission that is needed.
    ConsentGranted,
    /// An administrator with the role and accepted terms stand behind the installation.
    Installed,
    /// The administrator has an account in the CRM organisation.
    AccountLinked,
    /// The administrator's CRM account is the organisation's super admin.
    SuperAdmin,
    /// Somebody who may manage users approved the request to join.
    Approved,
    /// Somebody who may manage users turned the request to join down.
    Denied,
    /// A request to join waits for somebody who may manage users. Present only while true.
    AwaitingApproval,
    /// The person is invited to the CRM.
    Invited,
    /// The person is a user of the CRM.
    Accepted,
    /// The person turned the invitation down, or somebody took it back in the CRM. Present only while true.
    Rejected,
    /// The person uses an account of another organisation. Present only while true.
    LinkedElsewhere,
    /// The sync is switched on, by its author and by the mailbox's user.
    Enabled,
    /// The first sync is complete.
    InitialSyncComplete,
    /// A guard holds something back; everything else goes on. Present only while true.
    Held,
    /// The CRM does not show contacts any more that nobody deleted. Present only while true.
    RecordsHidden,
    /// Contacts that only the mailbox holds were left there when the sync was switched off. Present only while true.
    ItemsLeft,
}

impl ConditionType {
    /// Every type, in the order in which conditions are listed.
    pub const ALL: [Self; 22] = [
        Self::Ready,
        Self::Reconciling,
        Self::Stalled,
        Self::Suspended,
        Self::OfficeConnected,
        Self::CrmConnected,
        Self::ConsentGranted,
        Self::Installed,
        Self::AccountLinked,
        Self::SuperAdmin,
        Self::Approved,
        Self::Denied,
        Self::AwaitingApproval,
        Self::Invited,
        Self::Accepted,
        Self::Rejected,
        Self::LinkedElsewhere,
        Self::Enabled,
        Self::InitialSyncComplete,
        Self::Held,
        Self::RecordsHidden,
        Self::ItemsLeft,
    ];

    /// The word as it stands in a condition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::Suspended => "Suspended",
            Self::OfficeConnected => "OfficeConnected",
            Self::CrmConnected => "CrmConnected",
            Self::ConsentGranted => "ConsentGranted",
            Self::Installed => "Installed",
            Self::AccountLinked => "AccountLinked",
            Self::SuperAdmin => "SuperAdmin",
            Self::Approved => "Approved",
            Self::Denied => "Denied",
            Self::AwaitingApproval => "AwaitingApproval",
            Self::Invited => "Invited",
            Self::Accepted => "Accepted",
            Self::Rejected => "Rejected",
            Self::LinkedElsewhere => "LinkedElsewhere",
            Self::Enabled => "Enabled",
            Self::InitialSyncComplete => "InitialSyncComplete",
            Self::Held => "Held",
            Self::RecordsHidden => "RecordsHidden",
            Self::ItemsLeft => "ItemsLeft",
        }
    }
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// The operator does not know yet.
    Unknown,
}

impl ConditionStatus {
    /// The word as it stands in a condition.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl From<bool> for ConditionStatus {
    fn from(holds: bool) -> Self {
        if holds { Self::True } else { Self::False }
    }
}

/// One condition. Type and reason are text here, so that what another release wrote can still be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Condition(MetaCondition);

impl Eq for Condition {}

impl Condition {
    /// What it is about.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.0.type_
    }

    /// What it is about, if this release knows the type.
    #[must_use]
    pub fn condition_type(&self) -> Option<ConditionType> {
        ConditionType::ALL
            .into_iter()
            .find(|known| known.as_str() == self.0.type_)
    }

    /// Whether it holds; what is neither `True` nor `False` counts as unknown.
    #[must_use]
    pub fn status(&self) -> ConditionStatus {
        match self.0.status.as_str() {
            "True" => ConditionStatus::True,
            "False" => ConditionStatus::False,
            _ => ConditionStatus::Unknown,
        }
    }

    /// The reason as it was written.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The reason in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The generation of the spec that it was set for.
    #[must_use]
    pub const fn observed_generation(&self) -> Option<i64> {
        self.0.observed_generation
    }

    /// When its status last changed.
    #[must_use]
    pub const fn last_transition_time(&self) -> Timestamp {
        self.0.last_transition_time.0
    }

    /// Equal in everything but the time.
    fn means(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        a.type_ == b.type_
            && a.status == b.status
            && a.reason == b.reason
            && a.message == b.message
            && a.observed_generation == b.observed_generation
    }

    fn rank(&self) -> usize {
        ConditionType::ALL
            .iter()
            .position(|known| known.as_str() == self.0.type_)
            .unwrap_or(usize::MAX)
    }
}

/// The conditions of an object: at most one of each type, always in the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// Sets one condition. The time of its last transition moves only if its status changes.
    pub fn set(
        &mut self,
        condition_type: ConditionType,
        status: impl Into<ConditionStatus>,
        reason: Reason,
        message: impl AsRef<str>,
        generation: Option<i64>,
        now: Timestamp,
    ) {
        let status = status.into();
        let since = self
            .get(condition_type)
            .filter(|before| before.0.status == status.as_str())
            .map_or(now, Condition::last_transition_time);
        self.remove(condition_type);
        self.0.push(Condition(MetaCondition {
            type_: condition_type.as_str().to_owned(),
            status: status.as_str().to_owned(),
            reason: reason.as_str().to_owned(),
            message: message.as_ref().chars().take(MESSAGE_CHARACTERS).collect(),
            observed_generation: generation,
            last_transition_time: Time(since),
        }));
        self.0.sort_by_key(Condition::rank);
    }

    /// Removes one condition; says whether it was there.
    pub fn remove(&mut self, condition_type: ConditionType) -> bool {
        let before = self.0.len();
        self.0
            .retain(|condition| condition.type_name() != condition_type.as_str());
        self.0.len() != before
    }

    /// Removes every condition whose type this release does not know, so that it does not claim them.
    pub fn retain_known(&mut self) {
        self.0.retain(|condition| condition.condition_type().is_some());
    }

    /// The condition of this type.
    #[must_use]
    pub fn get(&self, condition_type: ConditionType) -> Option<&Condition> {
        self.0
            .iter()
            .find(|condition| condition.type_name() == condition_type.as_str())
    }

    /// Whether there is a condition of this type and it holds.
    #[must_use]
    pub fn is_true(&self, condition_type: ConditionType) -> bool {
        self.get(condition_type)
            .is_some_and(|condition| condition.status() == ConditionStatus::True)
    }

    /// Equal in everything but times: nothing to write.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .all(|mine| other.0.iter().any(|theirs| mine.means(theirs)))
    }

    /// All conditions.
    pub fn iter(&self) -> impl Iterator<Item = &Condition> {
        self.0.iter()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl JsonSchema for Conditions {
    fn schema_name() -> Cow<'static, str> {
        "Conditions".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "maxItems": 32,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
            "items": generator.subschema_for::<Condition>()
        })
    }
}

impl JsonSchema for Condition {
    fn schema_name() -> Cow<'static, str> {
        "Condition".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "description": "One aspect of the state of this object.",
            "required": ["type", "status", "reason", "message", "lastTransitionTime"],
            "properties": {
                "type": {
                    "type": "string",
                    "description": "What the condition is about, such as Ready.",
                    "maxLength": 316,
                    "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
                },
                "status": {
                    "type": "string",
                    "description": "Whether it holds.",
                    "enum": ["True", "False", "Unknown"]
                },
                "reason": {
                    "type": "string",
                    "description": "Why, in one word from a closed list.",
                    "minLength": 1,
                    "maxLength": 1024,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"
                },
                "message": {
                    "type": "string",
                    "description": "Why, in words for people.",
                    "maxLength": 32768
                },
                "observedGeneration": {
                    "type": "integer",
                    "format": "int64",
                    "description": "Generation of the spec that the condition was set for.",
                    "minimum": 0
                },
                "lastTransitionTime": {
                    "type": "string",
                    "format": "date-time",
                    "description": "When the status of this condition last changed."
                }
            }
        })
    }
}

#[cfg(test)]
#[path = "conditions_tests.rs"]
mod tests;
