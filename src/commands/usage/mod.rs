//! What can be asked of a tenant's usage.

pub mod record_api_requests;

pub use record_api_requests::RecordApiRequests;
