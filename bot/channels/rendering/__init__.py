"""Drawing a message within a channel's limits; pure."""
