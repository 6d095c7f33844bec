"""How Vietnam writes dates and numbers."""
