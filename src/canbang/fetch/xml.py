"""XML without surprises: a stream parser that refuses declared entities and endless nesting, whatever the encoding."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from xml.parsers import expat

from canbang.errors import InputError

DEPTH_MAX = 64


class XmlRefused(ValueError):
    """The document is broken or not safe. ``unsafe`` tells which; broken ones may still be read tolerantly."""

    def __init__(self, unsafe: bool) -> None:
        super().__init__("unsafe" if unsafe else "broken")
        self.unsafe = unsafe


class Stop(Exception):
    """Raised by a handler to end the reading early."""


def _nothing(*_: object) -> None:
    pass


def walk(
    pieces: Iterable[bytes],
    *,
    start: Callable[[str], None] = _nothing,
    end: Callable[[str], None] = _nothing,
    text: Callable[[str], None] | None = None,
    any_doctype: bool = False,
) -> None:
    """Call ``start``, ``end`` (local names) and ``text`` for what stands in the document.

    A document type declaration is refused where it declares something, or always unless ``any_doctype``. Raises
    :class:`XmlRefused`; a handler ends the reading by :class:`Stop`.
    """
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    depth = 0

    def opened(name: str, _: object) -> None:
        nonlocal depth
        depth += 1
        if depth > DEPTH_MAX:
            raise XmlRefused(unsafe=True)
        start(name.rpartition("}")[2])

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name.rpartition("}")[2])

    def doctype(_name: str, _system: object, _public: object, declares: int) -> None:
        if declares or not any_doctype:
            raise XmlRefused(unsafe=True)

    def entity(*_: object) -> None:
        raise XmlRefused(unsafe=True)

    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    if text:
        parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = lambda *_: 0  # nothing outside the document is ever read
    try:
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except Stop:
        return
    except (expat.ExpatError, LookupError) as error:  # LookupError: an encoding nobody knows
        raise XmlRefused(unsafe=False) from error
    except ValueError as error:
        if isinstance(error, XmlRefused | InputError):  # what the pieces themselves complain of keeps its name
            raise
        raise XmlRefused(unsafe=False) from error
