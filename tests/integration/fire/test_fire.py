"""The real stack under fire, with a fixed seed: every kind of fault once, while four clients go on."""

from tests.integration.fire.fire import ARGUMENTS, ENVIRONMENT, run_fire
from tests.integration.fire.nemesis import FAULTS

SEED = 1


def test_what_was_acknowledged_survives_every_fault(start_stack):
    running = start_stack(*ARGUMENTS, environment=ENVIRONMENT)
    outcome = run_fire(running, SEED)
    assert outcome.violations == []
    assert outcome.struck == dict.fromkeys(FAULTS, 1)
    assert outcome.poison_kills >= 3
    done = {kind for kind in (one.kind for one in outcome.operations if one.is_done)}
    asked = {"submit", "simulate", "cancel", "retry", "delete"}
    assert done == asked | {"poll", "await", "follow", "evaluate", "download"}
    ends = {change.status for change in outcome.changes if change.kind == "status"}
    assert ends == {"queued", "running", "succeeded", "failed", "cancelled"}
