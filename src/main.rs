//! The crmlink operator.

fn main() {}
