"""The programs on the page that describes artifacts, which tests run so that they stay true."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "docs" / "artifacts.md").read_text()


def program(file):
    """The one that reads ``file``."""
    (found,) = (block for block in re.findall(r"```python\n(.*?)```", PAGE, re.S) if f'"{file}"' in block)
    return found


def run(source):
    """The names that a program leaves."""
    namespace = {}
    exec(source, namespace)
    return namespace
