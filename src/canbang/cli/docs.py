"""Writes docs/cli.md from the commands themselves: ``python -m canbang.cli.docs > docs/cli.md``."""

from __future__ import annotations

from collections.abc import Iterator

import click

from canbang.cli import PROGRAM, cli

HEAD = (
    "# Command line\n\nMade from the commands by `python -m canbang.cli.docs > docs/cli.md`; a test compares the two.\n"
    "Exit status: 0 done, 2 bad input (one Vietnamese line on standard error), 130 interrupted.\n"
)


def _pages(name: str, command: click.Command) -> Iterator[str]:
    # a fixed width, so that the page does not depend on somebody's terminal
    with click.Context(
        command, info_name=name, terminal_width=110, max_content_width=110, help_option_names=["-h", "--help"]
    ) as context:
        yield f"\n## {name}\n\n```\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for inner, sub in sorted(command.commands.items()):
            yield from _pages(f"{name} {inner}", sub)


def render() -> str:
    """The page."""
    return HEAD + "".join(
        page for name, command in sorted(cli.commands.items()) for page in _pages(f"{PROGRAM} {name}", command)
    )


if __name__ == "__main__":
    click.echo(render(), nl=False)
