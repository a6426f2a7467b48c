//! The closed list of reasons. Conditions, Kubernetes Events and metrics use the same words.

use std::fmt;

/// Declares the enum once; the text of the doc comment is also what the reference page prints.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident,)+) => {
        /// Why a condition has its status: one word, from this list only.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it stands in a condition.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)+
                }
            }

            /// What it means, and what to do about it; for the reference page.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

reasons! {
    // Any kind
    /// The object was just seen, or work goes on.
    Progressing,
    /// The last attempt failed in a way that may pass; the next one is scheduled.
    ProgressingWithRetry,
    /// `spec.suspend` is true: nothing is read or written until it is false.
    Suspended,
    /// The object is being deleted and what belongs to it is being removed.
    Deleting,
    /// A fault of the operator itself; its log has the details. It is tried again.
    InternalError,

    // CrmTenant
    /// The operator is signed in.
    Connected,
    /// The Secret that the spec names does not exist in the namespace of the CrmTenant.
    MissingSecret,
    /// The Secret lacks a key or the key is empty; the message names the key.
    MissingSecretKey,
    /// Microsoft 365 does not accept the client secret. Often the id of the secret was copied and not its value.
    WrongClientSecret,
    /// The client secret has expired. Make a new one in the app registration and put it in the Secret.
    ClientSecretExpired,
    /// Microsoft 365 does not know the application of `clientId` in this tenant.
    UnknownApplication,
    /// Microsoft 365 does not know the tenant of `tenantId`.
    UnknownOfficeTenant,
    /// The CRM does not accept the credentials: wrong client, revoked refresh token, or the wrong data centre.
    CrmCredentialsRejected,
    /// The CRM limits how often the operator may sign in or call; it goes on by itself.
    CrmThrottled,
    /// The credentials belong to another CRM organisation than the declared or pinned one. Nothing is written.
    OrganizationChanged,
    /// The app or the CRM user lacks a permission; the message names it.
    PermissionMissing,
    /// The service did not answer; it is tried again.
    Unreachable,
    /// The CRM's Contacts module has no text field without duplicates that has the API name of `externalIdFields`. Make
    /// one in the CRM, or correct the name.
    ExternalIdFieldUnusable,
    /// Syncs or invites still refer to this CrmTenant, which is being deleted; it goes when they are gone.
    TenantInUse,
    /// Every permission that is needed is granted, or works for the mailboxes that were asked.
    PermissionsGranted,
    /// The administrator was seen to hold the role, and the terms are accepted.
    InstallationVerified,
    /// `installation.acceptTerms` is false: nothing is read or written. Read docs/terms.md, and set it to true.
    TermsNotAccepted,
    /// Microsoft 365 has no user with the name in `installation.administrator`.
    AdministratorNotFound,
    /// The administrator is a guest of the Microsoft 365 tenant. Only a member can enable the integration.
    AdministratorIsGuest,
    /// The account of the administrator is blocked in Microsoft 365.
    AdministratorBlocked,
    /// The administrator does not hold the role Global Administrator at the moment. A role that is only eligible has to
    /// be activated first.
    AdministratorRoleMissing,
    /// The verified administrator has lost the role, the account or its place in the tenant since. `recheck` says
    /// whether everything goes on.
    AdministratorRoleLost,
    /// The administrator's CRM account is a user of the organisation.
    AccountVerified,
    /// The CRM organisation has no active user with the administrator's e-mail address. Sign up or join with it, or name
    /// the existing account in `installation.account`.
    AccountNotFound,
    /// The administrator's CRM account is the organisation's super admin.
    SuperAdminVerified,
    /// Somebody else than the administrator is the organisation's super admin. A warning: nothing depends on it.
    SuperAdminDiffers,

    // Syncs
    /// Both sides are in step.
    InSync,
    /// The first sync is running.
    InitialSync,
    /// The first sync is complete.
    InitialSyncDone,
    /// The sync is switched on.
    Enabled,
    /// `spec.enabled` is false.
    Disabled,
    /// The user deleted the folder in the mailbox, which switches the sync off. To switch it on again set `enabled` to
    /// false and back to true, or give the annotation `crmlink.dev/reenable` a new value.
    DisabledInMailbox,
    /// The CrmTenant of `tenantRef` does not exist.
    TenantNotFound,
    /// The CrmTenant is not ready; its own conditions say why.
    TenantNotReady,
    /// The CrmTenant's `allowedNamespaces` does not admit the namespace of this object.
    TenantNotAllowed,
    /// The CrmTenant is suspended, and so are its syncs.
    TenantSuspended,
    /// Microsoft 365 has no such user.
    UserNotFound,
    /// The user is not among those whom the CrmTenant's `approvedUsers` admits. It goes on by itself once the user is.
    UserNotApproved,
    /// The user's account is blocked in Microsoft 365. Nothing is removed; it goes on once the account works again.
    UserBlocked,
    /// The user belongs to the CRM organisation of another CrmTenant; the message names it. Data never follow a user by
    /// themselves: declare another object with that `tenantRef`.
    BelongsToOtherOrganization,
    /// The name in `spec.user` now belongs to another person than the pinned one. Nothing is read or written.
    UserChanged,
    /// The user has no mailbox that the API can reach: no licence, or a mailbox on premises.
    MailboxNotEnabled,
    /// The CRM has no such user.
    CrmUserNotFound,
    /// The CRM user is not active. Nothing is removed; it goes on once the user is.
    CrmUserInactive,
    /// Nothing proves that the mailbox and the CRM user are the same person's. List the pair in the CrmTenant's
    /// `accountLinks`.
    PairNotProven,
    /// The mapping cannot work with the CRM's fields; the message names the field.
    MappingInvalid,
    /// Another object already syncs this mailbox; the message names it.
    AlreadyClaimed,
    /// The mailbox already has a folder of this name that the operator did not make. Choose another `folderName`.
    FolderNameTaken,
    /// `mode` is `Observe`: nothing is written, and `status.plan` shows what `Apply` would do.
    ObserveOnly,
    /// More was to be deleted or updated than `guard` allows. It stands in `status.plan` and waits until `approvedPlans`
    /// lists the plan's hash; everything else goes on.
    GuardHolds,
    /// All syncs of the CrmTenant together were to delete more than its `guard` allows. What this one was to delete
    /// stands in `status.plan` and waits until `approvedPlans` lists the plan's hash; everything else goes on.
    TenantGuardHolds,
    /// More syncs of the CrmTenant are being switched off than its `guard.maxDisablesPerHour` allows. This one keeps what
    /// is in the mailbox until its turn comes by itself.
    DisablesHeld,
    /// Contacts that only the mailbox holds were left there when the sync was switched off; the message has their number.
    ItemsLeftInMailbox,
    /// The object is gone and its copies stayed in the mailbox: nobody could sign in to Microsoft 365 to remove them.
    CopiesLeft,
    /// Contacts vanished from the CRM without an entry in its lists of deletions: the connected CRM user may no longer
    /// see them. Nothing is deleted because of it; give the user the right back.
    RecordsNotVisible,

    // Invites
    /// The request waits for a CRM user who may manage users. They were mailed how to approve it.
    AwaitingApproval,
    /// A CRM user who may manage users approved the request with `crmlink approve`.
    ApprovedByManager,
    /// An administrator of the CRM added the person there.
    ApprovedInCrm,
    /// The CrmTenant's `invites.joinRequests.preApproved` lists the person.
    PreApproved,
    /// A CRM user who may manage users turned the request down with `crmlink deny`. To ask again, delete this object and
    /// create another.
    Denied,
    /// The decision does not count, as the CRM user in whose name it was made may not manage users. It counts once that
    /// user may.
    ApproverNotPermitted,
    /// The invitation is sent and not accepted yet.
    InvitationSent,
    /// The person is a user of the CRM.
    UserActive,
    /// The CRM user is switched off.
    UserInactive,
    /// The person turned the invitation down, or somebody took it back in the CRM. To invite again, delete this object
    /// and create another.
    InvitationRejected,
    /// The person uses a CRM account that belongs to another organisation, so there is none in this one.
    LinkedElsewhere,
    /// The edition of the CRM organisation is a free one or an unpaid trial: only paid ones can have users invited.
    EditionNotPaid,
    /// The organisation is part of Zoho One or CRM Plus, whose users are added in that suite's own administration.
    SuiteManaged,
    /// The organisation is a sandbox, or of another product, which has no users of its own.
    NoUsersHere,
    /// The CRM user whom the operator acts for may not manage users. Give its profile the permission Manage Users.
    ManageUsersMissing,
    /// All seats of the organisation are taken. It goes on by itself once one is free.
    NoFreeSeat,
    /// Too many invitations are pending for the address, over all organisations. It is tried again.
    InvitationQuotaReached,
    /// The CRM does not take the address, or the person turned an earlier invitation down.
    AddressRefused,
    /// The address belongs to an account in another of Zoho's data centres.
    AddressInOtherDataCenter,
    /// The address belongs to a user whom the CRM does not show, probably of another organisation.
    AddressTaken,
    /// The CRM refuses to add or change the user; the message has its code.
    InvitationRefused,
    /// Neither the invite nor the CrmTenant's `invites` declares a role or a profile; the message says which.
    RoleMissing,
    /// The CRM has no role or no profile with the declared id or name; the message says which.
    RoleUnknown,
    /// Several roles or profiles have the declared name; the message says which. Declare the id instead.
    RoleAmbiguous,
    /// Requests to join need a mailbox to be mailed from: `invites.senderMailbox` of the CrmTenant.
    SenderMailboxMissing,
    /// The mails about the request cannot be sent from `invites.senderMailbox`; the message says why.
    RequestMailsFailed,
    /// No active CRM user may manage users, so nobody could approve the request.
    NoApprover,
    /// The object is gone and its CRM user or invitation stayed: it could not be removed; the message says why.
    CrmUserLeft,

    // Syncs and invites
    /// A service limits the number of calls; the sync goes on by itself.
    Throttled,
    /// The CRM's API credits for 24 hours are spent; the sync goes on when there are new ones.
    WaitingForCredits,
    /// The last run failed in a way that may pass; the next one is scheduled.
    RetryLater,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_one_camel_case_word() {
        for reason in Reason::ALL {
            let word = reason.as_str();
            assert!(word.starts_with(|c: char| c.is_ascii_uppercase()), "{word}");
            assert!(word.chars().all(|c| c.is_ascii_alphanumeric()), "{word}");
        }
    }

    #[test]
    fn every_reason_is_explained_in_sentences() {
        for reason in Reason::ALL {
            assert!(reason.meaning().ends_with('.'), "{reason}: {}", reason.meaning());
            assert!(!reason.meaning().contains("  "), "{reason}: {}", reason.meaning());
        }
        assert!(
            Reason::PairNotProven
                .meaning()
                .contains("CrmTenant's `accountLinks`")
        );
    }
}
