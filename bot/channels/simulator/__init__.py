"""The simulator: a local web page that is a phone, to try everything without Telegram or WhatsApp."""
