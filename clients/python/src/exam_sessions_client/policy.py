"""The published policy of calls. Made by scripts/generate; never edited by hand."""

SERVICE_CONFIG = """\
{
 "methodConfig": [
  {
   "name": [
    {}
   ],
   "waitForReady": true,
   "retryPolicy": {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "3s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": [
     "UNAVAILABLE"
    ]
   }
  },
  {
   "name": [
    {
     "service": "exam_sessions.v1.SessionService",
     "method": "WatchSessions"
    },
    {
     "service": "exam_sessions.v1.SessionService",
     "method": "ImportSessions"
    },
    {
     "service": "exam_sessions.v1.CandidateService",
     "method": "ExportCandidate"
    }
   ],
   "waitForReady": true
  },
  {
   "name": [
    {
     "service": "google.longrunning.Operations",
     "method": "WaitOperation"
    }
   ],
   "waitForReady": true,
   "retryPolicy": {
    "maxAttempts": 5,
    "initialBackoff": "0.1s",
    "maxBackoff": "3s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": [
     "UNAVAILABLE"
    ]
   }
  }
 ]
}
"""
"""Retries, and waiting for the connection, as gRPC takes it."""

TIMEOUT = 30.0
"""Seconds a call may take that says nothing else."""

TIMEOUTS: dict[str, float | None] = {
    "/exam_sessions.v1.SessionService/WatchSessions": None,
    "/exam_sessions.v1.SessionService/ImportSessions": None,
    "/exam_sessions.v1.CandidateService/ExportCandidate": None,
    "/google.longrunning.Operations/WaitOperation": 90.0,
}
"""Those of methods with others, by path; None for streams without an end."""
