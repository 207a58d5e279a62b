"""The same ten questions asked by this program and by the frameworks that others would take."""
