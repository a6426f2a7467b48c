//! The limits of a mailbox hold whatever the callers do.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join_all};
use msgraph::{MailboxLimits, Select};
use serde_json::json;

use crate::support::{Fixture, Say, batched, contact, gap, refusal, sequence};

#[tokio::test]
async fn never_more_than_four_are_in_flight() {
    let fixture = Fixture::slow(Duration::from_secs(1), |_| Say::Json(200, contact("c")));
    // Two clients, as two tenants' resources would have, share the limits.
    let limits = Arc::new(MailboxLimits::new(Arc::new(fixture.clock.clone())));
    let (one, two) = (
        fixture.graph.clone().sharing(limits.clone()),
        fixture.graph.clone().sharing(limits),
    );
    let (one, two) = (one.mailbox("u-1").contacts("f"), two.mailbox("U-1").contacts("f"));
    let calls = (0..15).flat_map(|_| {
        [
            one.get("c", &Select::identity()),
            two.get("c", &Select::identity()),
        ]
    });
    let outcomes = fixture.run(join_all(calls.map(msgraph::Request::send))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(fixture.service.peak(), 4);
}

#[tokio::test]
async fn a_batch_has_the_mailbox_for_itself() {
    let fixture = Fixture::slow(Duration::from_secs(1), |seen| {
        if seen.uri.ends_with("$batch") {
            batched(seen, |_| json!({ "status": 200, "body": contact("c") }))
        } else {
            Say::Json(200, contact("c"))
        }
    });
    let contacts = fixture.mailbox().contacts("f");
    let mailbox = fixture.mailbox();
    let batches = join_all(
        (0..3).map(|_| mailbox.batch((0..25).map(|_| contacts.get("c", &Select::identity())).collect())),
    );
    let singles = join_all((0..10).map(|_| contacts.get("c", &Select::identity()).send()));
    let (batches, singles) = fixture.run(join(batches, singles)).await;
    assert!(batches.iter().flatten().all(Result::is_ok) && singles.iter().all(Result::is_ok));
    assert_eq!(fixture.service.peak(), 4);
}

#[tokio::test]
async fn two_mailboxes_do_not_wait_for_each_other() {
    let fixture = Fixture::slow(Duration::from_secs(1), |_| Say::Json(200, contact("c")));
    let boxes = ["u-1", "u-2"].map(|user| fixture.graph.mailbox(user).contacts("f"));
    let calls = (0..8).flat_map(|_| {
        boxes
            .iter()
            .map(|contacts| contacts.get("c", &Select::identity()).send())
    });
    fixture.run(join_all(calls)).await;
    assert_eq!(fixture.service.peak(), 8);
}

#[tokio::test]
async fn ten_thousand_in_ten_minutes_and_not_one_more() {
    let fixture = Fixture::new(|seen| batched(seen, |_| json!({ "status": 200, "body": contact("c") })));
    let contacts = fixture.mailbox().contacts("f");
    let requests = (0..10_001)
        .map(|_| contacts.get("c", &Select::identity()))
        .collect();
    let outcomes = fixture.run(fixture.mailbox().batch(requests)).await;
    assert!(outcomes.iter().all(Result::is_ok));
    let seen = fixture.service.seen();
    assert_eq!(seen.len(), 501);
    assert!(gap(&seen, 0, 499) < 5.0, "the first ten thousand need not wait");
    assert!(
        (600.0..602.0).contains(&gap(&seen, 0, 500)),
        "{}",
        gap(&seen, 0, 500)
    );
}

#[tokio::test]
async fn one_throttled_call_makes_the_others_of_the_mailbox_wait() {
    let fixture = Fixture::new(sequence(vec![
        Say::Wait(429, "20", refusal("ApplicationThrottled")),
        Say::Json(200, contact("c")),
    ]));
    let contacts = fixture.mailbox().contacts("f");
    let first = contacts.get("c", &Select::identity()).send();
    let second = async {
        fixture.clock_past(1).await;
        contacts.get("c", &Select::identity()).send().await
    };
    let (first, second) = fixture.run(join(first, second)).await;
    assert!(first.is_ok() && second.is_ok());
    let seen = fixture.service.seen();
    assert!((20.0..20.2).contains(&gap(&seen, 0, 1)) && (20.0..20.2).contains(&gap(&seen, 0, 2)));
}

impl Fixture {
    async fn clock_past(&self, seconds: u64) {
        use ambient::Clock;
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }
}
