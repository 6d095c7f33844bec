"""The command line: one file per command group, each command thin."""

from __future__ import annotations

import sys

import click

from canbang import __version__
from canbang.cli.draw import draw
from canbang.cli.enrol import enrol
from canbang.cli.label import evaluate, label
from canbang.cli.measure import measure
from canbang.cli.sample import sample
from canbang.cli.train import train
from canbang.errors import InputError

PROGRAM = "canbang"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Cân bằng: đo tỉ lệ tin tiêu cực trên các kênh của chính đơn vị, có khoảng tin cậy và kết luận."""


for _command in (measure, sample, draw, enrol, label, evaluate, train):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; bad input ends with one line and exit status 2."""
    try:
        cli.main(prog_name=PROGRAM, standalone_mode=False)
    except InputError as error:
        click.echo(f"Lỗi: {error}", err=True)
        sys.exit(2)
    except click.exceptions.Abort:
        click.echo("Đã dừng.", err=True)
        sys.exit(130)
    except click.UsageError as error:
        click.echo(f"Lỗi: {error.format_message()} Xem: {PROGRAM} --help", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        click.echo(f"Lỗi: {error.filename or 'hệ thống'}: {error.strerror or error}", err=True)
        sys.exit(2)
