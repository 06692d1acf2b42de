"""Loops that nobody calls: due sessions, operations, expired requests, notifications, the event feed."""
