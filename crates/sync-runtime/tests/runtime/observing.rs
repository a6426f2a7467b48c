//! A dry run: it writes nothing anywhere and tells what a run then does.

use sync_engine::link::Side;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{GuardLimits, Observed, Outcome, PlannedOperation as Operation};
use sync_runtime::store::Store;

use crate::fakes::world::{World, unguarded};
use crate::scenes::{own, with_ada};

/// What a run is about to do, and that it does that.
async fn foretold(world: &World) -> Observed {
    let (items, writes, crm) = (
        world.mailbox().all(),
        world.mailbox().writes(),
        world.crm.snapshot(),
    );
    let folders = world.mailbox().folder_names();
    let scope = world.users[0].scope;
    let before = (
        world.store.inner.scope(scope).await.unwrap(),
        world.store.inner.all_links(scope).await.unwrap(),
        world.store.inner.queue(scope, 1_000).await.unwrap(),
        world.parked().await,
        world.held().await,
    );
    world.wait(300);
    let observed = world.observe().await;
    assert_eq!(
        observed,
        world.observe().await,
        "twice the same, and nothing is noted for the next one"
    );
    let after = (
        world.store.inner.scope(scope).await.unwrap(),
        world.store.inner.all_links(scope).await.unwrap(),
        world.store.inner.queue(scope, 1_000).await.unwrap(),
        world.parked().await,
        world.held().await,
    );
    assert_eq!(after, before);
    assert_eq!(world.mailbox().all(), items);
    assert_eq!(world.mailbox().writes(), writes);
    assert_eq!(world.mailbox().folder_names(), folders);
    assert_eq!(world.crm.snapshot(), crm);

    world.run().await.unwrap();
    let (now, crm_before, crm_now) = (world.mailbox().writes(), crm, world.crm.writes());
    let counted = |operation, side| observed.count(operation, side);
    assert_eq!(
        counted(Operation::Create, Side::Office),
        now.creates - writes.creates
    );
    assert_eq!(
        counted(Operation::Update, Side::Office),
        now.updates - writes.updates
    );
    assert_eq!(
        counted(Operation::Delete, Side::Office),
        now.deletes - writes.deletes
    );
    let crm_writes = crm_before.writes();
    assert_eq!(
        counted(Operation::Create, Side::Crm),
        crm_now.inserts - crm_writes.inserts
    );
    assert_eq!(
        counted(Operation::Update, Side::Crm),
        crm_now.updates - crm_writes.updates
    );
    assert_eq!(
        counted(Operation::Delete, Side::Crm),
        crm_now.deletes - crm_writes.deletes
    );
    observed
}

#[tokio::test]
async fn i19_a_dry_run_of_the_first_sync_makes_nothing_not_even_the_folder() {
    let world = World::new();
    let ids: Vec<String> = (0..20).map(|n| world.person(&format!("P{n}"))).collect();
    world.crm.import("alice", &[("Last_Name", "Imported")]);
    world.crm.add("alice", &[("Phone", "1")]);
    let observed = foretold(&world).await;
    assert_eq!(observed.outcome, Some(Outcome::UpToDate));
    assert_eq!(observed.writes.len(), 20);
    assert!(
        observed
            .writes
            .contains(&(Operation::Create, Side::Office, ids[0].clone()))
    );
}

#[tokio::test]
async fn i19_a_dry_run_tells_every_kind_of_write() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let ids: Vec<String> = (0..12).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    let item = |n: usize| world.mailbox().id_of(&ids[n]);
    let gone = item(0);
    world.mailbox().user_deletes(&gone);
    world.sync().await;
    world.crm.delete(&ids[1]);
    world.crm.edit(&ids[2], "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(&item(3), OfficeField::JobTitle, Some("Countess"));
    world.crm.edit(&ids[4], "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(&item(4), OfficeField::Department, Some("Engines"));
    // Edited and deleted: made anew, and its item is marked anew.
    world
        .mailbox()
        .user_edits(&item(5), OfficeField::JobTitle, Some("Countess"));
    world.crm.delete(&ids[5]);
    world.crm.transfer(&ids[6], "bob");
    world.mailbox().user_copies(&item(7), "copy");
    let own = own(&world, "Hopper");
    let fresh = world.person("Fresh");
    let observed = foretold(&world).await;
    let expected = [
        (Operation::Delete, Side::Office, world.mailbox_id(&ids[1])),
        (Operation::Delete, Side::Crm, ids[0].clone()),
        (Operation::Update, Side::Crm, ids[3].clone()),
        (Operation::Create, Side::Office, fresh),
        (Operation::Create, Side::Crm, own),
    ];
    for write in expected {
        if !write.2.is_empty() {
            assert!(observed.writes.contains(&write), "{write:?}: {observed:?}");
        }
    }
    assert_eq!(observed.writes.len(), 11, "{observed:?}");
}

impl World {
    /// The item that a record had, if the trash still has it.
    fn mailbox_id(&self, crm_id: &str) -> String {
        let state = self.mailbox().state();
        let suffix = format!("|{crm_id}");
        let of = |held: &crate::fakes::mailbox::Held| {
            held.marker
                .as_deref()
                .is_some_and(|marker| marker.ends_with(&suffix))
        };
        let found = state.items.iter().find(|(_, held)| of(held));
        found.map(|(id, _)| id.clone()).unwrap_or_default()
    }
}

#[tokio::test]
async fn a_dry_run_shows_what_the_guard_would_hold_and_holds() {
    let mut world = World::new();
    let ids: Vec<String> = (0..20).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    world.policy.guard = GuardLimits {
        deletes_per_run: 3,
        deletes_percent: 10,
        ..unguarded()
    };
    for id in &ids[..10] {
        world.crm.delete(id);
    }
    world.wait(300);
    let first = world.observe().await;
    assert_eq!(first.count(Operation::Delete, Side::Office), 10);
    world.run().await.unwrap();
    assert_eq!(world.counts().await.held, 7);
    let second = world.observe().await;
    assert_eq!(second.count(Operation::Delete, Side::Office), 7);
    assert_ne!(first.hash(), second.hash());
    assert_eq!(world.counts().await.held, 7);
}

#[tokio::test]
async fn a_dry_run_after_a_lost_store_shows_that_nothing_is_made_twice() {
    let mut world = World::new();
    for n in 0..10 {
        world.person(&format!("P{n}"));
    }
    world.sync().await;
    own(&world, "Hopper");
    world.sync().await;
    world.report().await;
    world.lose_store();
    let observed = foretold(&world).await;
    assert_eq!(observed.writes, []);
    assert_eq!(world.counts().await.linked, 11);
}

#[tokio::test]
async fn a_dry_run_of_a_sync_that_its_owner_switched_off_says_so() {
    let (world, _, _) = with_ada().await;
    world
        .mailbox()
        .user_deletes_folder_for_good(&world.mailbox().container());
    let observed = world.observe().await;
    assert_eq!(observed.outcome, Some(Outcome::RemovedByOwner));
    assert!(!world.state().await.removed_by_owner, "only a run may say that");
}
