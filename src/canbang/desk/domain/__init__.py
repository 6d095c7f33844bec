"""The write verbs, a file for each subject, and what is computed from the rows. Nothing else writes.

A verb checks the state, opens the transaction, moves the state and appends to the log in the same transaction. Bad input raises
``InputError`` with one Vietnamese line.
"""
