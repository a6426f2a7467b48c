//! What a control plane promises, on real ones.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail a test as the tests do")]

mod chart;
mod lifetime;
mod rights;
mod support;
