"""How any mutation or query runs, whatever it is about: queued, grouped, decided in one transaction, committed.

group_commit.py gathers requests into groups, executor.py runs a group in one transaction, queries.py reads.
"""
