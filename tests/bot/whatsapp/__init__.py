"""The WhatsApp channel against a local Graph server."""
