"""The contract for others: the protos with their comments and rules, as files, as descriptors and as OpenAPI.

`documented.binpb` holds the protos, validate_pb2 is the module of the rules (buf.validate); scripts/generate makes
both, as it makes the modules of the protos themselves, in exam_sessions_client.v1.
"""
