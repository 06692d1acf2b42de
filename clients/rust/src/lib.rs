//! Calls the exam session service: deadlines, request ids, retries and typed refusals for every RPC.

mod calls;
mod client;
mod refusal;
#[rustfmt::skip]
mod services;
mod streams;

pub use calls::Calls;
pub use client::{Client, ConfigError, Options, new_id};
pub use protos::{exam_sessions::v1, google::longrunning, grpc::health::v1 as health};
pub use refusal::Refusal;
pub use streams::pages;

#[allow(clippy::all, dead_code)]
mod protos {
    include!(concat!(env!("OUT_DIR"), "/protos.rs"));
}
