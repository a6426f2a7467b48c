//! The product at work: a first sync, edits on both sides, what both hold then, and what is left when syncs end.

mod activity;
mod board;
mod departures;
mod edits;
mod end_state;
mod fields;
mod invites;
mod look_around;
mod syncs;

use std::{
    io::{IsTerminal, stdout},
    time::Duration,
};

use serde_json::Value;

use self::{
    board::Board,
    departures::Departures,
    end_state::EndState,
    syncs::{Row, Syncs},
};
use crate::{
    environment::{Environment, Wanted},
    error::{Error, Result},
    say::say,
    signals,
};

/// Far more than it takes; a machine that builds at the same time is slow.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the demo; with `check` it verifies the end state instead of staying.
pub(crate) async fn run(check: bool, keep: bool) -> Result<()> {
    let mut environment =
        signals::unless_asked_to_end(Environment::start(Wanted { operator: true, keep })).await?;
    let shown = signals::unless_asked_to_end(show(&mut environment, check)).await;
    if shown
        .as_ref()
        .is_err_and(|error| !matches!(error, Error::Interrupted))
    {
        environment.show_operator_log();
    }
    println!();
    say("ending operator, emulators and control plane");
    let stopped = environment.stop().await;
    match shown {
        // The way to end a demo that stays.
        Err(Error::Interrupted) if !check => stopped,
        shown => shown.and(stopped),
    }
}

async fn show(environment: &mut Environment, check: bool) -> Result<()> {
    let before = environment.control().state("graph").await?;
    println!();
    for example in environment.apply_examples().await? {
        say(&format!("applied {} ({})", example.title(), example.file));
    }

    println!(
        "\nThe first sync brings the contacts of each owner; imported ones that nobody edited stay out.\n"
    );
    let mut syncs = Syncs::new(environment.client()?);
    let mut board = Board::new(stdout().is_terminal());
    settle(environment, &mut syncs, &mut board).await?;

    println!("\nPeople work on both sides:");
    edits::make(environment.control()).await?;
    println!("\nThe syncs are asked to look at once (annotation crmlink.dev/requestedAt).\n");
    let mut board = Board::new(stdout().is_terminal());
    let end_state = follow(environment, &mut syncs, &mut board, &before).await?;
    println!("\n{}", end_state.counts());

    println!("One more run, with nothing changed in between:\n");
    let idle = writes_of_an_idle_run(environment, &mut syncs).await?;
    let mut findings = end_state.findings;
    findings.extend(idle);
    findings.extend(invites::play(environment).await?);
    findings.extend(departures(environment, &mut syncs).await?);
    findings.extend(end_state::of_the_run(environment.control()).await?);
    if !findings.is_empty() {
        return Err(Error::EndState(findings));
    }
    say(
        "both sides agree, nothing that must never happen did, a further run wrote nothing, everybody came in as they should, and the CRM is whole",
    );
    if !check {
        look_around::print(environment);
        std::future::pending::<()>().await;
    }
    Ok(())
}

/// One sync is switched off by its author, another by the mailbox's owner.
async fn departures(environment: &mut Environment, syncs: &mut Syncs) -> Result<Vec<String>> {
    println!("The sync of Ben is switched off (enabled: false), and Mira deletes her folder in Outlook:\n");
    let before = departures::contacts(&environment.control().state("zoho").await?);
    syncs.switch_off("ben").await?;
    edits::delete_folder(environment.control()).await?;
    syncs.request().await?;
    let rows = settle(environment, syncs, &mut Board::new(stdout().is_terminal())).await?;
    let (office, crm) = (
        environment.control().state("graph").await?,
        environment.control().state("zoho").await?,
    );
    let departures = Departures::of(&before, &office, &crm, syncs.objects(), &rows);
    println!("\n{}", departures.table());
    Ok(departures.findings)
}

/// Draws the table until nothing is under way any more.
async fn settle(environment: &mut Environment, syncs: &mut Syncs, board: &mut Board) -> Result<Vec<Row>> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        environment.check_programs()?;
        let rows = syncs.look(environment.control()).await?;
        board.draw(&rows);
        if rows.iter().all(|row| row.settled) && !rows.is_empty() {
            return Ok(rows);
        }
        if tokio::time::Instant::now() > patience {
            let waiting = rows
                .iter()
                .filter(|row| !row.settled)
                .map(Row::explain)
                .collect::<Vec<_>>();
            return Err(Error::Timeout {
                what: "the sync".to_owned(),
                seconds: PATIENCE.as_secs(),
                detail: waiting.join("; "),
            });
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// Asks for runs until the mailboxes hold what the CRM says. One run each is mostly enough; a contact that changes
/// hands needs its new owner's run after its old owner's.
async fn follow(
    environment: &mut Environment,
    syncs: &mut Syncs,
    board: &mut Board,
    before: &Value,
) -> Result<EndState> {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        syncs.request().await?;
        settle(environment, syncs, board).await?;
        let end_state = EndState::read(environment.control(), syncs.objects(), before).await?;
        if end_state.findings.is_empty() || tokio::time::Instant::now() > patience {
            return Ok(end_state);
        }
    }
}

/// A run after which nothing may have been written, although Exchange gave every new item another change key.
async fn writes_of_an_idle_run(environment: &mut Environment, syncs: &mut Syncs) -> Result<Vec<String>> {
    let mut board = Board::new(stdout().is_terminal());
    environment
        .control()
        .advance(jiff::SignedDuration::from_mins(1))
        .await?;
    let before = end_state::writes(environment.control()).await?;
    syncs.request().await?;
    settle(environment, syncs, &mut board).await?;
    println!();
    let after = end_state::writes(environment.control()).await?;
    let more = after.saturating_sub(before);
    Ok((more > 0)
        .then(|| format!("N10: a run without any change wrote {more} times"))
        .into_iter()
        .collect())
}
