"""The running program: channels, the turn pipeline, delivery, schedules, web, command line."""
