"""What all events add up to: service quality, satisfaction and relationship strength, explained."""
