//! What the store's file may hold.

use crate::fakes::world::World;

#[tokio::test]
async fn n8_the_file_holds_no_name_address_or_text() {
    let world = World::on_disk().await;
    let values = [
        "Lovelaceish",
        "ada.private@example.com",
        "020 7946 0000",
        "Analytical Enginery",
        "a very private note",
    ];
    let fields = ["Last_Name", "Email", "Mobile", "Department", "Description"];
    let fields: Vec<(&str, &str)> = fields.into_iter().zip(values).collect();
    let ada = world.crm.add("alice", &fields);
    world.crm.add(
        "alice",
        &[("Last_Name", "Parkedperson"), ("Email", "broken-secret")],
    );
    world.sync().await;
    world.crm.edit(&ada, "Title", Some("Topsecrettitle"));
    world.sync().await;
    assert_eq!((world.counts().await.linked, world.counts().await.parked), (1, 1));
    let (mut ids_seen, id) = (0, ada.as_bytes());
    for entry in std::fs::read_dir(world.store_directory()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for value in values
            .iter()
            .chain(&["Parkedperson", "broken-secret", "Topsecrettitle"])
        {
            let found = bytes
                .windows(value.len())
                .any(|window| window.eq_ignore_ascii_case(value.as_bytes()));
            assert!(!found, "{value}");
        }
        ids_seen += usize::from(bytes.windows(id.len()).any(|window| window == id));
    }
    assert!(ids_seen > 0, "the search finds what is there");
}
