//! Import requests.
