"""Knows no domain: operations and their binding to HTTP, problems, the database, what is signed and sealed."""
