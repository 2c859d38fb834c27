"""The kernel: events, logs, feeds, projections, vault and web conventions. No bank words in it."""
