"""A solve as it goes on: one line at a terminal, on which the Euler error falls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from saddlepath.display import error
from saddlepath.progress import Progress, Show

BLOCKS = "▁▂▃▄▅▆▇█"
MOST = 40


@contextmanager
def following(name: str, target_log10: float) -> Iterator[Show]:
    """What to tell of progress; shown on stderr, and only at a terminal.

    Args:
        name: of the model.
        target_log10: where the Euler error is to go.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield lambda _: None
        return
    errors: list[float] = []
    step = 0
    with Live(Text(f"{name} is waiting"), console=console, transient=True, refresh_per_second=8) as live:

        def show(progress: Progress) -> None:
            nonlocal step
            if progress.step < step:  # another attempt begins, after a retry or a worker's end
                errors.clear()
            step = progress.step
            if progress.euler_error_max_log10 is not None:
                errors.append(progress.euler_error_max_log10)
            live.update(line_of(name, progress, errors, target_log10, console.width))

        yield show


def line_of(name: str, progress: Progress, errors: list[float], target_log10: float, width: int) -> Text:
    """The line: phase and step, the Euler error, seconds gone and left, and the error's way so far where there is room.

    Args:
        name: of the model.
        progress: the latest.
        errors: log10 of all Euler errors so far.
        target_log10: where they are to go.
        width: of the terminal.
    """
    left = "" if progress.eta_s is None else f", {progress.eta_s:.1f} s left"
    line = Text.assemble(
        (name, "bold"),
        f"  {progress.phase} {progress.step}  Euler error ",
        (error(progress.euler_error_max_log10), "cyan"),
        f" → {error(target_log10)}  {progress.elapsed_s:.1f} s{left}  ",
        no_wrap=True,
        overflow="ellipsis",
    )
    room = min(max(width - len(line), 0), MOST)
    return line.append(
        sparkline(errors[len(errors) - room :] if room < len(errors) else errors, target_log10), "cyan"
    )


def sparkline(errors: list[float], floor: float) -> str:
    """Blocks as high as errors are above ``floor``, the largest full."""
    span = max((value - floor for value in errors), default=0.0)
    if span <= 0:
        return BLOCKS[0] * len(errors)
    shares = [min(max((value - floor) / span, 0.0), 1.0) for value in errors]
    return "".join(BLOCKS[round(share * (len(BLOCKS) - 1))] for share in shares)
