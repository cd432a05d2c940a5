"""The command ``saddlepath``, also as ``python -m saddlepath``."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line, or says what to install for it."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError:
        sys.exit("saddlepath: the command line needs more than is installed: pip install 'saddlepath[cli]'")
    from saddlepath.cli.app import run

    sys.exit(run())


if __name__ == "__main__":
    main()
