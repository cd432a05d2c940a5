import pytest

from service.errors import ServiceError
from service.problems import PROBLEMS, row_of
from solver.errors import SolverError
from worker.errors import WorkerError


def with_subclasses(cls):
    return [cls, *(below for subclass in cls.__subclasses__() for below in with_subclasses(subclass))]


@pytest.mark.parametrize(
    "error_class", [cls for root in (SolverError, WorkerError, ServiceError) for cls in with_subclasses(root)]
)
def test_every_exception_has_a_row_of_its_own(error_class):
    assert error_class in PROBLEMS


def test_a_code_belongs_to_one_status_and_title():
    by_code = {}
    for row in PROBLEMS.values():
        assert by_code.setdefault(row.code, (row.status, row.title)) == (row.status, row.title)


def test_an_exception_without_a_row_is_answered_as_the_nearest_above():
    class UnheardOfError(WorkerError):
        pass

    try:
        assert row_of(UnheardOfError()) is PROBLEMS[WorkerError]
        assert row_of(ZeroDivisionError()).status == 500
    finally:
        del UnheardOfError
