"""Complaints: a gift with a clock on it."""
