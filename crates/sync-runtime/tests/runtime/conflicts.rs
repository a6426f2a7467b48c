//! Both sides changed the same field: the policy decides, and what it decided is recorded.

use sync_engine::mapping::RequestedRule;
use sync_engine::merge::ConflictPolicy;
use sync_engine::office_field::OfficeField;
use sync_runtime::store::ConflictOutcome;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{stays_as_it_is, with_ada};

/// Both change the title, the mailbox's owner so many seconds after the CRM.
async fn both_edit(world: &World, ada: &str, item: &str, later: i32) {
    // Until Exchange is done with the item: it moves the time of the last change as well.
    world.sync().await;
    let in_outlook = || {
        world
            .mailbox()
            .user_edits(item, OfficeField::JobTitle, Some("Mathematician"));
    };
    if later < 0 {
        in_outlook();
        world.wait(u64::from(later.unsigned_abs()));
    }
    world.crm.edit(ada, "Title", Some("Countess"));
    if later >= 0 {
        world.wait(u64::from(later.unsigned_abs()));
        in_outlook();
    }
    world.sync().await;
}

fn titles(world: &World, ada: &str, item: &str) -> (String, String) {
    (
        world.mailbox().text(item, OfficeField::JobTitle).unwrap(),
        world.crm.text(ada, "Title").unwrap(),
    )
}

#[tokio::test]
async fn n1_each_policy_decides_as_it_says_and_leaves_a_record() {
    let cases = [
        (ConflictPolicy::CrmWins, 10, "Countess", ConflictOutcome::CrmWon),
        (
            ConflictPolicy::OfficeWins,
            -10,
            "Mathematician",
            ConflictOutcome::OfficeWon,
        ),
        (
            ConflictPolicy::NewestWins,
            10,
            "Mathematician",
            ConflictOutcome::OfficeWon,
        ),
        (
            ConflictPolicy::NewestWins,
            -10,
            "Countess",
            ConflictOutcome::CrmWon,
        ),
        (ConflictPolicy::NewestWins, 1, "Countess", ConflictOutcome::CrmWon),
    ];
    for (policy, later, stands, outcome) in cases {
        let (mut world, ada, item) = with_ada().await;
        world.policy.conflict = policy;
        both_edit(&world, &ada, &item, later).await;
        assert_eq!(
            titles(&world, &ada, &item),
            (stands.into(), stands.into()),
            "{policy:?}"
        );
        let conflicts = world.conflicts().await;
        assert_eq!(conflicts.len(), 1);
        assert_eq!(
            (
                conflicts[0].crm_id.as_str(),
                conflicts[0].field.as_str(),
                conflicts[0].outcome
            ),
            (ada.as_str(), "jobTitle", outcome)
        );
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n1_a_manual_conflict_stays_on_both_sides_until_somebody_makes_them_equal() {
    let (mut world, ada, item) = with_ada().await;
    world.policy.conflict = ConflictPolicy::Manual;
    world.crm.edit(&ada, "Department", Some("Engines"));
    both_edit(&world, &ada, &item, 10).await;
    assert_eq!(
        titles(&world, &ada, &item),
        ("Mathematician".into(), "Countess".into())
    );
    assert_eq!(
        world.mailbox().text(&item, OfficeField::Department).unwrap(),
        "Engines",
        "everything else goes on"
    );
    let before = world.conflicts().await;
    assert_eq!(before[0].outcome, ConflictOutcome::Open);
    world.crm.touch(&ada);
    stays_as_it_is(&world).await;
    assert_eq!(world.conflicts().await, before, "no news while it is the same");
    world.crm.edit(&ada, "Title", Some("Mathematician"));
    world.sync().await;
    assert_eq!(world.conflicts().await, []);
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(
        titles(&world, &ada, &item),
        ("Countess".into(), "Countess".into()),
        "and is an ordinary field again"
    );
}

#[tokio::test]
async fn n1_a_rule_of_its_own_decides_its_field() {
    let (mut world, ada, item) = with_ada().await;
    world.maps_by(RequestedRule {
        office: OfficeField::JobTitle,
        crm: "Title".to_owned(),
        direction: None,
        conflict: Some(ConflictPolicy::OfficeWins),
        too_long: None,
    });
    both_edit(&world, &ada, &item, -10).await;
    assert_eq!(
        titles(&world, &ada, &item),
        ("Mathematician".into(), "Mathematician".into())
    );
}

#[tokio::test]
async fn n1_equal_edits_on_both_sides_are_no_conflict() {
    let (world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(&item, OfficeField::JobTitle, Some("Countess"));
    world.sync().await;
    assert_eq!(world.conflicts().await, []);
    stays_as_it_is(&world).await;
    assert_eq!(
        (world.mailbox().writes().updates, world.crm.writes().updates),
        (0, 0)
    );
}

#[tokio::test]
async fn n1_a_blank_against_an_edit_is_a_conflict() {
    let (world, ada, item) = with_ada().await;
    world.mailbox().user_edits(&item, OfficeField::JobTitle, None);
    world.crm.edit(&ada, "Title", Some("Countess"));
    world.sync().await;
    assert_eq!(
        titles(&world, &ada, &item),
        ("Countess".into(), "Countess".into())
    );
    assert_eq!(world.conflicts().await.len(), 1);
}

#[tokio::test]
async fn n1_a_decided_conflict_is_recorded_whatever_crashes() {
    for (call, skips) in [("update item", 1), ("update record", 1), ("commit", 6)] {
        for skip in 0..skips {
            for effect in [true, false] {
                let (mut world, ada, item) = with_ada().await;
                world
                    .mailbox()
                    .user_edits(&item, OfficeField::Department, Some("Engines"));
                world.crm.edit(&ada, "Title", Some("Countess"));
                world
                    .mailbox()
                    .user_edits(&item, OfficeField::JobTitle, Some("Mathematician"));
                world.wait(300);
                world.faults.plan(call, skip, Fault::Crash { effect });
                let died = world.run_until(0, jiff::Timestamp::MAX).await.is_none();
                assert!(died || call == "commit", "{call}");
                world.restart();
                world.sync().await;
                let context = format!("{call} {skip} {effect}");
                assert_eq!(
                    titles(&world, &ada, &item),
                    ("Countess".into(), "Countess".into()),
                    "{context}"
                );
                assert_eq!(
                    world.crm.text(&ada, "Department").unwrap(),
                    "Engines",
                    "{context}"
                );
                assert_eq!(world.conflicts().await.len(), 1, "{context}");
            }
        }
    }
}

#[tokio::test]
async fn n1_a_conflict_of_a_field_whose_other_part_fails_is_recorded() {
    let (world, ada, item) = with_ada().await;
    world
        .mailbox()
        .user_edits(&item, OfficeField::Department, Some("Engines"));
    both_edit_with_failure(&world, &ada, &item).await;
    assert_eq!(world.conflicts().await.len(), 1);
}

async fn both_edit_with_failure(world: &World, ada: &str, item: &str) {
    world.faults.plan("update record", 0, Fault::NotDone);
    world.crm.edit(ada, "Title", Some("Countess"));
    world
        .mailbox()
        .user_edits(item, OfficeField::JobTitle, Some("Mathematician"));
    world.wait(300);
    world.run().await.unwrap_err();
    world.sync().await;
    assert_eq!(world.crm.text(ada, "Department").unwrap(), "Engines");
}
