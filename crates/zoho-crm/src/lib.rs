//! Typed client of the Zoho CRM v8 calls that crmlink uses.
