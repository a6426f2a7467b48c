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
    /// Syncs still refer to this CrmTenant, which is being deleted; it goes when they are gone.
    TenantInUse,

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
    /// The name in `spec.user` now belongs to another person than the pinned one. Nothing is read or written.
    UserChanged,
    /// The user has no mailbox that the API can reach: no licence, or a mailbox on premises.
    MailboxNotEnabled,
    /// The CRM has no such user.
    CrmUserNotFound,
    /// The CRM user is not active.
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
