"""Walks along the links of the document: whole lives of solutions, not single calls; every answer matches the document.

Jobs end between two calls, as a worker would end them: those that the known policy is of succeed, the others fail.
"""

from collections import Counter
from contextlib import ExitStack

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, seed, settings
from schemathesis.python.asgi import get_client
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from service.app import create_app
from service.schemas.examples import MODEL_FILE
from service.schemas.request_examples import REQUESTS
from service.settings import ServiceSettings
from worker.contract import JobStatus

WALKS, STEPS = 70, 15
MOST_ROWS = 10
STATES = {"a": 0.0, "k": 4.2}
UNREACHED = {"get_impulse_response", "draw_impulse_response", "draw_training"}
"""The known policy is of an economy without shocks, and without a history of its training."""
MOST_ROUNDS = 6
"""Hypothesis draws from the constants of all modules that are loaded, so what walks reach depends on what ran before."""


@pytest.fixture
def end_jobs(finisher):
    """Ends every job that waits; returns the ids of those that may be tried again."""

    def end():
        for job_id in finisher.jobs.ids(JobStatus.QUEUED):
            job = finisher.jobs.job(job_id)
            if job.model_name == "neoclassical" and job.calibration["beta"] == 0.96:
                finisher.succeed(job_id)
            else:
                finisher.fail(job_id)
        for simulation_id in finisher.simulations.ids(JobStatus.QUEUED):
            finisher.simulate(simulation_id)
        stores, ends = (finisher.jobs, finisher.simulations), (JobStatus.FAILED, JobStatus.CANCELLED)
        return [job_id for store in stores for status in ends for job_id in store.ids(status)]

    return end


def within_reach(case):
    """The same call with the names, which no schema knows, of the model whose policy is known."""
    name, body = name_of(case), case.body
    if name == "register_model":
        case.media_type, case.body = "application/json", MODEL_FILE  # text would be sent as a YAML string
    elif name == "create_solution":
        body["model"] = "neoclassical"
        for member in ("calibration", "method", "start"):
            body.pop(member, None)
    elif name == "evaluate_policy":
        case.query = dict(STATES)
    elif name == "evaluate_policy_batch":
        case.query, case.body = {}, {"states": STATES}
    elif name == "simulate_policy":
        draws = body.get("seed", 0)
        case.body = {"periods": MOST_ROWS, "paths": 1 + draws % 2, "seed": draws}  # two are a job
    elif name == "get_moments":
        case.query = {"periods": 100, "paths": 2, "burn_in": 1}
    elif name.startswith("draw_"):
        case.query = {}
    elif name == "infer":
        case.body = REQUESTS["InferenceRequest"]["tensors"]["value"]


def linked(document):
    """The operations to which a link leads."""
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    responses = [response for operation in operations for response in operation["responses"].values()]
    return {name for response in responses for name in response.get("links", ())}


def name_of(case):
    """The id of the operation that is called."""
    return case.operation.definition.raw["operationId"]


class Walk:
    """Mixed into the machine that schemathesis makes of the links.

    Attributes:
        client: of the store.
        make_app: makes the service.
        end_jobs: ends every job that waits, and returns those that may be tried again.
        statuses: how often each operation was answered by each status, where what was sent fits the document.
    """

    def setup(self):
        self.client.flushall()  # what a walk draws depends on what is there
        self._open = ExitStack()
        self._session = self._open.enter_context(get_client(self.make_app()))
        first = self._session.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
        self._session.post("/v1/solutions", json={"model": "neoclassical", "calibration": {"beta": 0.9}})
        self._ids = [first]  # so that a walk that begins by the list finds one
        self.end_jobs()
        asked = [{"periods": MOST_ROWS, "paths": 2, "seed": number} for number in range(2)]
        path = f"/v1/solutions/{first}/simulate"
        self._simulations = [self._session.post(path, json=one).json() for one in asked]
        self._session.post(f"{self._simulations[0]['links']['self']}/cancel")

    def teardown(self):
        self._open.close()

    def before_call(self, case):
        failed = [] if name_of(case).startswith("cancel_") else self.end_jobs()
        case.headers.pop("Prefer", None)
        case.query.pop("wait", None)
        self._is_positive = case.meta.generation.mode.is_positive
        if self._is_positive:
            within_reach(case)
            if case.path_parameters.get("solution_id", self._ids[0]) not in self._ids:
                case.path_parameters["solution_id"] = self._ids[-1]  # no link led to it; it was drawn
            if name_of(case) == "retry_solution" and failed and not failed[0].startswith("sim-"):
                case.path_parameters["solution_id"] = failed[0]
            if name_of(case) == "cancel_solution":
                one = {"model": "neoclassical", "seed": len(self._ids)}  # that waits
                self._ids.append(self._session.post("/v1/solutions", json=one).json()["id"])
                case.path_parameters["solution_id"] = self._ids[-1]
            if "simulation_id" in case.path_parameters:
                self._name_simulation(case, failed)

    def _name_simulation(self, case, failed):
        known = {one["id"]: one["solution"] for one in self._simulations}
        named = case.path_parameters["simulation_id"]
        if name_of(case) == "retry_simulation":
            named = next((one for one in failed if one in known), named)
        elif named not in known:
            named = self._simulations[-1]["id"]
        case.path_parameters.update(simulation_id=named, solution_id=known.get(named, self._ids[0]))
        if name_of(case) == "get_simulation_result":
            case.query = {}

    def get_call_kwargs(self, case):
        return {"session": self._session}

    def after_call(self, response, case):
        if name_of(case) == "create_solution" and response.status_code < 300:
            self._ids.append(response.json()["id"])
        if name_of(case) == "simulate_policy" and response.status_code == 202:
            self._simulations.append(response.json())
        if self._is_positive:
            self.statuses[name_of(case), int(response.status_code)] += 1

    def validate_response(self, response, case, additional_checks=(), **transport):
        excluded = [positive_data_acceptance]
        if response.status_code == 410:  # a refusal that schemathesis does not know as one
            excluded.append(negative_data_rejection)
        case.validate_response(response, excluded_checks=excluded, transport_kwargs=transport)


def test_walks_along_the_links_of_the_document(store_url, client, end_jobs):
    def make_app():
        return create_app(ServiceSettings(redis_url=store_url, max_batch_states=MOST_ROWS))

    machine = schemathesis.openapi.from_asgi("/openapi.json", make_app()).as_state_machine()
    statuses = Counter()
    known = {
        "client": client,
        "make_app": staticmethod(make_app),
        "end_jobs": staticmethod(end_jobs),
        "statuses": statuses,
    }
    chosen = settings(
        max_examples=WALKS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    links, reached = linked(make_app().openapi()), set()
    for number in range(MOST_ROUNDS):
        seed(number)(type("LinkedWalk", (Walk, machine), known)).run(settings=chosen)
        reached = {name for name, status in statuses if status < 400}
        if links - reached <= UNREACHED:
            break
    assert links - reached == UNREACHED
    assert sum(times for (_, status), times in statuses.items() if status < 400) > statuses.total() / 2
