"""Generated from protos/exam_sessions/v1 by scripts/generate; never edited by hand."""
