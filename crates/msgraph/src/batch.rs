//! Many requests of one mailbox in few calls.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::batch_wire::{self, Part};
use crate::call::{Call, Read};
use crate::client;
use crate::error::Error;
use crate::limits::Gate;
use crate::mailbox::Mailbox;
use crate::request::{Reply, Request};
use crate::retry::{self, Verdict};

/// How many requests one call carries (`research/graph.md` §9).
const WIDEST: usize = 20;

pub(crate) async fn run<T: 'static>(mailbox: &Mailbox, requests: Vec<Request<T>>) -> Vec<Result<T, Error>> {
    let (calls, reads): (Vec<Call>, Vec<Read<T>>) = requests
        .into_iter()
        .map(|request| (request.call, request.read))
        .unzip();
    let outcomes = Run::new(mailbox, &calls).finish().await;
    let with_reads = calls.iter().zip(outcomes).zip(reads);
    with_reads
        .map(|((call, outcome), read)| {
            outcome.and_then(|reply| Call::judge_reading(call.effect, read(reply)))
        })
        .collect()
}

/// The state of one batch. What has to be repeated goes along with what has not been sent yet, so that no call
/// travels half empty.
struct Run<'a> {
    mailbox: &'a Mailbox,
    gate: Option<Arc<Gate>>,
    calls: &'a [Call],
    outcomes: Vec<Option<Result<Reply, Error>>>,
    sent: Vec<u32>,
    waiting: VecDeque<usize>,
    /// Which parts have been refused a token once.
    renewed: Vec<bool>,
}

impl<'a> Run<'a> {
    fn new(mailbox: &'a Mailbox, calls: &'a [Call]) -> Self {
        let mut run = Self {
            mailbox,
            gate: mailbox.graph.gate(Some(&mailbox.user_id)),
            calls,
            outcomes: calls.iter().map(|_| None).collect(),
            sent: vec![0; calls.len()],
            waiting: VecDeque::with_capacity(calls.len()),
            renewed: vec![false; calls.len()],
        };
        for (index, call) in calls.iter().enumerate() {
            let own = call
                .mailbox
                .as_deref()
                .is_some_and(|of| of.eq_ignore_ascii_case(&mailbox.user_id));
            match &call.flaw {
                Some(flaw) => run.end(index, Err(flaw.clone())),
                None if !own => run.end(
                    index,
                    Err(Error::Unaskable("a batch holds requests of one mailbox")),
                ),
                None => run.waiting.push_back(index),
            }
        }
        run
    }

    async fn finish(mut self) -> Vec<Result<Reply, Error>> {
        while !self.waiting.is_empty() {
            let count = self.waiting.len().min(WIDEST);
            let batch: Vec<usize> = self.waiting.drain(..count).collect();
            let wait = self.round(&batch).await;
            if !wait.is_zero() && !self.waiting.is_empty() {
                self.mailbox.graph.clock.sleep(wait).await;
            }
        }
        // Each index either waits or has ended.
        self.outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or(Err(Error::Unaskable("never sent"))))
            .collect()
    }

    /// Sends one envelope; tells how long to wait before the next.
    async fn round(&mut self, batch: &[usize]) -> Duration {
        let graph = &self.mailbox.graph;
        let calls: Vec<&Call> = batch.iter().map(|&index| &self.calls[index]).collect();
        let envelope = batch_wire::envelope(&self.mailbox.user_id, &calls);
        let size = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let sent = graph.transmit(&envelope, self.gate.as_deref(), size).await;
        let now = graph.clock.now();
        let answer = sent.and_then(|(reply, token)| Ok((batch_wire::parts(reply)?, token)));
        let (mut parts, token) = match answer {
            Ok(answer) => answer,
            Err(error) => return self.envelope_failed(batch, &error),
        };
        if parts.values().any(|part| part.status == 401) {
            graph.forget_token(&token).await;
        }
        let mut longest = Duration::ZERO;
        // Backwards, as what is repeated goes to the front.
        for (position, &index) in batch.iter().enumerate().rev() {
            let part = parts.remove(&position);
            if let (Some(observer), Some(part)) = (&self.mailbox.graph.observer, &part) {
                observer.sub_call(self.calls[index].route, part.status);
            }
            // A part without an answer may have been done all the same.
            let unanswered = || {
                Err(Error::Unreadable {
                    what: "answer to each part of a batch",
                    status: 200,
                })
            };
            let outcome = part.map_or_else(unanswered, |part: Part| part.outcome(now));
            longest = longest.max(self.settle(index, outcome));
        }
        longest
    }

    /// No part has an answer of its own: each one is judged by the envelope's.
    fn envelope_failed(&mut self, batch: &[usize], error: &Error) -> Duration {
        let mut longest = Duration::ZERO;
        for &index in batch.iter().rev() {
            longest = longest.max(self.settle(index, Err(error.clone())));
        }
        // What ails the credential or blocks the mailbox ails the rest alike. Asking on for each of many envelopes
        // would only lengthen the ban.
        let hopeless = matches!(
            error,
            Error::Token(_) | Error::Unauthorized(_) | Error::StillThrottled { .. }
        );
        if hopeless && batch.iter().any(|&index| self.outcomes[index].is_some()) {
            for index in std::mem::take(&mut self.waiting) {
                self.end(index, Err(error.clone()));
            }
        }
        longest
    }

    /// Takes note of one outcome; tells how long to wait before the repetition, if there is one.
    fn settle(&mut self, index: usize, outcome: Result<Reply, Error>) -> Duration {
        let error = match outcome {
            Ok(reply) => {
                self.end(index, Ok(reply));
                return Duration::ZERO;
            }
            Err(error) => error,
        };
        if matches!(error, Error::Unauthorized(_)) && !std::mem::replace(&mut self.renewed[index], true) {
            self.waiting.push_front(index);
            return Duration::ZERO;
        }
        let graph = &self.mailbox.graph;
        client::obey(self.gate.as_deref(), &error);
        self.sent[index] += 1;
        match retry::judge(
            graph.retry,
            &*graph.random,
            self.calls[index].effect,
            error,
            self.sent[index],
        ) {
            Verdict::Again(wait) => {
                self.waiting.push_front(index);
                wait
            }
            Verdict::Final(error) => {
                self.end(index, Err(error));
                Duration::ZERO
            }
        }
    }

    fn end(&mut self, index: usize, outcome: Result<Reply, Error>) {
        self.outcomes[index] = Some(outcome);
    }
}
