//! Starts a control plane, writes the administrator's kubeconfig, and stays until it is interrupted.
//!
//! `control-plane KUBECONFIG` prints the process ids and the folder of the control plane once it is ready.

use std::{env, path::Path, process::ExitCode};

use local_cluster::{Assets, Cluster, Options};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args_os().nth(1).ok_or("usage: control-plane KUBECONFIG")?;
    let assets =
        tokio::task::spawn_blocking(|| Assets::locate_or_build(&|line| eprintln!("{line}"))).await??;
    let cluster = Cluster::start(&assets, Options::default()).await?;
    cluster.kubeconfig(Path::new(&path))?;
    if let Some(control_plane) = cluster.control_plane() {
        let ids: Vec<String> = control_plane.process_ids().iter().map(u32::to_string).collect();
        println!("processes {}", ids.join(" "));
        println!("folder {}", control_plane.folder().display());
        println!("ready {}", control_plane.server());
    }
    tokio::signal::ctrl_c().await?;
    Ok(())
}
