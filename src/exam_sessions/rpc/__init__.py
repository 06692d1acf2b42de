"""The gRPC face: the only place that sees grpc and generated code. Parses, validates, converts, translates refusals.

handlers.py is the door every call goes through; one thin servicer per service; convert_*.py between messages and
records; status.py from refusal to status; server.py puts it together; client.py is the command line's side.
"""
