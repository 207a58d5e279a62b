"""What is said next: events in, actions out, with no databases, networks or clocks."""
