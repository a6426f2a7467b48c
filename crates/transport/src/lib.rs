//! HTTP as a parameter: one request in, one answer out, and the OAuth token cache above it.
