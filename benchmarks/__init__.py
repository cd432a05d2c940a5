"""The figures of the README, measured: ``make bench`` runs all of them, ``make bench ARGS=adam`` one."""
