//! Rows for tests.

use jiff::Timestamp;
use sync_engine::hash::{Base, FieldBase, Hasher};
use sync_engine::identity::{Kind, ScopeId};
use sync_engine::link::{CrmIntent, Link, LinkState, Side};
use sync_engine::office_field::OfficeField;
use sync_engine::value::Value;
use sync_runtime::store::{
    Cause, Change, Conflict, ConflictOutcome, Guarded, Held, News, Parked, Queued, Store, Stranger,
};

pub(crate) const ORG: &str = "org";

pub(crate) fn scope(user: &str) -> ScopeId {
    ScopeId::derive("t", "o", user, Kind::Contacts)
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

pub(crate) fn base() -> Base {
    let hasher = Hasher::new([4; 32]);
    let values = [
        (OfficeField::Surname, "Lovelace"),
        (OfficeField::Email1, "ada@example.com"),
    ];
    let bases = values.map(|(field, text)| {
        let base = FieldBase {
            crm: hasher.field(field, Value::text(text).as_ref()),
            office: hasher.field(field, None),
        };
        (field, base)
    });
    Base(bases.into_iter().collect())
}

pub(crate) fn link(crm_id: &str, office_id: Option<&str>, state: LinkState) -> Link {
    Link {
        crm_id: crm_id.to_owned(),
        office_id: office_id.map(str::to_owned),
        state,
        born: Side::Crm,
        crm_modified: Some(at(7)),
        base: base(),
        gone_since: None,
    }
}

pub(crate) fn queued(crm_id: &str, cause: Cause) -> Queued {
    Queued {
        crm_id: crm_id.to_owned(),
        cause,
        item_too: false,
    }
}

pub(crate) fn enqueue(scope: ScopeId, rows: &[(&str, Cause)]) -> Vec<Change> {
    rows.iter()
        .map(|(id, cause)| Change::Enqueue(scope, queued(id, *cause)))
        .collect()
}

pub(crate) fn stranger(office_id: &str, review: bool) -> Stranger {
    Stranger {
        office_id: office_id.to_owned(),
        review,
    }
}

pub(crate) fn crm_intent(office_id: &str, since: i64) -> CrmIntent {
    CrmIntent {
        office_id: office_id.to_owned(),
        since: at(since),
        base: base(),
    }
}

pub(crate) fn parked(side: Side, id: &str, reason: &str, since: i64) -> Parked {
    Parked {
        side,
        id: id.to_owned(),
        reason: reason.to_owned(),
        field: Some("Email".to_owned()),
        since: at(since),
    }
}

pub(crate) fn held(crm_id: &str, operation: Guarded, trip: Option<&str>) -> Held {
    Held {
        crm_id: crm_id.to_owned(),
        operation,
        trip: trip.map(str::to_owned),
    }
}

pub(crate) fn conflict(crm_id: &str, field: &str, outcome: ConflictOutcome, seconds: i64) -> Conflict {
    Conflict {
        crm_id: crm_id.to_owned(),
        field: field.to_owned(),
        outcome,
        at: at(seconds),
    }
}

/// News of a record that has this owner, or is gone.
pub(crate) fn news(crm_id: &str, owner: Option<&str>, seconds: i64) -> Change {
    let news = News {
        crm_id: crm_id.to_owned(),
        owner: owner.map(str::to_owned),
        at: at(seconds),
        deleted: owner.is_none(),
        again: false,
    };
    Change::News(ORG.to_owned(), news)
}

pub(crate) fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

pub(crate) async fn commit(store: &impl Store, changes: impl IntoIterator<Item = Change>) {
    store.commit(changes.into_iter().collect()).await.unwrap();
}
