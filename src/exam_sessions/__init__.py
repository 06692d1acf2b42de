"""The session service of record for exams. See README.md for what it does, and app.py for how it is put together."""
