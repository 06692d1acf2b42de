"""Writes docs/reference from protos, error types, command line and settings; one module for each page."""
