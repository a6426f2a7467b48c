//! The pure part of the two-way sync: values, mapping, links, plans.
//!
//! Nothing here does I/O, reads a clock or knows Kubernetes and HTTP. The runtime gathers what both sides hold,
//! asks [`plan::plan_contact`] what is to be done, and carries it out.

pub mod crm_field;
#[cfg(test)]
mod fixture;
pub mod hash;
pub mod identity;
pub mod import;
pub mod link;
pub mod mapping;
pub mod merge;
pub mod office_field;
pub mod plan;
pub mod project;
mod settle;
mod unfit;
mod unit;
pub mod value;
