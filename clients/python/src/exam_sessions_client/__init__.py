"""The Python client of the exam session service. `v1` holds the generated code."""
