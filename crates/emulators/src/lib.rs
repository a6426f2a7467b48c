//! Emulators of Microsoft Graph and Zoho CRM v8.
