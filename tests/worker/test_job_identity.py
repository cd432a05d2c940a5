import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solver.calibrate import calibrate
from solver.model.zoo import load_zoo
from solver.progress import Progress
from solver.settings import SolveSettings
from worker.contract import Job, canonical_json, describe_progress, utc_now

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def test_the_same_content_is_the_same_job(make_job):
    assert make_job().id == make_job().id
    assert len(make_job().id) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"calibration": {"beta": 0.95}},
        {"document": {"name": "other"}},
        {"target": 1e-7},
        {"seed": 1},
        {"numerics_version": "2"},
        {"start": "0" * 32},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_other_content_is_another_job(make_job, change):
    assert make_job(**change).id != make_job().id


def test_a_job_without_a_start_is_written_and_hashed_without_it(make_job):
    job = make_job()
    assert "start" not in job.model_dump_json()
    members = ("document", "calibration", "target", "seed", "numerics_version")
    content = {name: getattr(job, name) for name in members} | {"method": job.method.model_dump(mode="json")}
    assert job.id == hashlib.sha256(canonical_json(content).encode()).hexdigest()[:32]


def test_a_job_in_float64_has_the_id_that_it_had_before_there_was_a_choice():
    model = load_zoo("brock_mirman")
    jobs = [
        Job.describe(
            "brock_mirman",
            model,
            calibrate(model),
            SolveSettings.model_validate({"method": {"training": chosen}}),
        )
        for chosen in ({}, {"dtype": "float64"}, {"dtype": "float32"})
    ]
    assert jobs[0].id == jobs[1].id
    assert "dtype" not in jobs[0].model_dump_json()
    assert jobs[2].id != jobs[0].id
    assert [type(job).model_validate_json(job.model_dump_json()) for job in jobs] == jobs


def test_each_start_makes_another_job(make_job):
    ids = {make_job(start=start).id for start in (None, "0" * 32, "1" * 32)}
    assert len(ids) == 3
    job = make_job(start="0" * 32)
    assert type(job).model_validate_json(job.model_dump_json()) == job


def test_the_name_asked_for_is_no_part_of_the_identity(make_job):
    assert make_job(model_name="alias").id == make_job().id


def test_integers_and_floats_of_one_value_are_one_job(make_job):
    assert make_job(calibration={"gamma": 2}).id == make_job(calibration={"gamma": 2.0}).id
    assert make_job(document={"x": -0.0}).id == make_job(document={"x": 0}).id


def test_the_order_of_keys_does_not_matter(make_job):
    forth, back = {"a": 1.5, "b": 2.5}, {"b": 2.5, "a": 1.5}
    assert make_job(calibration=forth).id == make_job(calibration=back).id


@given(JSON)
def test_canonical_json_is_a_fixed_point(value):
    import json

    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_canonical_json_refuses_what_json_cannot_say(value):
    with pytest.raises(ValueError):
        canonical_json({"x": value})


def test_a_job_reads_back_equal(make_job):
    job = make_job()
    assert type(job).model_validate_json(job.model_dump_json()) == job


def test_progress_without_a_finite_figure_is_null():
    report = Progress("adam", 1, float("nan"), None, 128, 0.1, float("inf"))
    described = describe_progress(report)
    assert described["loss"] is None
    assert described["eta_s"] is None
    assert described["step"] == 1


def test_times_are_utc_and_sort_as_text():
    earlier, later = utc_now(), utc_now()
    assert earlier <= later
    assert earlier.endswith("Z")
