//! Each side seen through the mapping.

use super::*;
use crate::fixture::{default_mapping, everything, mapping_where, mapping_with, metadata, rule};
use crate::mapping::{Direction, Requested, RequestedRule};

fn row(json: &Json) -> Map<String, Json> {
    json.as_object().unwrap().clone()
}

#[test]
fn k2_the_default_mapping_carries_names_company_and_addresses() {
    let fields = project(
        &default_mapping(),
        &row(&serde_json::json!({
            "First_Name": " Ada ", "Last_Name": "Lovelace", "Email": "ada@example.com",
            "Account_Name": {"id": "7", "name": "Analytical Engines"}, "Date_of_Birth": "1815-12-10",
            "Mailing_City": "London", "Phone": null,
        })),
    )
    .unwrap()
    .fields;
    assert_eq!(fields[&OfficeField::GivenName], Value::Text("Ada".into()));
    assert_eq!(
        fields[&OfficeField::CompanyName],
        Value::Text("Analytical Engines".into())
    );
    assert_eq!(
        fields[&OfficeField::Birthday],
        Value::Date(jiff::civil::date(1815, 12, 10))
    );
    assert_eq!(fields[&OfficeField::BusinessCity], Value::Text("London".into()));
    assert!(!fields.contains_key(&OfficeField::BusinessPhone1));
}

#[test]
fn values_that_do_not_fit_name_the_field_and_not_the_value() {
    let mapping = default_mapping();
    let bad = project(
        &mapping,
        &row(&serde_json::json!({"Last_Name": "L", "Email": "ada@example.com,"})),
    )
    .unwrap_err();
    assert_eq!(bad.field(), Some("Email"));
    assert!(!bad.to_string().contains("ada"));
    let long = project(&mapping, &row(&serde_json::json!({"Last_Name": "L".repeat(256)}))).unwrap_err();
    assert!(matches!(
        long,
        Unfit::TooLong {
            chars: 256,
            max: 255,
            ..
        }
    ));
    let nameless = project(&mapping, &row(&serde_json::json!({"Phone": "1"}))).unwrap();
    assert_eq!(named(&nameless.fields), Err(Unfit::Nameless));
}

#[test]
fn a_list_is_seen_without_gaps_as_graph_keeps_it() {
    let view = project(
        &default_mapping(),
        &row(&serde_json::json!({"Last_Name": "L", "Secondary_Email": "b@x.example"})),
    )
    .unwrap();
    assert_eq!(
        view.fields.get(&OfficeField::Email1),
        Value::text("b@x.example").as_ref()
    );
    assert_eq!(view.fields.get(&OfficeField::Email2), None);
    assert_eq!(
        view.slots.get(&OfficeField::Email2),
        Value::text("b@x.example").as_ref()
    );
}

#[test]
fn what_the_crm_would_refuse_is_seen_before_the_call() {
    let mapping = default_mapping();
    let rule = |field| mapping.rule(field).unwrap();
    assert!(matches!(
        for_crm(rule(OfficeField::Surname), None),
        Err(Unfit::Mandatory { .. })
    ));
    let bad = for_crm(rule(OfficeField::Email1), Value::text("ada@").as_ref()).unwrap_err();
    assert!(!bad.to_string().contains("ada"));
    let mut cut = rule(OfficeField::JobTitle).clone();
    (cut.crm_max, cut.too_long) = (Some(3), TooLong::Cut);
    let long = Value::text("Analyst");
    assert_eq!(for_crm(&cut, long.as_ref()), Ok(Value::text("Ana")));
    cut.too_long = TooLong::Park;
    assert!(matches!(
        for_crm(&cut, long.as_ref()),
        Err(Unfit::TooLongForCrm { chars: 7, max: 3, .. })
    ));
}

#[test]
fn addresses_that_exchange_would_drop_are_seen() {
    for good in ["a@b", "first.last+tag@mail.example.com"] {
        assert!(plain_address(good), "{good}");
    }
    for bad in ["", "a", "@b", "a@", "a@b,", "a b@c", "A <a@b.c>", "a@b@c", "a@.b"] {
        assert!(!plain_address(bad), "{bad}");
    }
}

#[test]
fn a_text_that_is_cut_is_marked_until_it_is_written() {
    let cutting = RequestedRule {
        too_long: Some(TooLong::Cut),
        ..rule(OfficeField::JobTitle, "Title")
    };
    let mapping = mapping_with([cutting]);
    let long = row(&serde_json::json!({"Last_Name": "L", "Title": "x".repeat(256), "Department": "D"}));
    let view = project(&mapping, &long).unwrap();
    assert_eq!(view.fields[&OfficeField::JobTitle].to_text().len(), 255);
    assert_eq!(view.cut, [OfficeField::JobTitle].into());
    let written = view.with(&[(OfficeField::JobTitle, Value::text("y"))].into(), &mapping);
    assert!(written.cut.is_empty());
}

#[test]
fn nobody_knows_the_places_behind_a_withheld_entry() {
    let private = mapping_where("Email", |field| field.private = true, &[]);
    let hidden = row(&serde_json::json!({"Last_Name": "L", "Email": null, "Secondary_Email": "b@x.example"}));
    let view = project(&private, &hidden).unwrap();
    assert_eq!(view.withheld, [OfficeField::Email1, OfficeField::Email2].into());
    assert_eq!(
        view.fields.keys().copied().collect::<Vec<_>>(),
        [OfficeField::Surname]
    );
}

#[test]
fn what_never_goes_to_the_mailbox_may_be_what_the_mailbox_cannot_hold() {
    let to_crm = Requested {
        direction: Direction::OfficeToCrm,
        ..everything()
    };
    let mapping = Mapping::resolve(&to_crm, &metadata()).unwrap();
    let odd = serde_json::json!({"Last_Name": "L".repeat(256), "Email": "ada@", "Date_of_Birth": "soon"});
    let view = project(&mapping, &row(&odd)).unwrap();
    assert_eq!(view.fields[&OfficeField::Surname].to_text().len(), 256);
    assert!(view.cut.is_empty());
    assert_eq!(for_new_item(&mapping, &view), Fields::new());
}

#[test]
fn a_record_is_made_of_what_goes_to_the_crm_and_is_there() {
    let item = Fields::from([
        (OfficeField::Surname, Value::Text("Lovelace".into())),
        (OfficeField::CompanyName, Value::Text("Engines".into())),
    ]);
    let wanted = for_new_record(&default_mapping(), &item).unwrap();
    assert_eq!(wanted.into_keys().collect::<Vec<_>>(), [OfficeField::Surname]);
    assert!(matches!(
        for_new_record(&default_mapping(), &Fields::new()),
        Err(Unfit::Mandatory { .. })
    ));
}
