"""The version of the numbers, raised whenever the same job would give other bytes, so that none is served stale."""

NUMERICS_VERSION = "8"
