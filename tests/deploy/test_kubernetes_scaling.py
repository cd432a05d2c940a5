"""Workers are scaled by what the API tells. The validator has no schema of KEDA's: its objects are looked at here."""

import re
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from service.app import create_app
from service.schemas.operations import Readiness
from service.settings import ServiceSettings


@pytest.fixture
def scaled(cluster):
    return cluster.of("ScaledObject")


def test_every_kind_of_worker_is_scaled_and_by_nothing_else(cluster, scaled):
    workers = [it for it in cluster.of("Deployment") if it["metadata"]["name"].startswith("worker")]
    targets = [it["spec"]["scaleTargetRef"]["name"] for it in scaled]
    assert sorted(targets) == sorted(it["metadata"]["name"] for it in workers)
    assert all("replicas" not in it["spec"] for it in workers)
    for it in scaled:
        assert it["apiVersion"] == "keda.sh/v1alpha1"
        assert it["spec"].keys() == {
            *("scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval"),
            *("triggers", "advanced"),
        }
        assert 1 <= it["spec"]["minReplicaCount"] <= it["spec"]["maxReplicaCount"]


def test_it_counts_what_is_queued_and_what_runs(scaled):
    for it in scaled:
        named = {trigger["name"]: trigger for trigger in it["spec"]["triggers"]}
        modifiers = it["spec"]["advanced"]["scalingModifiers"]
        assert set(re.findall(r"[a-z]+", modifiers["formula"])) == named.keys() == {"queued", "running"}
        assert modifiers["target"] == "1"
        for name, trigger in named.items():
            assert trigger["type"] == "metrics-api"
            assert trigger["metadata"]["valueLocation"] == name in Readiness.model_fields


def test_all_kinds_together_are_as_many_as_the_jobs(scaled):
    shares = []
    for it in scaled:
        formula = it["spec"]["advanced"]["scalingModifiers"]["formula"]
        found = re.fullmatch(r"queued \+ running|\(queued \+ running\) / (\d+)", formula)
        shares.append(1 / int(found[1] or 1))
    assert sum(shares) == 1 or len(shares) == 1


def test_what_is_asked_answers_without_a_key_with_whole_numbers(cluster, scaled, store_url):
    services = {it["metadata"]["name"]: it for it in cluster.of("Service")}
    namespaces = {it["metadata"]["name"] for it in cluster.of("Namespace")}
    with TestClient(create_app(ServiceSettings(redis_url=store_url, require_keys=True))) as client:
        for trigger in (trigger for it in scaled for trigger in it["spec"]["triggers"]):
            url = urlsplit(trigger["metadata"]["url"])
            service, namespace, _ = url.hostname.split(".")
            assert namespace in namespaces
            assert url.port in {port["port"] for port in services[service]["spec"]["ports"]}
            answer = client.get(url.path)
            assert answer.status_code == 200
            assert answer.json()[trigger["metadata"]["valueLocation"]] == 0


def test_a_gpu_is_for_its_own_workers_alone(gpu_cluster):
    for workload in gpu_cluster.workloads:
        (container,) = workload["spec"]["template"]["spec"]["containers"]
        is_for_gpu = workload["metadata"]["name"] == "worker-gpu"
        assert ("nvidia.com/gpu" in container["resources"].get("limits", {})) == is_for_gpu
        assert ("tolerations" in workload["spec"]["template"]["spec"]) == is_for_gpu
