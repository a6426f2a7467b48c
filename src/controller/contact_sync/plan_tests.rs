use sync_engine::mapping;

#[test]
fn k2_the_documented_mapping_is_the_built_in_one() {
    let page = include_str!("../../../docs/contact-sync.md");
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| {
            line.starts_with("| `") && (line.ends_with("| both |") || line.ends_with("| to Microsoft 365 |"))
        })
        .collect();
    let built_in: Vec<String> = sync_engine::mapping::DEFAULT
        .iter()
        .map(|(office, crm, direction)| {
            let direction = if *direction == mapping::Direction::Both {
                "both"
            } else {
                "to Microsoft 365"
            };
            format!("| `{office}` | `{crm}` | {direction} |")
        })
        .collect();
    assert_eq!(documented, built_in);
}
