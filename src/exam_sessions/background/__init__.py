"""Background loops: due sessions, operations, expired requests, notifications, the event feed."""
