//! Tests against a scripted transport and a clock that moves only when told to.

mod calls;
mod coql;
mod limits;
mod reading;
mod support;
mod token;
mod users;
mod writing;
