//! Writes whose answer never came, and what people do before the contact is looked at again.

use sync_engine::office_field::OfficeField;

use crate::fakes::faults::Fault;
use crate::fakes::world::World;
use crate::scenes::{stays_as_it_is, with_ada};

const LOST: [Fault; 2] = [Fault::MaybeDone { effect: true }, Fault::Crash { effect: true }];

/// A run in which something goes wrong.
async fn disturbed_run(world: &mut World) {
    world.wait(300);
    match world.run_until(0, world.now()).await {
        Some(ended) => drop(ended),
        None => world.restart(),
    }
}

#[tokio::test]
async fn n1_what_was_taken_back_in_the_crm_does_not_come_back_from_outlook() {
    for lost in LOST {
        let (mut world, ada, item) = with_ada().await;
        world.crm.edit(&ada, "Department", Some("Engines"));
        world.faults.plan("update item", 0, lost);
        disturbed_run(&mut world).await;
        let shown = world.mailbox().text(&item, OfficeField::Department);
        assert_eq!(shown.as_deref(), Some("Engines"), "{lost:?}");
        world.crm.edit(&ada, "Department", None);
        world.sync().await;
        assert_eq!(world.crm.text(&ada, "Department"), None, "{lost:?}");
        let shown = world.mailbox().text(&item, OfficeField::Department);
        assert_eq!(shown, None, "{lost:?}");
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n1_what_was_taken_back_in_outlook_does_not_come_back_from_the_crm() {
    for lost in LOST {
        let (mut world, ada, item) = with_ada().await;
        let edit = |world: &World, text| {
            world.mailbox().user_edits(&item, OfficeField::Department, text);
        };
        edit(&world, Some("Engines"));
        world.faults.plan("update record", 0, lost);
        disturbed_run(&mut world).await;
        assert_eq!(
            world.crm.text(&ada, "Department").as_deref(),
            Some("Engines"),
            "{lost:?}"
        );
        edit(&world, None);
        world.sync().await;
        world.sync().await;
        assert_eq!(world.crm.text(&ada, "Department"), None, "{lost:?}");
        let shown = world.mailbox().text(&item, OfficeField::Department);
        assert_eq!(shown, None, "{lost:?}");
        stays_as_it_is(&world).await;
    }
}

#[tokio::test]
async fn n1_a_write_that_never_arrived_is_no_edit_of_anybody() {
    let (world, ada, item) = with_ada().await;
    world.crm.edit(&ada, "Department", Some("Engines"));
    let fault = Fault::MaybeDone { effect: false };
    world.faults.plan("update item", 0, fault);
    world.wait(300);
    world.run().await.unwrap_err();
    world.sync().await;
    assert_eq!(world.crm.text(&ada, "Department").unwrap(), "Engines");
    let shown = world.mailbox().text(&item, OfficeField::Department);
    assert_eq!(shown.as_deref(), Some("Engines"));
    stays_as_it_is(&world).await;
}
