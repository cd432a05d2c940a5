"""The stack on one machine: store, workers and API as supervised processes under ``saddlepath-server up``."""
