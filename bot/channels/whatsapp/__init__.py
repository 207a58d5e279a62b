"""WhatsApp's Cloud API: what Meta brings by webhook, messages and files out."""
