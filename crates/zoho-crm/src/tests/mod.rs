//! Tests against a scripted transport and a clock that moves only when told to.

mod calls;
mod coql;
mod emulated;
mod limits;
mod people;
mod reading;
mod support;
mod token;
mod user_writes;
mod users;
mod writing;
