"""The rules of an exam session, pure: no clock, no SQL, no gRPC, no randomness. Values in, decisions out."""
