"""The manifests of Kubernetes, as they stand in their files and as kustomize puts them together."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"


class Cluster:
    """What is to be in a cluster.

    Attributes:
        documents: every object.
    """

    def __init__(self, documents):
        self.documents = documents

    def of(self, *kinds):
        """The objects of these kinds."""
        return [document for document in self.documents if document["kind"] in kinds]

    @property
    def workloads(self):
        """What runs pods."""
        return self.of("Deployment", "StatefulSet")

    def chosen(self, selector):
        """The workloads whose pods a selector chooses."""
        assert selector.keys() <= {"matchLabels"}
        labels = selector.get("matchLabels", {}).items()
        return [it for it in self.workloads if labels <= it["spec"]["template"]["metadata"]["labels"].items()]


def _read_files():
    paths = [path for path in sorted(MANIFESTS.glob("*/*.yaml")) if path.name != "kustomization.yaml"]
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def _rendered(overlay):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed, which puts the manifests together (kubectl kustomize)")
    command = ["kubectl", "kustomize", str(MANIFESTS / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture(scope="module", params=["files", "cpu", "gpu"])
def cluster(request):
    """The manifests: of the files, and of the two that an operator applies."""
    return Cluster(_read_files() if request.param == "files" else _rendered(request.param))


@pytest.fixture(scope="module")
def gpu_cluster():
    """What is applied where there are GPUs."""
    return Cluster(_rendered("gpu"))
