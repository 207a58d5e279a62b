"""What was planned is judged at the moment of sending: is it still needed, and what does it say by now?"""
