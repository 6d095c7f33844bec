"""Screens, a file for each subject: thin, scoped to the organisation in the address."""
