"""Tables of what an operator may set, made from the settings themselves: ``<!-- settings: service -->``."""

from __future__ import annotations

import re
from typing import Any

from pydantic_settings import BaseSettings

from service.settings import ServiceSettings
from worker.settings import WorkerSettings

SETTINGS: dict[str, type[BaseSettings]] = {"service": ServiceSettings, "worker": WorkerSettings}
_PLACE = re.compile(r"<!-- settings: (\w+) -->")
#: Told elsewhere on the same page, or by a page of their own.
_ELSEWHERE = {"redis_url", "webhook_hosts", "webhook_private", "keep_days", "keep_bytes", "sweep_s"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Puts each table in its place."""
    return _PLACE.sub(lambda found: table(SETTINGS[found[1]]), markdown)


def table(settings: type[BaseSettings]) -> str:
    """A row for each setting: variable, default, meaning."""
    rows = [
        f"| `{settings.model_config['env_prefix']}{name.upper()}` | {_shown(field.default)} | {field.description} |"
        for name, field in settings.model_fields.items()
        if name not in _ELSEWHERE
    ]
    return "\n".join(["| variable | default | |", "| --- | --- | --- |", *rows])


def _shown(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else f"`{str(value).lower() if isinstance(value, bool) else value}`"
