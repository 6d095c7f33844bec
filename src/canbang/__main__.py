"""``python -m canbang`` is the ``canbang`` command."""

from canbang.cli import main

if __name__ == "__main__":
    main()
