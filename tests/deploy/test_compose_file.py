"""docker-compose.yml and deploy/Dockerfile fit together and keep the conventions; no engine is needed to see it."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from service.settings import ServiceSettings
from worker.settings import WorkerSettings
from worker.webhook_settings import CourierSettings

ROOT = Path(__file__).parents[2]
DURATION = re.compile(r"^(\d+h)?(\d+m)?(\d+s)?$")
SERVICE_KEYS = {
    *("build", "cap_drop", "command", "depends_on", "deploy", "environment", "healthcheck", "image", "init"),
    *("networks", "ports", "profiles", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs"),
    *("user", "volumes"),
}
HEALTHCHECK_KEYS = {"test", "interval", "timeout", "retries", "start_period"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}

compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
services = compose["services"]
dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
every_service = pytest.mark.parametrize("service", services.values(), ids=services.keys())
own_services = pytest.mark.parametrize("name", [name for name in services if name != "valkey"])


def seconds(duration):
    hours, minutes, rest = (int((part or "0x")[:-1]) for part in DURATION.match(duration).groups())
    return 3600 * hours + 60 * minutes + rest


def stage(target):
    """The Dockerfile's lines from ``FROM … AS target`` to the next stage."""
    return re.search(rf"^FROM \S+ AS {re.escape(target)}$(.*?)(?=^FROM|\Z)", dockerfile, re.M | re.S)[1]


def test_it_has_the_four_services_and_no_unknown_key():
    assert set(services) == {"api", "worker", "worker-gpu", "valkey"}
    assert {key for key in compose if not key.startswith("x-")} == {"name", "services", "networks", "volumes"}
    for service in services.values():
        assert service.keys() <= SERVICE_KEYS
        assert service["healthcheck"].keys() <= HEALTHCHECK_KEYS


@every_service
def test_every_reference_resolves(service):
    assert ("image" in service) != ("build" in service)
    assert set(service["networks"]) <= set(compose["networks"])
    assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(compose["volumes"])
    for name, dependency in service.get("depends_on", {}).items():
        assert "profiles" not in services[name]
        assert dependency["condition"] in CONDITIONS


@every_service
def test_it_is_hardened_and_has_a_health(service):
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    healthcheck = service["healthcheck"]
    assert healthcheck["test"][0] in {"CMD", "CMD-SHELL"}
    assert all(seconds(healthcheck[key]) > 0 for key in ("interval", "timeout", "start_period"))
    assert seconds(healthcheck["timeout"]) <= seconds(healthcheck["interval"])


@own_services
def test_its_image_is_built_and_runs_as_nobody_in_particular(name):
    build = services[name]["build"]
    assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    assert build["target"] == name
    assert stage(build["target"]).strip()
    assert f"FROM runtime AS {build['target']}\n" in dockerfile
    assert re.search(r"^USER (?!0)\d+:\d+$", stage("runtime"), re.M)


@own_services
def test_it_waits_for_the_store_and_finds_it_by_name(name):
    service = services[name]
    assert service["depends_on"]["valkey"]["condition"] == "service_healthy"
    fields = {"webhook_hosts", "webhook_private"}
    if name != "api":
        fields |= {"webhook_secret", "keep_days", "keep_bytes"}
    threads = {} if name == "api" else {"SADDLEPATH_THREADS": "${SADDLEPATH_THREADS:-2}"}
    assert service["environment"] == {
        "SADDLEPATH_REDIS_URL": "redis://valkey:6379/0",
        **threads,
        **{f"SADDLEPATH_{field.upper()}": None for field in fields},
    }
    read = (ServiceSettings,) if name == "api" else (WorkerSettings, CourierSettings)
    assert "threads" in WorkerSettings.model_fields
    assert fields <= {field for settings in read for field in settings.model_fields}
    assert "redis_url" in ServiceSettings.model_fields.keys() & WorkerSettings.model_fields.keys()
    assert set(service["networks"]) & set(services["valkey"]["networks"])


def test_the_images_install_extras_that_exist_from_the_lock():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"'\.\[(\w+)\]'", dockerfile)) == {"cpu", "gpu"} <= set(extras)
    assert "tensorflow" not in stage("build-api") and "[" not in stage("build-api")
    installs = re.findall(r"pip install .*", dockerfile)
    assert installs and all("--constraint requirements.lock" in line for line in installs)


@pytest.mark.parametrize("line", re.findall(r"^COPY (?!--from)(.*)$", dockerfile, re.M))
def test_everything_that_is_copied_exists_and_is_let_through(line):
    let_through = (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines()
    for source in line.split()[:-1]:
        assert (ROOT / source).exists()
        assert f"!{source}" in let_through


def test_the_worker_profiles_are_cpu_and_gpu_and_only_one_reserves_a_device():
    assert services["worker"]["profiles"] == ["cpu"]
    assert services["worker-gpu"]["profiles"] == ["gpu"]
    devices = services["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices == [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    assert "deploy" not in services["worker"]


def test_workers_get_longer_to_stop_than_a_solve_does():
    grace_s = WorkerSettings.model_fields["stop_grace_s"].default
    assert all(seconds(services[name]["stop_grace_period"]) > grace_s for name in ("worker", "worker-gpu"))


def test_the_store_keeps_what_was_acknowledged_and_is_reached_from_inside_only():
    command = services["valkey"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"
    assert compose["networks"]["inside"] == {"internal": True}
    assert services["valkey"]["networks"] == ["inside"] and "ports" not in services["valkey"]


def test_without_keys_the_api_is_published_on_loopback_only():
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    assert '"api", "--host", "0.0.0.0", "--port", "8000", "--allow-remote"' in stage("api")
