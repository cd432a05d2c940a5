from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from worker.errors import ModelNotFoundError, ModelsLimitError, RegistryFullError, StoreUnavailableError
from worker.models import ModelStore
from worker.store import connect
from worker.tenant import Tenant

DOCUMENT = {"name": "toy", "calibration": {"gamma": 2.0, "k": "x/y"}, "symbols": {"states": ["k"]}}


@pytest.fixture
def models(client):
    return ModelStore(client, 3)


def test_a_model_is_kept_as_it_is(models):
    assert models.register("toy-1", DOCUMENT)
    assert not models.register("toy-1", DOCUMENT)
    found = models.document("toy-1")
    assert found == DOCUMENT
    assert isinstance(found["calibration"]["gamma"], float)
    assert models.handles() == ["toy-1"]


def test_models_are_listed_in_the_order_of_registration(models):
    assert models.handles() == models.documents([]) == []
    for name in ("b", "a"):
        models.register(name, {"name": name})
    assert models.handles() == ["b", "a"]
    assert models.documents(["a", "b"]) == [{"name": "a"}, {"name": "b"}]


def test_an_unknown_model_is_not_found(models):
    with pytest.raises(ModelNotFoundError, match="none-1"):
        models.document("none-1")


def test_no_more_are_registered_than_may_be_also_at_once(store_url):
    n_threads = 12
    barrier = Barrier(n_threads)

    def register(number):
        with connect(store_url) as client:
            barrier.wait()
            try:
                return ModelStore(client, 3).register(f"toy-{number}", DOCUMENT)
            except RegistryFullError:
                return False

    with ThreadPoolExecutor(n_threads) as pool:
        assert sum(pool.map(register, range(n_threads))) == 3
    with connect(store_url) as client:
        models = ModelStore(client, 3)
        assert len(models.handles()) == 3
        assert not models.register(models.handles()[0], DOCUMENT)


def test_what_was_acknowledged_survives_the_death_of_the_store(private_store):
    with connect(private_store.url) as client:
        models = ModelStore(client, 30)
        names = [f"toy-{number}" for number in range(20)]
        assert all(models.register(name, {"name": name}) for name in names)
        private_store.kill()
        with pytest.raises(StoreUnavailableError):
            models.register("toy-20", DOCUMENT)
        private_store.start()
        assert models.handles() == names
        assert models.documents(names) == [{"name": name} for name in names]


def test_each_tenant_may_have_registered_so_many_of_its_own(models):
    ada, bob = (models.seen_by(Tenant(name, False, max_models=1)) for name in ("ada", "bob"))
    assert ada.register("a", {"name": "a"})
    assert not ada.register("a", {"name": "a"})
    with pytest.raises(ModelsLimitError, match="registered 1 models"):
        ada.register("b", {"name": "b"})
    assert models.handles() == ["a"]
    assert bob.register("a", {"name": "a"})
    with pytest.raises(ModelsLimitError):
        bob.register("b", {"name": "b"})
    assert models.register("b", {"name": "b"})
    with pytest.raises(ModelsLimitError):  # another's that is there would be its own, too
        ada.register("b", {"name": "b"})
