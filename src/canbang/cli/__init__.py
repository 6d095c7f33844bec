"""The command line: one file per command group, each command thin."""

from __future__ import annotations

import sys

import click

from canbang import __version__
from canbang.cli.channel import channel
from canbang.cli.collect import collect
from canbang.cli.desk import desk
from canbang.cli.draw import draw
from canbang.cli.enrol import enrol
from canbang.cli.import_ import import_
from canbang.cli.label import evaluate, label
from canbang.cli.measure import measure
from canbang.cli.rollup import rollup_command
from canbang.cli.sample import sample
from canbang.cli.train import train
from canbang.errors import InputError, reason

PROGRAM = "canbang"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name=PROGRAM)
def cli() -> None:
    """Cân bằng: đo tỉ lệ tin tiêu cực trên các kênh của chính đơn vị, có khoảng tin cậy và kết luận."""


for _command in (measure, sample, draw, rollup_command, desk, enrol, channel, collect, label, evaluate, train, import_):
    cli.add_command(_command)


def _in_vietnamese(error: click.UsageError) -> str:
    """What is wrong with the words of a command."""
    if isinstance(error, click.NoSuchOption):
        near = f" Ý là {', '.join(error.possibilities)}?" if error.possibilities else ""
        return f"không có tùy chọn {error.option_name}.{near}"
    name = (
        error.param.get_error_hint(error.ctx)
        if isinstance(error, click.BadParameter) and error.param and error.ctx
        else ""
    )
    if isinstance(error, click.MissingParameter):
        return f"thiếu {name}."
    if isinstance(error, click.BadParameter):
        kind = error.param.type if error.param else None
        wanted = f" Chọn một trong: {', '.join(map(str, kind.choices))}." if isinstance(kind, click.Choice) else ""
        if isinstance(kind, click.IntRange | click.FloatRange):
            wanted = f" Cần một số trong khoảng {kind._describe_range()}."
        return f"{name}: giá trị không dùng được.{wanted}"
    if isinstance(error, click.BadOptionUsage):
        return f"tùy chọn {error.option_name} cần kèm một giá trị."
    return f"không hiểu lệnh ({error.format_message()})"


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
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.UsageError as error:
        click.echo(f"Lỗi: {_in_vietnamese(error)} Xem: {PROGRAM} --help", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        click.echo(f"Lỗi: {error.filename or 'hệ thống'}: {reason(error)}", err=True)
        sys.exit(2)
