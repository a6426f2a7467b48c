//! Listeners, control API and the program.

use std::process::{Command, Stdio};
use std::time::Duration;

use emulators::core::options::Ports;
use emulators::{Addresses, Control, Emulators, Options};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::core_probe;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn https_works_with_the_authority_and_not_without() {
    let running = Emulators::start(&core_probe::options()).unwrap();
    let url = format!("{}/a", running.addresses().graph_tls);
    let authority = reqwest::Certificate::from_pem(running.ca_pem().as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([authority])
        .build()
        .unwrap();
    let answer: Value =
        serde_json::from_slice(&client.get(&url).send().await.unwrap().bytes().await.unwrap()).unwrap();
    assert_eq!(answer["origin"], json!(running.addresses().graph_tls));
    let stranger = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .build()
        .unwrap();
    assert!(stranger.get(&url).send().await.is_err());
}

#[tokio::test]
async fn the_control_api_steers_and_shows() {
    let frozen_at = "2027-01-01T00:00:00Z".parse().ok();
    let running = Emulators::start(&Options {
        frozen_at,
        ..core_probe::options()
    })
    .unwrap();
    let control = Control::new(running.addresses().control.clone()).unwrap();
    assert_eq!(control.addresses().await.unwrap(), *running.addresses());

    control.seed_yaml("office365: []\ncrm: []\n").await.unwrap();
    control.seed(&json!({ "crm": [] })).await.unwrap();
    let counters = control.counters().await.unwrap();
    assert_eq!((counters["graph"]["seeded"], counters["zoho"]["seeded"]), (1, 2));
    let refusals = [
        ("crm: bad", "0.name"),
        ("gmail: []", "gmail"),
        ("a: [", "world"),
        ("[]", "world"),
    ];
    for (world, at) in refusals {
        let error = control.seed_yaml(world).await.unwrap_err().to_string();
        assert!(
            error.contains("400") && error.contains(&format!("\"at\":\"{at}\"")),
            "{error}"
        );
    }

    assert_eq!(
        control.edit("zoho", &json!(["x"])).await.unwrap(),
        json!({ "did": ["x"] })
    );
    assert_eq!(control.state("graph").await.unwrap(), json!({ "name": "graph" }));
    assert!(
        control
            .state("gmail")
            .await
            .unwrap_err()
            .to_string()
            .contains("404")
    );

    let later = control.advance(SignedDuration::from_millis(1_500)).await.unwrap();
    assert_eq!(later, "2027-01-01T00:00:01.5Z".parse::<Timestamp>().unwrap());
    assert_eq!(control.now().await.unwrap(), later);

    reqwest::get(format!("{}/a", running.addresses().zoho))
        .await
        .unwrap();
    control.reset().await.unwrap();
    assert_eq!(control.counters().await.unwrap()["zoho"]["work"], 0);
    assert_eq!(control.journal_counts().await.unwrap().len(), 0);
}

#[tokio::test]
async fn the_page_and_its_parts_are_served() {
    let running = Emulators::start(&core_probe::options()).unwrap();
    for (path, part) in [
        ("/", "<!doctype html>"),
        ("/page.css", ":root"),
        ("/page.js", "fetch("),
        ("/healthz", "ok"),
    ] {
        let text = reqwest::get(format!("{}{path}", running.addresses().control))
            .await
            .unwrap();
        let text = text.text().await.unwrap();
        assert!(text.contains(part), "{path}");
        assert!(
            !text.contains("https://") && !text.contains("http://"),
            "{path} loads from elsewhere"
        );
    }
}

#[tokio::test]
async fn a_stop_frees_the_ports() {
    let running = Emulators::start(&core_probe::options()).unwrap();
    let port = running
        .addresses()
        .graph
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let again = Options {
        ports: Ports {
            graph: port,
            ..Ports::default()
        },
        ..core_probe::options()
    };
    assert!(Emulators::start(&again).is_err(), "taken");
    running.stop().await;
    Emulators::start(&again).unwrap();
}

#[tokio::test]
async fn the_program_writes_its_addresses_and_stops_when_told() {
    let directory = tempfile::tempdir().unwrap();
    let (addresses, ca) = (
        directory.path().join("addresses.json"),
        directory.path().join("ca.pem"),
    );
    let mut program = Command::new(env!("CARGO_BIN_EXE_crmlink-emulators"))
        .args(["--seed", "7", "--addresses-file"])
        .arg(&addresses)
        .arg("--ca-file")
        .arg(&ca)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let wait = async {
        while !addresses.exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap();
    let listed: Addresses = serde_json::from_slice(&std::fs::read(&addresses).unwrap()).unwrap();
    assert_eq!(listed.ca_file.as_deref(), Some(ca.as_path()));
    assert!(
        std::fs::read_to_string(&ca)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    let control = Control::new(listed.control.clone()).unwrap();
    assert_eq!(control.addresses().await.unwrap(), listed);
    assert!(
        Command::new("kill")
            .arg(program.id().to_string())
            .status()
            .unwrap()
            .success()
    );
    assert!(program.wait().unwrap().success());
}
