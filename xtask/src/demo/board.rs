//! The live table: redrawn in place on a terminal, a line for each change elsewhere.

use super::syncs::Row;

const HEADER: &str = "SYNC    PHASE             SYNCED  CREATED  UPDATED  DELETED  PENDING  LEFT OUT         PARKED  CONFLICTS    TIME";

/// Draws rows.
pub(crate) struct Board {
    terminal: bool,
    drawn: usize,
    last: Vec<Row>,
}

impl Board {
    pub(crate) fn new(terminal: bool) -> Self {
        Self {
            terminal,
            drawn: 0,
            last: Vec::new(),
        }
    }

    pub(crate) fn draw(&mut self, rows: &[Row]) {
        if self.drawn == 0 {
            println!("{HEADER}");
        } else if self.terminal {
            // Up to the first row, then clear to the end of the screen.
            print!("\x1b[{}A\x1b[J", self.drawn - 1);
        }
        if self.terminal {
            for row in rows {
                println!("{}", line(row));
            }
            self.drawn = rows.len() + 1;
            return;
        }
        self.drawn = 1;
        for row in rows {
            let known = self.last.iter().find(|last| last.name == row.name);
            if known.is_none_or(|known| known.phase != row.phase || known.settled != row.settled) {
                println!("{}", line(row));
            }
        }
        self.last = rows.to_vec();
    }
}

fn line(row: &Row) -> String {
    let left_out = match (row.imported, row.over_cap) {
        (0, 0) => "-".to_owned(),
        (imported, 0) => format!("{imported} imported"),
        (imported, over_cap) => format!("{imported} imp, {over_cap} cap"),
    };
    let writes = row.writes;
    format!(
        "{:<7} {:<17} {:>6}  {:>7}  {:>7}  {:>7}  {:>7}  {:<15}  {:>6}  {:>9}  {:>5.1}s",
        row.name,
        row.phase,
        row.linked,
        writes.created,
        writes.updated,
        writes.deleted,
        row.pending,
        left_out,
        row.parked,
        row.conflicts,
        row.time.as_secs_f64(),
    )
}
