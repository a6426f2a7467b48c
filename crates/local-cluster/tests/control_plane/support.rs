//! What the tests share.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use local_cluster::{Assets, Cluster, Options};

pub(crate) fn assets() -> Assets {
    Assets::locate_or_build(&|line| eprintln!("{line}")).unwrap()
}

pub(crate) async fn cluster(options: Options) -> Cluster {
    let assets = tokio::task::spawn_blocking(assets).await.unwrap();
    Cluster::start(&assets, options).await.unwrap()
}

pub(crate) fn alive(pid: u32) -> bool {
    Command::new("kill")
        .args(["-0", &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .unwrap()
        .success()
}

pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not happen in 30 s");
        thread::sleep(Duration::from_millis(10));
    }
}
