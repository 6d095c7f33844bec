"""The one exception for bad input: the command line and the desk show its text and nothing else."""


class InputError(ValueError):
    """Something a person handed in cannot be used.

    The message is one Vietnamese line that names the row, field or file and the way out.
    """
