"""What is told to people without their asking, put into the outbox in time: one module for each kind."""
