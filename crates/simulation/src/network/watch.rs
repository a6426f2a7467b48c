//! The limits of a mailbox, seen from the network (I20): four requests in flight, and none before the time that the
//! service asked to wait for.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Response;
use jiff::Timestamp;
use serde_json::Value;

use super::parcel::Parcel;
use crate::finding::Finding;

const WIDTH: usize = 4;

#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Mailbox and width of what is under way, by number.
    under_way: BTreeMap<u64, (String, usize)>,
    blocked: BTreeMap<String, Timestamp>,
}

impl Watch {
    pub(super) fn sent(&mut self, number: u64, parcel: &Parcel, now: Timestamp) -> Vec<Finding> {
        let Some(mailbox) = parcel.mailbox() else {
            return Vec::new();
        };
        let mut findings = Vec::new();
        let others = self.under_way.values().filter(|(of, _)| *of == mailbox);
        let width = others.map(|(_, width)| width).sum::<usize>() + parcel.width();
        if width > WIDTH {
            findings.push(Finding::new(
                "I20",
                format!("#{number}: {width} requests in flight for one mailbox"),
            ));
        }
        if let Some(until) = self.blocked.get(&mailbox).filter(|until| now < **until) {
            findings.push(Finding::new(
                "I20",
                format!("#{number} is sent before {until}, which the service asked to wait for"),
            ));
        }
        self.under_way.insert(number, (mailbox, parcel.width()));
        findings
    }

    pub(super) fn answered(&mut self, number: u64, answer: Option<&Response<Bytes>>, now: Timestamp) {
        let Some((mailbox, _)) = self.under_way.remove(&number) else {
            return;
        };
        let Some(answer) = answer else { return };
        let alone = transport::retry_after(answer.headers(), now);
        let waits = alone.into_iter().chain(in_parts(answer.body()));
        for wait in waits {
            let until = jiff::SignedDuration::try_from(wait)
                .ok()
                .and_then(|wait| now.checked_add(wait).ok());
            if let Some(until) = until {
                let blocked = self.blocked.entry(mailbox.clone()).or_default();
                *blocked = until.max(*blocked);
            }
        }
    }
}

/// The waits that the parts of a batch ask for.
fn in_parts(body: &Bytes) -> Vec<std::time::Duration> {
    // Most answers ask for none: then nothing has to be parsed.
    if !body
        .windows(11)
        .any(|window| window.eq_ignore_ascii_case(b"retry-after"))
    {
        return Vec::new();
    }
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let parts = body["responses"].as_array();
    let waits = parts.into_iter().flatten().filter_map(|part| {
        let text = part["headers"]["Retry-After"].as_str()?;
        std::time::Duration::try_from_secs_f64(text.parse().ok()?).ok()
    });
    waits.collect()
}
