//! Enabling again: after the owner removed the folder, after burying, after review.

use sync_engine::identity::container_marker;
use sync_engine::link::LinkState;
use sync_engine::office_field::OfficeField;
use sync_runtime::contacts::Outcome;

use crate::fakes::mailbox::{ROOT, TRASH};
use crate::fakes::world::{FOLDER, World};
use crate::scenes::{grace_in, own, states, stays_as_it_is, with_ada, with_grace};

async fn reenable(world: &mut World) {
    world.users[0].reenable = true;
    world.sync().await;
    world.users[0].reenable = false;
    world.report().await;
}

/// The owner removes the folder, and the sync is off.
async fn is_off(world: &mut World) {
    world.report().await;
    world.wait(300);
    assert_eq!(world.run().await.unwrap(), Outcome::RemovedByOwner);
}

#[tokio::test]
async fn k8_a_deleted_folder_is_made_anew_once_somebody_asks() {
    for for_good in [true, false] {
        let (mut world, ada, item) = with_ada().await;
        grace_in(&world).await;
        let folder = world.mailbox().container();
        if for_good {
            world.mailbox().user_deletes_folder_for_good(&folder);
        } else {
            world.mailbox().user_changes_folder(&folder, Some(TRASH), None);
        }
        is_off(&mut world).await;
        reenable(&mut world).await;
        assert_ne!(world.mailbox().container(), folder);
        assert_eq!(world.mailbox().all().len(), 2);
        assert_ne!(world.mailbox().id_of(&ada), item);
        assert_eq!(world.crm.state().records.len(), 2);
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn k8_a_moved_folder_is_found_where_it_is() {
    for lost in [false, true] {
        let (mut world, ada, item) = with_ada().await;
        let (grace, born) = grace_in(&world).await;
        let folder = world.mailbox().container();
        let archive = world.mailbox().user_adds_folder("Archive", None);
        world.mailbox().user_changes_folder(&folder, Some(&archive), None);
        is_off(&mut world).await;
        // Made and edited while it was off.
        let fresh = {
            let mut state = world.mailbox().state();
            let fields = crate::fakes::outlook::fields(&[(OfficeField::Surname, "Fresh")]);
            state.put("fresh", &folder, None, &fields);
            "fresh"
        };
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
        world.crm.edit(&grace, "Department", Some("Navy"));
        if lost {
            world.lose_store();
        }
        reenable(&mut world).await;
        assert_eq!(world.mailbox().container(), folder);
        assert_eq!(world.mailbox().folder_names().len(), 2);
        assert_eq!(
            world.crm.text(&ada, "Title").unwrap(),
            if lost { "Analyst" } else { "Countess" },
            "without a base the CRM wins"
        );
        assert_eq!(world.crm.named("alice", "Hopper").len(), 1);
        if lost {
            let parked = world.parked().await;
            assert!(parked.iter().any(|parked| parked.id == fresh));
        } else {
            assert_eq!(
                world.mailbox().text(&born, OfficeField::Department).unwrap(),
                "Navy"
            );
            world.crm.the("Fresh");
            assert_eq!(world.mailbox().all().len(), 3);
        }
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn k8_a_folder_that_came_back_waits_until_somebody_asks() {
    let (mut world, ada, item) = with_ada().await;
    let folder = world.mailbox().container();
    world.mailbox().user_changes_folder(&folder, Some(TRASH), None);
    is_off(&mut world).await;
    world.mailbox().user_changes_folder(&folder, Some(ROOT), None);
    is_off(&mut world).await;
    reenable(&mut world).await;
    assert_eq!(world.mailbox().container(), folder);
    assert_eq!(world.mailbox().id_of(&ada), item);
    assert_eq!(world.mailbox().writes().creates, 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n2_asking_again_and_again_makes_one_folder() {
    let (mut world, _, _) = with_ada().await;
    let folder = world.mailbox().container();
    world.mailbox().user_deletes_folder_for_good(&folder);
    is_off(&mut world).await;
    world.users[0].reenable = true;
    for _ in 0..3 {
        world.sync().await;
    }
    assert_eq!(world.mailbox().folder_names(), [FOLDER]);
    assert_eq!(world.mailbox().all().len(), 1);
}

#[tokio::test]
async fn n2_what_is_brought_back_is_found_where_it_came_back_by_itself() {
    for born_in_crm in [true, false] {
        let (mut world, record, item) = if born_in_crm {
            with_ada().await
        } else {
            with_grace().await
        };
        let folder = world.mailbox().container();
        world.mailbox().user_deletes(&item);
        world.sync().await;
        assert_eq!(states(&world).await, [LinkState::Tombstone]);
        // Put back, and nothing has told of it yet.
        world.mailbox().state().delta.silent.insert(item.clone());
        world.mailbox().user_moves(&item, &folder);
        reenable(&mut world).await;
        assert_eq!(states(&world).await, [LinkState::Linked]);
        assert_eq!(world.mailbox().all().len(), 1);
        assert_eq!(world.crm.state().records.len(), 1);
        world.crm.edit(&record, "Title", Some("Countess"));
        world.sync().await;
        assert_eq!(
            world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
            "Countess"
        );
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn k8_what_stays_deleted_in_the_crm_is_not_brought_back() {
    let (mut world, ada, item) = with_ada().await;
    world.mailbox().user_deletes(&item);
    world.sync().await;
    world.crm.delete(&ada);
    reenable(&mut world).await;
    assert!(world.mailbox().all().is_empty());
    assert_eq!(states(&world).await, []);
}

#[tokio::test]
async fn n2_another_clusters_claim_is_taken_over_where_the_tenant_names_it() {
    let mut world = World::new();
    let (grace, born) = grace_in(&world).await;
    let ada = world.person("Lovelace");
    world.sync().await;
    world.cluster = "cluster-2".to_owned();
    world.lose_store();
    world.wait(300);
    assert_eq!(world.run().await.unwrap(), Outcome::ClaimedBy("cluster-1".into()));
    world.policy.takeover_from = Some("cluster-9".to_owned());
    assert_eq!(world.run().await.unwrap(), Outcome::ClaimedBy("cluster-1".into()));
    let writes = world.mailbox().writes();
    world.policy.takeover_from = Some("cluster-1".to_owned());
    world.sync().await;
    let marker = container_marker(world.users[0].scope, "cluster-2");
    {
        let state = world.mailbox().state();
        let folder = state.folders.values().find(|f| f.name == FOLDER).unwrap();
        assert_eq!(folder.marker, Some(marker));
    }
    assert_eq!(world.mailbox().writes().creates, writes.creates);
    assert_eq!(world.counts().await.linked, 2);
    assert_eq!(world.crm.the("Hopper"), grace);
    assert_eq!(world.mailbox().ids_of(&ada).len(), 1);
    assert!(world.mailbox().get(&born).is_some());
    world.policy.takeover_from = None;
    stays_as_it_is(&world).await;
    world.cluster = "cluster-1".to_owned();
    world.wait(300);
    assert_eq!(
        world.run().await.unwrap(),
        Outcome::ClaimedBy("cluster-2".into()),
        "the one that lost it keeps off"
    );
    own(&world, "Later");
    assert_eq!(world.run().await.unwrap(), Outcome::ClaimedBy("cluster-2".into()));
    assert!(world.crm.named("alice", "Later").is_empty());
}
