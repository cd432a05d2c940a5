"""Dynare's ``.mod`` files as models: read, brought to states, controls and definitions, and written as a model file."""
