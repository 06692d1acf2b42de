"""The session service of record for exams. README.md says what it does, docs/develop/architecture.md how."""
