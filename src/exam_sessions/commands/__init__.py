"""The use cases: every mutation a batch, decided by the domain, written by the executor in one transaction.

batch.py says what a batch is; bookings, changes, releases and clockwork hold one family each; ledger.py is what a
transaction knows and will write; executor.py runs groups of batches; lane.py gathers calls into groups.
"""
