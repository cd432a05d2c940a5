"""What the worker's main process looks after."""

from types import SimpleNamespace

from celery.worker import state

from worker.contract import EXPORT_TASK, SOLVE_TASK
from worker.overseer import Delivery
from worker.upkeep import solves_under_way


def request(job_id, task, pid):
    """A request as Celery keeps it."""
    message = SimpleNamespace(delivery_tag=f"tag of {job_id}")
    return SimpleNamespace(id=job_id, name=task, worker_pid=pid, message=message)


def test_only_solves_that_a_process_works_on_are_overseen(monkeypatch):
    # An export holds no lease: it would be taken for a solve that has lost its own, and its process killed.
    requests = [request("a", SOLVE_TASK, 1), request("b", SOLVE_TASK, None), request("c", EXPORT_TASK, 2)]
    monkeypatch.setattr(state, "requests", {one.id: one for one in requests})
    assert solves_under_way() == {Delivery("a", "tag of a", 1)}
