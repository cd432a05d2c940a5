"""What every part of the settings has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """Frozen, strict, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def refuse(settings: Settings, names: tuple[str, ...], reason: str) -> None:
    """Refuse fields that belong to another choice.

    Raises:
        ValueError: one of them is given.
    """
    for name in names:
        value = getattr(settings, name)
        if value is not None:
            raise ValueError(f"{name} = {value!r} {reason}; leave it out")
