"""The gRPC side of the server: the only one that imports grpc and generated code besides client/.

A call enters through transports/ and a handler (handler.py), decoding/ turns its bytes into a message, a servicer
turns that into a command or a query, convert/ into records and back; status.py turns a refusal into a status. A
queued call enters three times: when it is queued, when its group starts (`open`), after the commit (`render`).
"""
