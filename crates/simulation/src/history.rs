//! A history: everything that happens, drawn before anything runs. Whatever is left out of it, the rest stays the
//! same, so a failing one can be made smaller.

use crate::field::Field;
use crate::value::Typed;

/// One history from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What it was drawn from; also what the clients' jitter and the network's delays are drawn from.
    pub seed: u64,
    /// What is there at the start.
    pub setting: Setting,
    /// What happens, in order.
    pub steps: Vec<Step>,
}

/// What is there at the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Requests and answers are checked against the vendors' contracts, where they are at hand.
    pub contracts: bool,
    /// The CRM has a unique field for the ids of mailbox items.
    pub external_id: bool,
    /// How the services behave where the real ones vary.
    pub services: Services,
    /// The users with a mailbox and a CRM user each.
    pub people: Vec<Person>,
}

/// How the services behave where the real ones vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches of a world")]
pub struct Services {
    /// Seconds after a write at which Exchange gives the item another change key once more; 0 for never.
    pub second_bump: u64,
    /// That bump moves the time of change too.
    pub churn: bool,
    /// Entries of the round before that a delta round repeats.
    pub replays: u64,
    /// A delta round begins with an empty page.
    pub empty_page: bool,
    /// For how many rounds a delta token is good.
    pub generations: u64,
    /// The status for one that is not.
    pub expired_status: u16,
    /// A folder in the deleted items no longer answers by its id.
    pub hidden_trash: bool,
    /// The CRM keeps telephone numbers back for data protection.
    pub withheld: bool,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What is declared for the sync at the start.
    pub declared: Declared,
    /// The user's contacts in the CRM, oldest first.
    pub records: Vec<Seeded>,
    /// How many contacts of the user's own lie in other folders of the mailbox.
    pub private: usize,
}

/// Names a contact, whatever became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(pub u32);

/// A contact that the CRM holds from the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seeded {
    /// Its name in this history.
    pub label: Label,
    /// It came by an import.
    pub imported: bool,
    /// How many hours ago it was made.
    pub age: u32,
    /// Somebody changed it some time after.
    pub updated: bool,
    /// What it holds.
    pub content: Content,
}

/// What a new contact holds.
pub(crate) type Content = Vec<(Field, Typed)>;

/// What the author of a sync declares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "independent switches of a sync")]
pub struct Declared {
    /// Switched on.
    pub enabled: bool,
    /// Which way.
    pub direction: Direction,
    /// Whose edit counts.
    pub conflict: Conflict,
    /// A deletion in the CRM removes the item.
    pub deletes_to_office: bool,
    /// A deletion in Outlook removes the record.
    pub deletes_to_crm: bool,
    /// Imported records take part.
    pub imported: bool,
    /// The most records that the first sync brings.
    pub cap: u64,
    /// The container's name is the usual one, or the usual one and this number.
    pub folder: u8,
    /// The mapping.
    pub mapping: Mapped,
}

/// Which way a sync or a rule works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    TwoWay,
    /// From the CRM to the mailbox.
    CrmToOffice,
    /// From the mailbox to the CRM.
    OfficeToCrm,
}

/// Whose edit counts where both sides changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The CRM's.
    CrmWins,
    /// The mailbox's.
    OfficeWins,
    /// The later one.
    NewestWins,
    /// Nobody's, until a person decides.
    Manual,
}

/// A mapping as an author declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Starts from the default table.
    pub default: bool,
    /// Rules of the author's own.
    pub own: Vec<Own>,
    /// Left alone.
    pub exclude: Vec<Field>,
}

/// A rule of the author's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// The pair of fields.
    pub field: Field,
    /// Which way.
    pub direction: Direction,
    /// A text that is too long is cut; else its record is parked.
    pub cut: bool,
}

/// One step of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Somebody does something while no sync runs.
    Act(Act),
    /// Every sync runs once, all at the same time.
    Run(Run),
    /// So many seconds pass.
    Wait(u32),
    /// The operator loses something while it is down.
    Loss(Loss),
    /// No faults, and runs until nothing moves; then everything is checked.
    Quiet,
}

/// One run of every sync.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// The slice ends at once, so a run does one piece of work only.
    pub short: bool,
    /// What comes in between.
    pub upsets: Vec<Upset>,
}

/// Something that comes in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upset {
    /// After so many points at which a run waits: for the network, the store or the clock.
    pub moment: u32,
    /// What.
    pub what: Trouble,
}

/// What may come in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Somebody does something.
    Act(Act),
    /// The next request meets with something.
    Fault(Fault),
    /// The process dies. What is on the wire still arrives, or does not.
    Crash {
        /// It arrives.
        delivered: bool,
    },
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No connection: it never arrives, and the client knows.
    Unconnected,
    /// Lost before it arrives.
    Lost,
    /// Its answer is lost.
    Unanswered,
    /// The client gives up; it arrives so many seconds later. Only for reads and conditional writes: nobody could tell
    /// that of a late create.
    Straggles(u16),
    /// Its answer takes so many milliseconds.
    Late(u16),
    /// It arrives twice, and the client gets the first or the second answer. Not for a create which nobody could tell
    /// from its twin.
    Twice {
        /// The second answer.
        second: bool,
    },
    /// 429, with the wait in milliseconds that the answer asks for.
    Throttled {
        /// The work is done all the same.
        done: bool,
        /// The wait.
        wait: Option<u16>,
        /// Of a batch only this part.
        part: Option<u8>,
    },
    /// A status of the server's own.
    Broken {
        /// The status.
        status: u16,
        /// The work is done all the same.
        done: bool,
        /// Of a batch only this part.
        part: Option<u8>,
    },
}

/// What the operator loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The process alone.
    Process,
    /// The whole store.
    Store,
    /// What the store learned since the last quiet time: an older copy was brought back.
    Recent,
    /// The key that values are hashed with.
    Key,
}

/// Something that somebody does. A person is named by its place in the setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// In the CRM.
    Crm(CrmAct),
    /// In a mailbox.
    Outlook(usize, OutlookAct),
    /// In the manifest of a sync.
    Author(usize, AuthorAct),
    /// A service does something on its own.
    Service(ServiceAct),
}

/// Who owns a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A user with a sync.
    Person(usize),
    /// Somebody else.
    Outsider,
}

/// What people do in the CRM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CrmAct {
    /// Adds a record.
    Create(Label, Owner, Content),
    /// Brings records in by a file.
    Import(Owner, Vec<(Label, Content)>),
    /// Edits a field.
    Edit(Label, Field, Typed),
    /// Sets a field of several records at once.
    Mass(Vec<Label>, Field, Typed),
    /// Saves without a change.
    Touch(Label),
    /// Deletes a record.
    Delete(Label),
    /// Brings a record back from the recycle bin.
    Restore(Label),
    /// Hands a record over.
    Transfer(Label, Owner),
    /// Joins two records: the second one goes.
    Merge(Label, Label),
    /// Locks a record against writes, or unlocks it.
    Lock(Label, bool),
}

/// What the owner of a mailbox does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutlookAct {
    /// Adds a contact to the container.
    Create(Label, Content),
    /// Edits a field of a contact's item.
    Edit(Label, Field, Typed),
    /// Deletes an item.
    Delete {
        /// Of this contact.
        label: Label,
        /// Past the deleted items.
        permanently: bool,
    },
    /// Copies an item within the container.
    Copy(Label),
    /// Moves an item to a folder of their own.
    MoveOut(Label),
    /// Moves an item into the container, from wherever it is.
    MoveBack(Label),
    /// Edits a contact of another folder.
    EditPrivate(Typed),
    /// Renames the container.
    RenameFolder(u8),
    /// Moves the container into another folder.
    MoveFolder,
    /// Deletes the container.
    DeleteFolder,
    /// Takes the container out of the deleted items again.
    RestoreFolder,
}

/// What the author of a sync changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthorAct {
    /// Switches it off or on.
    Enable(bool),
    /// Declares something else.
    Declare(Declared),
    /// Asks for a deleted folder to be made anew.
    Reenable,
    /// Approves whatever the guard holds.
    Approve,
}

/// What a service does on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceAct {
    /// Graph ends all access tokens.
    ExpireGraphTokens,
    /// Zoho ends all access tokens.
    ExpireZohoTokens,
    /// Graph forgets the delta tokens of a mailbox.
    ResetDelta(usize),
    /// Graph calls an item removed that is still there.
    FalseRemoved(usize, Label),
    /// Graph repeats a delta page so many times.
    RepeatPages(usize, u8),
    /// Exchange gives every item of the container another change key and time.
    Touch(usize),
    /// Other applications use up the CRM's credits of the day.
    UseCredits,
    /// The connected CRM user loses the right to see the records of others, or gets it back.
    HideOthers(bool),
}
