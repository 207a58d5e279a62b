"""What is asked and what it is worth: pure, with no chats, databases or clocks."""
