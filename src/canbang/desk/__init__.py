"""The web desk: the only Django in the house, one app."""
