//! Decisions from what was gathered: pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use msgraph::User;
use sync_engine::crm_field::CrmField;
use sync_engine::mapping::{Mapping, Requested, RequestedRule, RuleDirection, TooLong};
use sync_engine::office_field::OfficeField;
use sync_engine::plan::DeletesToOffice;
use sync_runtime::contacts::{ImportedItems, Policy};

use crate::api::{
    self, AccountLink, ContactMapping, DeletePolicy, Direction, EffectiveContactPolicy, MappingBase,
    OfficeFieldName, Reason,
};
use crate::controller::trouble::Trouble;

/// The CRM user who is the same person as the mailbox's user (`design.md` N7): one of the mailbox's own addresses, or
/// a pair that the tenant lists.
pub(super) fn pair<'a>(
    declared: &str,
    user: &User,
    crm_user: Option<&str>,
    links: &[AccountLink],
    crm_users: &'a [zoho_crm::User],
) -> Result<&'a zoho_crm::User, Trouble> {
    let own = user.addresses();
    let names_user = |link: &&AccountLink| {
        let named = link.user.as_str();
        named.eq_ignore_ascii_case(declared)
            || named.eq_ignore_ascii_case(&user.id)
            || own.iter().any(|address| address.eq_ignore_ascii_case(named))
    };
    let linked = links.iter().find(names_user).map(|link| link.crm_user.as_str());
    let proven = |address: &str| {
        own.iter().any(|own| own.eq_ignore_ascii_case(address))
            || linked.is_some_and(|linked| linked.eq_ignore_ascii_case(address))
    };
    let found = match crm_user.or(linked) {
        Some(address) if !proven(address) => {
            return Err(Trouble::person(
                Reason::PairNotProven,
                "nothing proves that spec.user and spec.crmUser are the same person: crmUser is none of the mailbox's own addresses, and the CrmTenant's accountLinks do not list the pair. Add it there if it is right",
            ));
        }
        Some(address) => crm_users.iter().find(|candidate| candidate.has_address(address)),
        None => crm_users
            .iter()
            .find(|candidate| own.iter().any(|address| candidate.has_address(address))),
    };
    match found {
        None => Err(Trouble::person(
            Reason::CrmUserNotFound,
            "the CRM has no user with this e-mail address; add the user there, or name the right one in spec.crmUser or in the CrmTenant's accountLinks",
        )),
        Some(user) if !user.has_joined() => Err(Trouble::person(
            Reason::CrmUserInactive,
            "the CRM user has not accepted the invitation or is not active; the sync starts once they are",
        )),
        Some(user) => Ok(user),
    }
}

/// The declared mapping, checked against what the CRM has.
pub(super) fn mapping(declared: &ContactMapping, fields: &[CrmField]) -> Result<Mapping, Trouble> {
    let requested = Requested {
        with_default: declared.base.unwrap_or(MappingBase::Default) == MappingBase::Default,
        rules: declared
            .fields
            .iter()
            .filter_map(|field| {
                Some(RequestedRule {
                    office: office_field(field.office)?,
                    crm: field.crm.clone(),
                    direction: field.direction.map(|direction| match direction {
                        Direction::TwoWay => RuleDirection::Both,
                        Direction::CrmToOffice => RuleDirection::CrmToOffice,
                        Direction::OfficeToCrm => RuleDirection::OfficeToCrm,
                    }),
                    too_long: field.too_long.map(|too_long| match too_long {
                        api::TooLong::Park => TooLong::Park,
                        api::TooLong::Cut => TooLong::Cut,
                    }),
                })
            })
            .collect(),
        exclude: declared
            .exclude
            .iter()
            .filter_map(|field| office_field(*field))
            .collect::<BTreeSet<_>>(),
    };
    Mapping::resolve(&requested, fields).map_err(|problems| {
        let text = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ");
        Trouble::person(Reason::MappingInvalid, text)
    })
}

/// The engine has a field for every name that the API knows; a test proves it.
fn office_field(name: OfficeFieldName) -> Option<OfficeField> {
    OfficeField::from_name(name.as_str())
}

/// The policy in the runtime's terms.
pub(super) fn policy(effective: &EffectiveContactPolicy, asked: bool) -> Policy {
    // Half an interval: syncs of one tenant share a poll, and none sees news later than it promises.
    let half = SignedDuration::try_from(effective.interval / 2).unwrap_or(SignedDuration::ZERO);
    Policy {
        folder_name: effective.folder_name.clone(),
        imported: match effective.imported_items {
            api::ImportedItems::Exclude => ImportedItems::Exclude,
            api::ImportedItems::Include => ImportedItems::Include,
        },
        initial_cap: effective.initial_max_items.into(),
        deletes: match effective.deletes_to_office {
            DeletePolicy::Propagate => DeletesToOffice::Propagate,
            DeletePolicy::Never => DeletesToOffice::Never,
        },
        feed_max_age: if asked { SignedDuration::ZERO } else { half },
    }
}

/// Whether a label selector matches.
pub(super) fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    Selector::try_from(selector.clone()).is_ok_and(|selector| selector.matches(labels))
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
