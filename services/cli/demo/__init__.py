"""The demo bank: a deterministic generator of people and their stories, as actions for the public API."""
