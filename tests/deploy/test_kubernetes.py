"""deploy/kubernetes is valid by schema, hardened, and what its parts say of each other is true; no cluster is needed."""

import re
import tomllib
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from service.settings import ServiceSettings
from service.stack.api import GRACE_S
from worker.settings import WorkerSettings
from worker.webhook_settings import CourierSettings

ROOT = Path(__file__).parents[2]
OLDEST, NEWEST = "1.30", "1.34"
"""Releases of Kubernetes; the older one is the first that pauses before a stop without a feature gate."""
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
READ = {"api": (ServiceSettings,), "worker": (WorkerSettings, CourierSettings)}
OF_THE_STORE = {"STORE_PASSWORD", "VALKEYCLI_AUTH"}


def container(workload):
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def pod(workload):
    return workload["spec"]["template"]["spec"]


def name(document):
    return document["metadata"]["name"]


def role(workload):
    return name(workload).removesuffix("-gpu")


def environment(workload):
    return {variable["name"]: variable for variable in container(workload).get("env", [])}


def options(command):
    return dict(zip(command[1::2], command[2::2], strict=True))


def in_bytes(text):
    number, unit = re.fullmatch(r"(\d+)(Gi|Mi|gb)", text).groups()
    return int(number) * {"Gi": 2**30, "Mi": 2**20, "gb": 2**30}[unit]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_every_object_is_valid_by_the_schema_of_its_kind(cluster, version):
    checked = [document for document in cluster.documents if document["kind"] != "ScaledObject"]
    assert len(checked) >= 11
    for document in checked:
        kubernetes_validate.validate(document, version, strict=True)


def test_the_schema_would_see_a_slip(cluster):
    (api,) = (it for it in cluster.workloads if name(it) == "api")
    slipped = {**api, "spec": {**api["spec"], "replica": 2}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(slipped, OLDEST, strict=True)


def test_its_parts_are_all_there(cluster):
    workers = {name(it) for it in cluster.workloads} - {"api", "valkey"}
    assert workers in ({"worker"}, {"worker", "worker-gpu"})
    assert {name(it) for it in cluster.of("ScaledObject")} == workers
    assert {name(it) for it in cluster.of("PodDisruptionBudget")} == {"api", *workers}
    assert {name(it) for it in cluster.of("Service")} == {"api", "valkey"}


def test_every_selector_chooses_what_it_should(cluster):
    for workload in cluster.workloads:
        assert cluster.chosen(workload["spec"]["selector"]) == [workload]
    for budget in cluster.of("PodDisruptionBudget"):
        assert [name(it) for it in cluster.chosen(budget["spec"]["selector"])] == [name(budget)]
    for service in cluster.of("Service"):
        chosen = cluster.chosen({"matchLabels": service["spec"]["selector"]})
        assert [name(it) for it in chosen] == [name(service)]


def test_every_port_is_one_of_the_pods_behind_it(cluster):
    ports = {name(it): {port["name"] for port in container(it).get("ports", [])} for it in cluster.workloads}
    for service in cluster.of("Service"):
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports[name(service)]
    for workload in cluster.workloads:
        probes = [value for key, value in container(workload).items() if key.endswith("Probe")]
        asked = [probe.get("httpGet") or probe.get("tcpSocket") for probe in probes]
        assert {it["port"] for it in asked if it} <= ports[name(workload)]
    (api,) = (it for it in cluster.workloads if name(it) == "api")
    (listening,) = re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE)
    assert container(api)["ports"][0]["containerPort"] == int(listening)
    assert f'"--port", "{listening}"' in DOCKERFILE


def test_the_store_is_reached_by_api_and_workers_alone_and_they_reach_nothing_else(cluster):
    policies = {name(it): it["spec"] for it in cluster.of("NetworkPolicy")}
    everything = policies.pop("nothing-else")
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    clients = {name(it) for it in cluster.workloads} - {"valkey"}
    (into_store,) = policies["store"]["ingress"]
    (source,) = into_store["from"]
    assert {name(it) for it in cluster.chosen(source["podSelector"])} == clients
    assert [name(it) for it in cluster.chosen(policies["store"]["podSelector"])] == ["valkey"]
    assert {name(it) for it in cluster.chosen(policies["clients-of-the-store"]["podSelector"])} == clients
    to_store, to_names = policies["clients-of-the-store"]["egress"]
    assert [name(it) for it in cluster.chosen(to_store["to"][0]["podSelector"])] == ["valkey"]
    assert {port["port"] for port in to_names["ports"]} == {53}
    assert [name(it) for it in cluster.chosen(policies["api"]["podSelector"])] == ["api"]
    assert policies.keys() == {"api", "store", "clients-of-the-store"}


def test_every_variable_is_read_by_the_process_that_gets_it(cluster):
    for workload in cluster.workloads:
        found = environment(workload).keys()
        if name(workload) == "valkey":
            assert found <= OF_THE_STORE
            continue
        fields = {field for settings in READ[role(workload)] for field in settings.model_fields}
        known = {f"SADDLEPATH_{field.upper()}" for field in fields} | {"STORE_PASSWORD"}
        assert found <= known
        assert "SADDLEPATH_REDIS_URL" in found


def test_what_a_variable_refers_to_stands_before_it(cluster):
    for workload in cluster.workloads:
        defined = set()
        for variable in container(workload).get("env", []):
            assert set(re.findall(r"\$\((\w+)\)", variable.get("value", ""))) <= defined
            defined.add(variable["name"])
        assert set(re.findall(r"\$\((\w+)\)", " ".join(container(workload).get("args", [])))) <= defined


def test_the_address_of_the_store_is_that_of_its_service(cluster):
    (service,) = (it for it in cluster.of("Service") if name(it) == "valkey")
    (port,) = service["spec"]["ports"]
    for workload in cluster.workloads:
        if name(workload) != "valkey":
            url = environment(workload)["SADDLEPATH_REDIS_URL"]["value"]
            assert url == f"redis://:$(STORE_PASSWORD)@valkey:{port['port']}/0"


def test_the_only_secret_is_the_one_that_the_documents_make(cluster):
    asked = {
        (variable["valueFrom"]["secretKeyRef"]["name"], variable["valueFrom"]["secretKeyRef"]["key"])
        for workload in cluster.workloads
        for variable in environment(workload).values()
        if "valueFrom" in variable
    }
    assert asked == {("saddlepath-store", "password")}
    page = (ROOT / "docs" / "operating.md").read_text()
    assert "create secret generic saddlepath-store" in page and "--from-literal=password=" in page
    assert cluster.of("Secret") == []


def test_the_images_are_those_of_the_compose_file_in_this_release(cluster):
    for workload in cluster.workloads:
        service = COMPOSE["services"][name(workload)]
        own = f"{COMPOSE['name']}-{name(workload)}:{VERSION}"  # as compose names what it builds
        assert container(workload)["image"] == service.get("image", own)


def test_the_store_keeps_what_was_acknowledged_and_leaves_memory_to_a_rewrite(cluster):
    (store,) = cluster.of("StatefulSet")
    given = options(container(store)["args"])
    assert given.pop("--requirepass") == "$(STORE_PASSWORD)"
    most, limit = given.pop("--maxmemory"), container(store)["resources"]["limits"]["memory"]
    assert 2 * in_bytes(most) <= in_bytes(limit)
    assert given == options(COMPOSE["services"]["valkey"]["command"])
    (claim,) = store["spec"]["volumeClaimTemplates"]
    places = {mount["name"]: mount["mountPath"] for mount in container(store)["volumeMounts"]}
    assert places[name(claim)] == "/data"
    assert in_bytes(claim["spec"]["resources"]["requests"]["storage"]) >= 4 * in_bytes(most)


def test_every_pod_is_hardened(cluster):
    (namespace,) = cluster.of("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for workload in cluster.workloads:
        assert pod(workload)["automountServiceAccountToken"] is False
        of_pod, of_container = pod(workload)["securityContext"], container(workload)["securityContext"]
        assert of_pod["runAsNonRoot"] is True and of_pod["runAsUser"] > 0
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}
        assert of_container == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        volumes = {volume["name"]: volume for volume in pod(workload)["volumes"]}
        assert "emptyDir" in volumes["tmp"]
        assert "/tmp" in {mount["mountPath"] for mount in container(workload)["volumeMounts"]}
        assert container(workload)["resources"].keys() == {"requests", "limits"}
    users = {pod(it)["securityContext"]["runAsUser"] for it in cluster.workloads if name(it) != "valkey"}
    assert users == {int(re.search(r"^USER (\d+):", DOCKERFILE, re.MULTILINE)[1])}


def test_live_is_the_loop_and_ready_is_the_store(cluster):
    (api,) = (container(it) for it in cluster.workloads if name(it) == "api")
    assert api["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert api["readinessProbe"]["httpGet"]["path"] == "/readyz"
    for worker in (container(it) for it in cluster.workloads if role(it) == "worker"):
        assert (
            "livenessProbe" not in worker
        )  # it would ask the store, and kill warm workers while that is away
        for probe in ("startupProbe", "readinessProbe"):
            (program, script) = worker[probe]["exec"]["command"]
            assert program == "python" and f" {script}\n" in DOCKERFILE


def test_everyone_has_the_time_to_stop(cluster):
    for workload in cluster.workloads:
        grace_s = pod(workload)["terminationGracePeriodSeconds"]
        if role(workload) == "worker":
            assert grace_s > 10 * WorkerSettings.model_fields["stop_grace_s"].default
        if role(workload) == "api":
            assert grace_s > container(workload)["lifecycle"]["preStop"]["sleep"]["seconds"] + GRACE_S


def test_a_worker_has_as_many_threads_as_cores(cluster):
    for workload in (it for it in cluster.workloads if role(it) == "worker"):
        cores = container(workload)["resources"]["requests"]["cpu"]
        assert environment(workload)["SADDLEPATH_THREADS"]["value"] == cores


def test_the_api_never_opens_without_a_key(cluster):
    (api,) = (it for it in cluster.workloads if name(it) == "api")
    assert environment(api)["SADDLEPATH_REQUIRE_KEYS"]["value"] == "true"
