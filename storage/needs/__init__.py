"""What steps ask to be told: one module for each family of needs, each read for a whole batch at once."""
