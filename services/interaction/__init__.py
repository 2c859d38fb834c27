"""Every contact with a customer, and what was promised."""
