"""Metrics: what is counted of calls, read of the service and sampled of the database, and how it is exposed."""
