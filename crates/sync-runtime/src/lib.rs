//! Executor of the two-way sync over ports: mailbox, CRM, store, clock.
