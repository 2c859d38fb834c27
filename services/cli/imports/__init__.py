"""Imports of a bank's own files: a mapping in TOML for transactions, and small tables code for whole directories."""
