"""Who the customer is, what they hold and what they move."""
