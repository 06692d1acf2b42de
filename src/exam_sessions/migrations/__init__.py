"""Alembic's migrations, and the call that applies them."""
