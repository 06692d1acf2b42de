"""`python -m exam_sessions` is the command line."""

from exam_sessions.cli import main

main()
