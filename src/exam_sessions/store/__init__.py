"""The only SQL. Tables in schema.py, connections in engine.py, statements in one file for each kind of row."""
