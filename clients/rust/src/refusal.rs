use std::{collections::BTreeMap, error::Error, fmt, iter::successors, time::Duration};

use prost::Message;
use tonic::{Code, Status, transport};
use tonic_types::StatusExt;

use crate::v1::ErrorReason;

/// Why the service did not do what it was asked. `?` makes one of the status of a call.
#[derive(Debug)]
#[non_exhaustive]
pub struct Refusal {
    pub code: Code,
    /// Unspecified where the service did not answer itself: no connection, a deadline, a proxy.
    pub reason: ErrorReason,
    /// Those of the reason, by name.
    pub facts: BTreeMap<String, String>,
    /// How long to wait before the same call may succeed, where that is said.
    pub retry_after: Option<Duration>,
    /// What is wrong, by the path of the field, where the request itself was.
    pub fields: BTreeMap<String, String>,
    status: Box<Status>,
}

impl Refusal {
    /// Whether the same call may succeed a little later.
    pub fn passes(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::Aborted | Code::ResourceExhausted)
    }

    /// The status that it was read from.
    pub fn status(&self) -> &Status {
        &self.status
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = info.and_then(|info| ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason)));
        let violations = details.bad_request().into_iter().flat_map(|bad| &bad.field_violations);
        Refusal {
            code: status.code(),
            reason: reason.unwrap_or_default(),
            facts: info.map(|info| info.metadata.clone().into_iter().collect()).unwrap_or_default(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
            fields: violations.map(|one| (one.field.clone(), one.description.clone())).collect(),
            status: Box::new(status),
        }
    }
}

/// Reads a status such as that of a chunk of an import, a row or an operation.
impl From<&tonic_types::Status> for Refusal {
    fn from(status: &tonic_types::Status) -> Self {
        let details = status.encode_to_vec().into();
        Status::with_details(status.code.into(), &status.message, details).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (message, name) = (self.status.message(), self.reason.as_str_name());
        match self.reason {
            ErrorReason::Unspecified => write!(f, "{:?}: {message}", self.code),
            _ => write!(f, "{}: {message}", name.trim_start_matches("ERROR_REASON_")),
        }
    }
}

impl Error for Refusal {}

/// Whether a call brought no answer because there was no connection, or one that ended at once, as behind a balancer whose
/// server is away.
pub(crate) fn is_unconnected(status: &Status) -> bool {
    successors(status.source(), |error| (*error).source()).any(|error| error.is::<transport::Error>())
}
