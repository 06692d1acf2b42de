"""The use cases: one file for each family of mutations, decided by the domain.

How a mutation runs is in execution/; what runs without being called is in background/.
"""
