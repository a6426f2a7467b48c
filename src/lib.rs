//! The crmlink operator: keeps Microsoft 365 and Zoho CRM at the state that teams declare in Kubernetes.

pub mod adapters;
pub mod api;
pub mod rbac;
