"""Metrics: what is counted of calls, read of the service and sampled of the database, and how it is exposed.

Beside them what the log says of a start (start_report.py) and of calls (call_log.py),
and their traces (traces.py).
"""
