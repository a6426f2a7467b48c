//! Beginnings that several tests share.

use sync_engine::link::{Link, LinkState};
use sync_engine::office_field::OfficeField;
use sync_runtime::store::Store;

use crate::fakes::world::World;

const ADA: &[(&str, &str)] = &[
    ("First_Name", "Ada"),
    ("Last_Name", "Lovelace"),
    ("Title", "Analyst"),
];

/// One contact that was made in the CRM, on both sides: its record and its item.
pub(crate) async fn ada_in(world: &World) -> (String, String) {
    let ada = world.crm.add("alice", ADA);
    world.sync().await;
    let item = world.mailbox().id_of(&ada);
    (ada, item)
}

pub(crate) async fn with_ada() -> (World, String, String) {
    let world = World::new();
    let (ada, item) = ada_in(&world).await;
    (world, ada, item)
}

/// One contact that was made in Outlook, on both sides: its record and its item.
pub(crate) async fn grace_in(world: &World) -> (String, String) {
    world.sync().await;
    let item = own(world, "Hopper");
    world.sync().await;
    (world.crm.the("Hopper"), item)
}

pub(crate) async fn with_grace() -> (World, String, String) {
    let world = World::new();
    let (grace, item) = grace_in(&world).await;
    (world, grace, item)
}

/// A contact made in Outlook, with a surname and a job title.
pub(crate) fn own(world: &World, surname: &str) -> String {
    let folder = world.mailbox().container();
    world.mailbox().user_adds(
        &folder,
        &[
            (OfficeField::Surname, surname),
            (OfficeField::JobTitle, "Admiral"),
        ],
    )
}

/// Quiet syncs write nothing on either side.
pub(crate) async fn stays_as_it_is(world: &World) {
    let writes = (world.mailbox().writes(), world.crm.writes());
    for _ in 0..2 {
        world.sync().await;
    }
    assert_eq!((world.mailbox().writes(), world.crm.writes()), writes);
}

pub(crate) async fn links(world: &World) -> Vec<Link> {
    world.store.inner.all_links(world.users[0].scope).await.unwrap()
}

pub(crate) async fn states(world: &World) -> Vec<LinkState> {
    links(world).await.into_iter().map(|link| link.state).collect()
}
