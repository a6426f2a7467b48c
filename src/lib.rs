//! The crmlink operator.
