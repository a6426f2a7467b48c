//! What the kernel knows of a process, from `/proc`, and what the operator tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::{Doing, Error, Result};

/// The kernel's ticks, in which it counts the time of the processor: 100 a second on every Linux platform (`time(7)`).
const TICK: Duration = Duration::from_millis(10);

/// Memory and time of one process at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usage {
    /// Resident memory, in KiB.
    pub(super) resident: u64,
    /// The most that was resident since the start, in KiB.
    pub(super) peak: u64,
    /// Time of the processor, in the program and in the kernel for it.
    pub(super) cpu: Duration,
}

impl Usage {
    pub(super) fn of(pid: u32) -> Result<Self> {
        let read = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            std::fs::read_to_string(&path).doing(|| format!("reading {path}"))
        };
        parse(&read("status")?, &read("stat")?)
            .ok_or_else(|| Error::Tests(format!("/proc/{pid} has an unknown form")))
    }
}

fn parse(status: &str, stat: &str) -> Option<Usage> {
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    };
    // The name in parentheses may hold anything; the fields after it are counted from the third on (`proc(5)`).
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field - 3)?.parse::<u32>().ok();
    Some(Usage {
        resident: kib("VmRSS:")?,
        peak: kib("VmHWM:")?,
        cpu: TICK * (ticks(14)? + ticks(15)?),
    })
}

/// Status and text of one of the operator's own pages.
pub(super) async fn page(address: &str, path: &str) -> Result<(u16, String)> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = ask.await.doing(|| format!("asking the operator for {path}"))?;
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or_default(), body.to_owned()))
}

/// The sum of a metric over all label sets that contain `labels`.
pub(super) fn sum(page: &str, name: &str, labels: &str) -> u64 {
    page.lines()
        .filter(|line| line.starts_with(name) && line.contains(labels))
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

/// The values of a metric by its labels, as the page writes them.
pub(super) fn by_labels(page: &str, name: &str) -> BTreeMap<String, u64> {
    let value = |line: &str| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
        Some((labels.replace('"', ""), value.parse().ok()?))
    };
    page.lines().filter_map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let status = "Name:\tcrmlink\nVmHWM:\t   30720 kB\nVmRSS:\t   20480 kB\n";
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 3 0 1 1 1";
        let usage = parse(status, stat).unwrap();
        assert_eq!((usage.resident, usage.peak), (20_480, 30_720));
        assert_eq!(usage.cpu, Duration::from_secs(2));
    }

    #[test]
    fn metrics_are_summed_by_label() {
        let page = "# TYPE a counter\na_total{k=\"x\"} 3\na_total{k=\"y\"} 4\nab 9\n";
        assert_eq!((sum(page, "a_total", ""), sum(page, "a_total", "y")), (7, 4));
        let labels = |label: &str, value| (format!("k={label}"), value);
        assert_eq!(
            by_labels(page, "a_total"),
            BTreeMap::from([labels("x", 3), labels("y", 4)])
        );
    }
}
