"""The capabilities of a unit of work, one file each: what a use case may read and write of one kind of row.

A method whose name ends in `_now` writes immediately: by a statement of its own, seen by every later read of the
transaction. What any other method writes is deferred to `UnitOfWork.write` (transaction.py); the units answer
reads as if it was written already. capabilities.py says which use case is given which units.
"""
