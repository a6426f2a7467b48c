//! Switching off both ways: what only the mailbox knows goes to the CRM first, what the CRM does not have stays, and a
//! sync that is enabled again goes on where it was.

use sync_engine::hash::Hasher;
use sync_engine::merge::ConflictPolicy;
use sync_engine::office_field::OfficeField;
use sync_engine::plan::Deletes;
use sync_runtime::contacts::{Disabled, GuardLimits, Stop};
use sync_runtime::ports::Failure;
use sync_runtime::store::Store;

use crate::fakes::faults::Fault;
use crate::fakes::world::{FOLDER, World, unguarded};
use crate::scenes::{ada_in, grace_in, own, stays_as_it_is, with_ada};

fn kept() -> String {
    format!("{FOLDER} (kept)")
}

#[tokio::test]
async fn n1_edits_and_contacts_made_since_go_to_the_crm_before_the_copies_go() {
    let (world, ada, item) = with_ada().await;
    let born = own(&world, "Hopper");
    world.sync().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world
        .mailbox()
        .user_edits(&born, OfficeField::Department, Some("Navy"));
    own(&world, "Lamarr");
    world.wait(300);
    assert_eq!(world.disabled().await, 0);
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!(
        world.crm.text(&world.crm.the("Hopper"), "Department").unwrap(),
        "Navy"
    );
    world.crm.the("Lamarr");
    assert!(world.mailbox().all().is_empty());
    assert_eq!(world.mailbox().folder_names(), [] as [&str; 0]);
    assert_eq!(world.crm.writes().deletes, 0);
    assert_eq!(world.store.scope(world.users[0].scope).await.unwrap(), None);
}

#[tokio::test]
async fn n6_what_the_crm_refuses_stays_and_is_counted() {
    let (world, _, item) = with_ada().await;
    let other = world.person("Other");
    world.sync().await;
    world.crm.refuses("Title", Some("bad"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("bad"));
    let folder = world.mailbox().container();
    let nameless = world
        .mailbox()
        .user_adds(&folder, &[(OfficeField::GivenName, "Grace")]);
    world.wait(300);
    assert_eq!(world.disabled().await, 2);
    let mut left: Vec<String> = world.mailbox().all().into_keys().collect();
    left.sort();
    assert_eq!(left, [item, nameless]);
    assert_eq!(world.mailbox().ids_of(&other).len(), 0);
    assert_eq!(world.mailbox().folder_names(), [kept()]);
}

#[tokio::test]
async fn n1_the_last_round_runs_over_no_change_of_the_crm() {
    for policy in [
        ConflictPolicy::CrmWins,
        ConflictPolicy::OfficeWins,
        ConflictPolicy::Manual,
    ] {
        let (mut world, ada, item) = with_ada().await;
        world.policy.conflict = policy;
        world.crm.edit(&ada, "Title", Some("Countess"));
        world.crm.edit(&ada, "Assistant", Some("Charles"));
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("Mathematician"));
        world
            .mailbox()
            .user_edits(&item, OfficeField::Department, Some("Engines"));
        world.wait(300);
        let left = world.disabled().await;
        let title = world.crm.text(&ada, "Title").unwrap();
        assert_eq!(
            world.crm.text(&ada, "Assistant").unwrap(),
            "Charles",
            "{policy:?}"
        );
        assert_eq!(
            world.crm.text(&ada, "Department").unwrap(),
            "Engines",
            "{policy:?}"
        );
        if policy == ConflictPolicy::OfficeWins {
            assert_eq!((title.as_str(), left), ("Mathematician", 0));
        } else {
            assert_eq!((title.as_str(), left), ("Countess", 1), "{policy:?}");
            assert_eq!(
                world.mailbox().text(&item, OfficeField::JobTitle).unwrap(),
                "Mathematician",
                "what loses stays where it was typed"
            );
        }
    }
}

#[tokio::test]
async fn n1_without_the_key_the_last_round_overwrites_nothing() {
    let (mut world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.hasher = Hasher::new([6; 32]);
    world.wait(300);
    world.disabled().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert!(
        world.mailbox().get(&item).is_some(),
        "nothing proves that it is a copy"
    );
}

#[tokio::test]
async fn n6_the_last_round_deletes_nothing_in_the_crm() {
    let mut world = World::new();
    world.policy.deletes_to_crm = Deletes::Propagate;
    let (ada, item) = ada_in(&world).await;
    world.mailbox().user_deletes(&item);
    world.sync().await;
    world.wait(300);
    assert_eq!(world.disabled().await, 0);
    assert!(world.crm.text(&ada, "Last_Name").is_some());
}

#[tokio::test]
async fn n6_the_copy_of_a_record_that_was_deleted_stays_where_the_policy_says_never() {
    let (mut world, ada, item) = with_ada().await;
    world.policy.deletes_to_office = Deletes::Never;
    world.crm.delete(&ada);
    world.wait(300);
    assert_eq!(world.disabled().await, 1);
    assert!(world.mailbox().get(&item).is_some());
}

#[tokio::test]
async fn n6_what_the_crm_has_no_field_for_stays() {
    let (world, _, item) = with_ada().await;
    let (_, born) = grace_in(&world).await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::SpouseName, Some("William"));
    // Mapped from the CRM only: what was typed here never gets there.
    world
        .mailbox()
        .user_edits(&born, OfficeField::CompanyName, Some("US Navy"));
    world.sync().await;
    assert_eq!(world.disabled().await, 2);
    assert_eq!(
        world.mailbox().text(&item, OfficeField::SpouseName).unwrap(),
        "William"
    );
    assert_eq!(
        world.mailbox().text(&born, OfficeField::CompanyName).unwrap(),
        "US Navy"
    );
}

#[tokio::test]
async fn n6_what_the_guard_holds_in_the_last_round_stays() {
    let mut world = World::new().with_pages_of(500);
    let ids: Vec<String> = (0..40).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    world.policy.guard = GuardLimits {
        updates_per_run: 5,
        updates_percent: 25,
        ..unguarded()
    };
    for id in &ids[..20] {
        let item = world.mailbox().id_of(id);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("by a script"));
    }
    world.wait(300);
    assert_eq!(world.disabled().await, 15);
    assert_eq!(world.crm.writes().updates, 5);
    assert_eq!(world.mailbox().all().len(), 15);

    let mut world = World::new().with_pages_of(500);
    let ids: Vec<String> = (0..40).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    world.policy.guard.updates_per_run = 5;
    world.policy.guard.updates_percent = 25;
    for id in &ids[..10] {
        let item = world.mailbox().id_of(id);
        world
            .mailbox()
            .user_edits(&item, OfficeField::JobTitle, Some("edited"));
    }
    world.wait(300);
    assert_eq!(
        world.disabled().await,
        0,
        "within the limits the whole round goes"
    );
    assert_eq!(world.crm.writes().updates, 10);
}

#[tokio::test]
async fn n2_disabling_while_creations_are_in_doubt_loses_and_doubles_nothing() {
    for (call, external_ids) in [
        ("create item", false),
        ("insert record", false),
        ("insert record", true),
    ] {
        for effect in [true, false] {
            let mut world = World::new();
            if external_ids {
                world.keeps_external_ids();
            }
            let (ada, _) = ada_in(&world).await;
            let theirs = world.person("Theirs");
            let mut item = String::new();
            if call == "insert record" {
                item = own(&world, "Hopper");
            }
            world.faults.plan(call, 0, Fault::MaybeDone { effect });
            world.wait(300);
            world.run().await.unwrap_err();
            if call == "create item" {
                item = own(&world, "Hopper");
            } else if !external_ids {
                world.disable().await.unwrap_err();
                world.wait(30);
            }
            let context = format!("{call} {external_ids} {effect}");
            assert_eq!(world.disabled().await, 0, "{context}");
            world.crm.the("Hopper");
            assert!(world.mailbox().all().is_empty(), "{context}");
            world.sync().await;
            for record in [&ada, &theirs, &world.crm.the("Hopper")] {
                assert_eq!(world.mailbox().ids_of(record).len(), 1, "{context}");
            }
            assert_eq!(world.mailbox().get(&item), None);
            stays_as_it_is(&world).await;
        }
    }
}

#[tokio::test]
async fn n2_an_insert_that_nobody_could_settle_is_reviewed_when_the_sync_is_enabled_again() {
    let world = World::new();
    world.sync().await;
    let item = own(&world, "Hopper");
    world
        .faults
        .plan("insert record", 0, Fault::MaybeDone { effect: true });
    world.wait(300);
    world.run().await.unwrap_err();
    // The CRM takes no calls any more: disabling goes on without a last round.
    assert_eq!(
        world.take_copies_back().await.unwrap(),
        Disabled::Done { left_in_place: 1 }
    );
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Rear Admiral"));
    world.sync().await;
    world.sync().await;
    world.crm.the("Hopper");
    assert_eq!(world.mailbox().all().len(), 1);
    assert_eq!(world.counts().await.parked, 2, "the record and the item");
}

#[tokio::test]
async fn n2_what_was_left_is_the_same_contact_when_the_sync_is_enabled_again() {
    let mut world = World::new();
    world.policy.conflict = ConflictPolicy::Manual;
    let (ada, item) = ada_in(&world).await;
    let (grace, born) = grace_in(&world).await;
    let refused = own(&world, "Refused");
    world.crm.refuses("Title", Some("bad"));
    world
        .mailbox()
        .user_edits(&refused, OfficeField::JobTitle, Some("bad"));
    let copy = world.mailbox().user_copies(&item, "copy");
    for (record, item) in [(&ada, &item), (&grace, &born)] {
        world.crm.edit(record, "Department", Some("theirs"));
        world
            .mailbox()
            .user_edits(item, OfficeField::Department, Some("mine"));
    }
    let rest: Vec<String> = (0..5).map(|n| world.person(&format!("P{n}"))).collect();
    world.sync().await;
    assert_eq!(world.disabled().await, 4);
    assert_eq!(world.mailbox().folder_names(), [kept()]);

    world.cluster = "cluster-2".to_owned();
    world.sync().await;
    world.sync().await;
    assert_eq!(
        world.mailbox().folder_names(),
        [FOLDER],
        "the claim was given up, and the name is back"
    );
    assert_eq!(world.crm.state().records.len(), 7, "nothing is made anew");
    assert_eq!(world.mailbox().all().len(), 4 + 5);
    for record in &rest {
        assert_eq!(world.mailbox().ids_of(record).len(), 1);
    }
    let parked: Vec<String> = world.parked().await.into_iter().map(|parked| parked.id).collect();
    assert!(
        parked.contains(&refused) && parked.contains(&copy) && parked.len() == 2,
        "{parked:?}"
    );
    assert_eq!(world.conflicts().await.len(), 2);
    world.crm.refuses("Title", None);
    world
        .mailbox()
        .user_edits(&refused, OfficeField::JobTitle, Some("good"));
    world
        .mailbox()
        .user_edits(&born, OfficeField::Department, Some("theirs"));
    world.sync().await;
    world.crm.the("Refused");
    assert_eq!(world.conflicts().await.len(), 1);
    stays_as_it_is(&world).await;
}

#[tokio::test]
async fn n6_disabling_that_is_called_off_passes_for_no_deletion() {
    for skip in [0, 1, 4] {
        for fault in [
            Fault::NotDone,
            Fault::Crash { effect: true },
            Fault::Crash { effect: false },
        ] {
            let mut world = World::new();
            world.policy.deletes_to_crm = Deletes::Propagate;
            let ids: Vec<String> = (0..6).map(|n| world.person(&format!("P{n}"))).collect();
            let (_, born) = grace_in(&world).await;
            world.wait(300);
            world.last_round().await.unwrap();
            world.faults.plan("delete item", skip, fault);
            let done = world.faults.until_crash(world.take_copies_back()).await;
            assert!(done.is_none_or(|done| done.is_err()));
            world.restart();
            for _ in 0..3 {
                world.sync().await;
            }
            assert_eq!(world.crm.writes().deletes, 0);
            assert_eq!(world.crm.state().records.len(), 7);
            assert_eq!(world.mailbox().all().len(), 7, "{skip} {fault:?}");
            for id in &ids {
                assert_eq!(world.mailbox().ids_of(id).len(), 1);
            }
            let born_copies = world.mailbox().ids_of(&world.crm.the("Hopper")).len();
            assert_eq!(usize::from(world.mailbox().get(&born).is_some()) + born_copies, 1);
            assert_eq!(world.counts().await.linked, 7);
            stays_as_it_is(&world).await;
        }
    }
}

#[tokio::test]
async fn n1_disabling_that_is_called_off_takes_no_copy_for_what_was_removed() {
    let (mut world, ada, item) = with_ada().await;
    let copy = world.mailbox().user_copies(&item, "copy");
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    world.wait(300);
    world.last_round().await.unwrap();
    world.faults.plan("delete item", 0, Fault::Crash { effect: true });
    assert!(world.faults.until_crash(world.take_copies_back()).await.is_none());
    world.restart();
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess");
    assert_eq!(
        world.mailbox().text(&copy, OfficeField::JobTitle).unwrap(),
        "Analyst"
    );
    assert_eq!(world.mailbox().all().len(), 2);
    assert_eq!(world.conflicts().await, []);
}

#[tokio::test]
async fn k6_a_sync_enabled_again_before_it_was_off_lists_the_rest() {
    let mut world = World::new();
    for n in 0..300 {
        world.person(&format!("P{n}"));
    }
    world.wait(600);
    for _ in 0..45 {
        world.run_until(0, world.now()).await.unwrap().unwrap();
    }
    let made = world.mailbox().all().len();
    assert!(made > 0 && made < 300);
    world.disables_per_hour = 0;
    assert!(matches!(world.disable().await.unwrap(), Disabled::Held { .. }));
    assert_eq!(world.mailbox().all().len(), made);
    world.sync().await;
    assert_eq!(world.mailbox().all().len(), 300);
    let initial = world.state().await.initial;
    assert_eq!((initial.total, initial.done), (300, 300));
}

#[tokio::test]
async fn n6_a_wave_of_disabling_is_braked() {
    let mut world = World::new();
    for name in ["bob", "carol"] {
        world.add_user(name);
    }
    for (user, name) in ["alice", "bob", "carol"].into_iter().enumerate() {
        world.crm.add(name, &[("Last_Name", name)]);
        world.sync_user(user).await;
    }
    world.disables_per_hour = 1;
    world.wait(300);
    assert_eq!(world.disabled().await, 0);
    world.users.rotate_left(1);
    let Disabled::Held { until } = world.disable().await.unwrap() else {
        panic!("not held")
    };
    assert!(until > world.now());
    assert_eq!(world.mailbox().all().len(), 1, "held means untouched");
    assert!(world.state().await.disabling.is_none());
    world.wait(3_601);
    assert_eq!(world.disabled().await, 0);
    world.users.rotate_left(1);
    assert!(matches!(world.disable().await.unwrap(), Disabled::Held { .. }));
}

#[tokio::test]
async fn n6_a_sync_that_passed_the_brake_goes_on_after_a_crash() {
    let mut world = World::new();
    ada_in(&world).await;
    world.disables_per_hour = 1;
    world.wait(300);
    world.last_round().await.unwrap();
    world.faults.plan("delete item", 0, Fault::Crash { effect: true });
    assert!(world.faults.until_crash(world.take_copies_back()).await.is_none());
    assert_eq!(
        world.take_copies_back().await.unwrap(),
        Disabled::Done { left_in_place: 0 }
    );
}

#[tokio::test]
async fn n1_a_crash_at_any_point_of_the_last_round_loses_nothing() {
    for call in [
        "commit",
        "insert record",
        "update record",
        "delete item",
        "poll",
        "update item",
        "rename_folder",
        "mark_folder",
        "delete_folder",
    ] {
        for skip in 0..8 {
            for effect in [true, false] {
                let (mut world, ada, item) = with_ada().await;
                let (grace, born) = grace_in(&world).await;
                own(&world, "Lamarr");
                world
                    .mailbox()
                    .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
                world.mailbox().user_edits(&born, OfficeField::Surname, None);
                world.faults.plan(call, skip, Fault::Crash { effect });
                world.wait(300);
                let context = format!("{call} {skip} {effect}");
                let mut tries = 0;
                loop {
                    match world.faults.until_crash(world.disable()).await {
                        Some(Ok(Disabled::Done { .. } | Disabled::WasOff)) => break,
                        Some(Err(Stop::Failure(Failure::Unsettled { .. }))) => {}
                        None => world.restart(),
                        other => panic!("{context}: {other:?}"),
                    }
                    world.wait(30);
                    tries += 1;
                    assert!(tries < 5, "{context}");
                }
                world.faults.unplan();
                assert_eq!(world.crm.text(&ada, "Title").unwrap(), "Countess", "{context}");
                world.crm.the("Lamarr");
                assert_eq!(world.crm.the("Hopper"), grace, "{context}");
                let left: Vec<String> = world.mailbox().all().into_keys().collect();
                assert_eq!(left, std::slice::from_ref(&born), "{context}");
                assert_eq!(world.mailbox().folder_names(), [kept()], "{context}");
                world.sync().await;
                assert_eq!(world.crm.state().records.len(), 3, "{context}");
            }
        }
    }
}
