"""The only SQL. Tables in schema.py, connections in engine.py, one file of statements per kind of row."""
