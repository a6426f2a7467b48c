//! What it means that the CRM does not invite somebody, in words for the author: pure.

use std::time::Duration;

use zoho_crm::{AddressProblem, CannotInvite, UserError, UserRefusal};

use crate::api::Reason;
use crate::controller::trouble::{Remedy, Trouble};

/// How long the CRM is left alone at least while all seats are taken: somebody has to buy or to free one.
const SEAT: Duration = Duration::from_mins(10);
/// How long it is left alone while too many invitations of the address are pending.
const QUOTA: Duration = Duration::from_hours(1);

/// Why an organisation cannot have users invited at all.
pub(super) fn cannot_invite(why: CannotInvite) -> Trouble {
    match why {
        CannotInvite::Unpaid => not_paid(),
        CannotInvite::SuiteManaged => suite(),
        CannotInvite::Sandbox => sandbox(),
        _ => Trouble::person(
            Reason::NoUsersHere,
            format!("{why}: declare a CrmTenant of a CRM organisation"),
        ),
    }
}

/// What a refused invitation means.
pub(super) fn of_invitation(error: &UserError) -> Trouble {
    let UserError { reason, refusal } = error;
    let waits = |reason, message: &str, wait| Trouble {
        remedy: Remedy::Others(Some(wait)),
        ..Trouble::others(reason, message)
    };
    match reason {
        UserRefusal::NoSeat => waits(
            Reason::NoFreeSeat,
            "all seats of the CRM organisation are taken: buy one, or switch a user off there. The invitation goes out by itself once a seat is free",
            SEAT,
        ),
        UserRefusal::InvitationLimit => waits(
            Reason::InvitationQuotaReached,
            "the person has as many invitations pending as the CRM allows, over all organisations: they have to answer or their senders to withdraw some. It is tried again every hour",
            QUOTA,
        ),
        UserRefusal::SuiteManaged => suite(),
        UserRefusal::Sandbox => sandbox(),
        UserRefusal::NotInEdition => not_paid(),
        UserRefusal::NotAuthorized => manage_users_missing(),
        UserRefusal::Address(AddressProblem::OtherDataCenter) => Trouble::person(
            Reason::AddressInOtherDataCenter,
            "the address belongs to an account in another of Zoho's data centres, which this organisation cannot invite: invite another address with account.email, or have the account moved",
        ),
        UserRefusal::Address(AddressProblem::Malformed) => Trouble::person(
            Reason::AddressRefused,
            "the CRM does not take the address: correct it in user or account.email",
        ),
        UserRefusal::Address(_) => Trouble::person(
            Reason::AddressRefused,
            "the CRM does not invite the address, mostly because the person turned an earlier invitation of this organisation down: add them in Zoho (Setup > Users), or invite another address with account.email",
        ),
        UserRefusal::AlreadyThere { .. } => Trouble::person(
            Reason::AddressTaken,
            "the address belongs to a CRM user whom this organisation does not show, probably one of another organisation: declare that with account.mode: Link, or invite another address with account.email",
        ),
        UserRefusal::OrganisationIncomplete => Trouble::person(
            Reason::InvitationRefused,
            "the CRM invites nobody before its own details are complete, for example the company name: complete them in Zoho (Setup > Company settings)",
        ),
        _ => Trouble::person(
            Reason::InvitationRefused,
            format!("the CRM refuses to invite the person ({refusal}): check names, role and profile"),
        ),
    }
}

/// The acting user may not invite.
pub(super) fn manage_users_missing() -> Trouble {
    Trouble::person(
        Reason::ManageUsersMissing,
        "the CRM user whom the operator acts for may not manage users: give its profile the permission Manage Users (Setup > Security control > Profiles), or connect the CrmTenant with another user. Nobody is invited until then",
    )
}

fn not_paid() -> Trouble {
    Trouble::person(
        Reason::EditionNotPaid,
        "the CRM organisation has a free edition or an unpaid trial, and only paid ones can have users invited: choose a paid edition. It goes on by itself within half an hour",
    )
}

fn suite() -> Trouble {
    Trouble::person(
        Reason::SuiteManaged,
        "the organisation is part of Zoho One or CRM Plus: add the person in that suite's own administration, and this object shows it once they are a user of the CRM",
    )
}

fn sandbox() -> Trouble {
    Trouble::person(
        Reason::NoUsersHere,
        "the CRM organisation is a sandbox, which has no users of its own: invite the person to the organisation that it belongs to",
    )
}

#[cfg(test)]
mod tests {
    use zoho_crm::Refusal;

    use super::*;

    fn of(reason: UserRefusal) -> Trouble {
        let refusal = Refusal {
            status: 400,
            code: "SOME_CODE".to_owned(),
            ..Refusal::default()
        };
        of_invitation(&UserError { reason, refusal })
    }

    #[test]
    fn every_refusal_has_a_reason_and_says_what_to_do() {
        let address = UserRefusal::Address;
        for (refusal, reason, remedy) in [
            (UserRefusal::NoSeat, Reason::NoFreeSeat, "buy one"),
            (
                UserRefusal::InvitationLimit,
                Reason::InvitationQuotaReached,
                "tried again",
            ),
            (
                UserRefusal::SuiteManaged,
                Reason::SuiteManaged,
                "own administration",
            ),
            (UserRefusal::Sandbox, Reason::NoUsersHere, "belongs to"),
            (UserRefusal::NotInEdition, Reason::EditionNotPaid, "paid edition"),
            (
                UserRefusal::NotAuthorized,
                Reason::ManageUsersMissing,
                "Manage Users",
            ),
            (
                address(AddressProblem::Malformed),
                Reason::AddressRefused,
                "correct it",
            ),
            (
                address(AddressProblem::Unspecified),
                Reason::AddressRefused,
                "Setup > Users",
            ),
            (
                address(AddressProblem::OtherDataCenter),
                Reason::AddressInOtherDataCenter,
                "account.email",
            ),
            (
                UserRefusal::AlreadyThere { id: None },
                Reason::AddressTaken,
                "Link",
            ),
            (
                UserRefusal::OrganisationIncomplete,
                Reason::InvitationRefused,
                "complete them",
            ),
            (UserRefusal::Member, Reason::InvitationRefused, "SOME_CODE"),
            (UserRefusal::Other, Reason::InvitationRefused, "SOME_CODE"),
        ] {
            let trouble = of(refusal);
            assert_eq!(trouble.reason, reason);
            assert!(trouble.message.contains(remedy), "{}", trouble.message);
        }
    }

    #[test]
    fn what_others_bring_is_waited_for_and_what_an_author_mends_stalls() {
        assert_eq!(of(UserRefusal::NoSeat).remedy, Remedy::Others(Some(SEAT)));
        assert_eq!(
            of(UserRefusal::InvitationLimit).remedy,
            Remedy::Others(Some(QUOTA))
        );
        assert_eq!(of(UserRefusal::Other).remedy, Remedy::Person);
        assert_eq!(cannot_invite(CannotInvite::Unpaid).reason, Reason::EditionNotPaid);
        assert_eq!(cannot_invite(CannotInvite::Bigin).reason, Reason::NoUsersHere);
    }
}
