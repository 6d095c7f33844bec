"""Writes docs/cli.md from the commands themselves: ``python -m canbang.cli.docs > docs/cli.md``."""

from __future__ import annotations

import click

from canbang.cli import PROGRAM, cli

HEAD = (
    "# Command line\n\nMade from the commands by `python -m canbang.cli.docs > docs/cli.md`; a test compares the two.\n"
    "Exit status: 0 done, 2 bad input (one Vietnamese line on standard error), 130 interrupted.\n"
)


def render() -> str:
    """The page."""
    parts = [HEAD]
    for name, command in sorted(cli.commands.items()):
        # a fixed width, so that the page does not depend on somebody's terminal
        with click.Context(
            command, info_name=f"{PROGRAM} {name}", terminal_width=110, max_content_width=110
        ) as context:
            parts.append(f"\n## {PROGRAM} {name}\n\n```\n{command.get_help(context)}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    click.echo(render(), nl=False)
