"""The command line: tables for people, ``--json`` for pipelines; what is asked for goes to stdout, all else to stderr."""
