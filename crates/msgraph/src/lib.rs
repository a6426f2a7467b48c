//! Typed client of the Microsoft Graph calls that crmlink uses.
