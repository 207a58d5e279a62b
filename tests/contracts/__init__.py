"""One suite for every channel, one for every database: what all of them promise."""
