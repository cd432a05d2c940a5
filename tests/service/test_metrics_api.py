"""GET /metrics: figures that Prometheus's own parser reads."""

from prometheus_client.parser import text_string_to_metric_families

from solver.model.zoo import load_zoo


def figures(api):
    """Every sample: (name, labels) -> value."""
    answer = api.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(api, name, **labels):
    return figures(api).get((name, tuple(sorted(labels.items()))))


def test_requests_are_counted_by_route_and_status_and_never_by_path(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    for _ in range(3):
        api.get(f"/v1/solutions/{solution_id}")
    api.get(f"/v1/solutions/{'0' * 32}")
    api.get("/nowhere/at/all")
    route = "/v1/solutions/{solution_id}"
    assert figure(api, "saddlepath_requests_total", method="GET", route=route, status="200") == 3
    assert figure(api, "saddlepath_requests_total", method="GET", route=route, status="404") == 1
    assert figure(api, "saddlepath_requests_total", method="GET", route="(none)", status="404") == 1
    assert figure(api, "saddlepath_request_seconds_count", method="GET", route=route) == 4
    assert solution_id not in api.get("/metrics").text


def test_held_requests_are_no_measure_of_speed(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    finisher.succeed(solution_id)
    api.get(f"/v1/solutions/{solution_id}?wait=5")
    assert (
        figure(api, "saddlepath_request_seconds_count", method="GET", route="/v1/solutions/{solution_id}")
        is None
    )


def test_jobs_and_what_became_of_them(api, finisher):
    ids = [
        api.post("/v1/solutions", json={"model": "neoclassical", "seed": seed}).json()["id"]
        for seed in range(4)
    ]
    finisher.succeed(ids[0])
    finisher.fail(ids[1])
    finisher.begin(ids[2])
    found = figures(api)
    counts = {
        dict(labels)["status"]: value for (name, labels), value in found.items() if name == "saddlepath_jobs"
    }
    assert counts == {"queued": 1, "running": 1, "succeeded": 1, "failed": 1, "cancelled": 0}
    assert figure(api, "saddlepath_solves_total", status="succeeded", model="neoclassical") == 1
    assert figure(api, "saddlepath_solves_total", status="failed", model="neoclassical") == 1
    assert 0 < figure(api, "saddlepath_solve_seconds_total", status="succeeded", model="neoclassical") < 60
    assert figure(api, "saddlepath_certificates_total", verdict="pass") == 1
    api.delete(f"/v1/solutions/{ids[0]}")
    assert figure(api, "saddlepath_solves_total", status="succeeded", model="neoclassical") == 1  # it did end


def test_a_cancelled_job_that_never_began_has_no_seconds(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    api.post(f"/v1/solutions/{solution_id}/cancel")
    assert figure(api, "saddlepath_solves_total", status="cancelled", model="neoclassical") == 1
    assert figure(api, "saddlepath_solve_seconds_total", status="cancelled", model="neoclassical") is None


def test_a_users_own_model_is_no_label(api, finisher):
    own = {**load_zoo("neoclassical").document, "name": "my secret"}
    solution_id = api.post("/v1/solutions", json={"model": own}).json()["id"]
    finisher.succeed(solution_id)
    assert figure(api, "saddlepath_solves_total", status="succeeded", model="own") == 1
    assert "secret" not in api.get("/metrics").text


def test_policies_in_memory(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    finisher.succeed(solution_id)
    for _ in range(3):
        assert api.get(f"/v1/solutions/{solution_id}/policy?a=0&k=4").status_code == 200
    assert figure(api, "saddlepath_policy_cache_total", where="store") == 1
    assert figure(api, "saddlepath_policy_cache_total", where="memory") == 2


def test_memory_that_solutions_take(api, solved):
    kept = figure(api, "saddlepath_kept_bytes")
    assert 5_000 < kept < 100_000
    api.delete(f"/v1/solutions/{solved}")
    assert figure(api, "saddlepath_kept_bytes") == 0
    assert figure(api, "saddlepath_deleted_total", reason="request") == 1


def test_memory_of_the_store(api):
    assert figure(api, "saddlepath_store_memory_bytes") > 100_000
    assert figure(api, "saddlepath_store_memory_limit_bytes") >= 0
    assert figure(api, "saddlepath_workers") == 0


def test_an_unknown_parameter_is_refused(api):
    assert api.get("/metrics?x=1").status_code == 422


def test_without_a_store_it_is_a_503(make_api):
    with make_api(url="redis://127.0.0.1:1/0") as api:
        assert api.get("/metrics").status_code == 503


def test_a_defect_is_counted_and_named(api, monkeypatch):
    def fail():
        raise RuntimeError("a defect")

    monkeypatch.setattr(api.app.state.services.jobs, "ping", fail)
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert answer.headers["x-request-id"]
    assert figure(api, "saddlepath_requests_total", method="GET", route="/readyz", status="500") == 1


def test_methods_are_labels_only_where_they_are_known(api):
    api.request("FROBNICATE", "/healthz")
    api.head("/healthz")
    assert figure(api, "saddlepath_requests_total", method="(other)", route="/healthz", status="405") == 1
    assert figure(api, "saddlepath_requests_total", method="HEAD", route="/healthz", status="200") == 1
    assert "FROBNICATE" not in api.get("/metrics").text


def test_a_held_comparison_is_no_measure_of_speed_and_a_preference_for_else_is(api, finisher):
    solution_id = api.post("/v1/solutions", json={"model": "neoclassical"}).json()["id"]
    finisher.succeed(solution_id)
    path = f"/v1/solutions/{solution_id}/certificate"
    api.get(f"{path}?compare=time_iteration&wait=1")
    api.get(path, headers={"Prefer": "return=minimal"})
    route = "/v1/solutions/{solution_id}/certificate"
    assert figure(api, "saddlepath_request_seconds_count", method="GET", route=route) == 1
