"""The economy over time from Python, against laws that hold exactly."""

import numpy as np
import pandas as pd
import pytest
import saddlepath as sp


def test_a_simulation_follows_the_models_own_laws(rbc):
    frame = rbc.simulate(30, paths=3, seed=1, initial={"k": [3.0, 4.0, 5.0]})
    assert frame.index.names == ["path", "t"] and len(frame) == 90
    assert frame.loc[(slice(None), 0), "k"].tolist() == [3.0, 4.0, 5.0]
    delta, phi, theta = (rbc.calibration[name] for name in ("delta", "phi", "theta"))
    for _, path in frame.groupby("path"):
        k, i, a, e = (path[name].to_numpy() for name in ("k", "i", "a", "e"))
        np.testing.assert_allclose(k[1:], (1 - delta) * k[:-1] + i[:-1], rtol=1e-12)
        np.testing.assert_allclose(a[1:], phi * a[:-1] + e[1:], rtol=1e-10, atol=1e-14)
        np.testing.assert_allclose(path["y"], np.exp(a) * k**theta, rtol=1e-12)
    assert frame.attrs["lost"] == 0
    pd.testing.assert_frame_equal(frame, rbc.simulate(30, 3, seed=1, initial={"k": [3.0, 4.0, 5.0]}))
    assert not frame.equals(rbc.simulate(30, 3, seed=2, initial={"k": [3.0, 4.0, 5.0]}))


def test_an_impulse_response_decays_as_its_shock_does(rbc):
    response = rbc.irf("e", size=2.0, periods=10)
    phi, sigma = rbc.calibration["phi"], rbc.calibration["sigma"]
    np.testing.assert_allclose(response["a"], 2 * sigma * phi ** np.arange(10), rtol=1e-9)
    assert response.index.name == "t" and response.attrs["impulse"] == {"e": pytest.approx(2 * sigma)}
    errors = rbc.irf("e", size=2.0, periods=10, part="standard_error")
    assert (errors["k"].iloc[1:] > 0).all()
    here = rbc.irf("e", periods=3, departure="steady_state", part="baseline")
    # One period after the steady state, in which the policy saves a little more than certainty would have it.
    assert here["k"].iloc[0] == pytest.approx(rbc.steady_state["k"], rel=1e-3)


def test_an_unknown_shock_is_refused(rbc):
    with pytest.raises(sp.InvalidError, match="q"):
        rbc.irf("q")


def test_what_no_impulse_response_has_is_told(rbc):
    with pytest.raises(sp.InputError, match="part = 'mean' is not one of response, standard_error, baseline"):
        rbc.irf("e", part="mean")


@pytest.mark.parametrize("capital", [float("nan"), "much"])
def test_a_departure_that_cannot_be_sent_is_told_by_name(rbc, capital):
    with pytest.raises(sp.InputError, match="k = "):
        rbc.simulate(3, initial={"k": capital})


def test_moments_are_those_of_the_exogenous_law(rbc):
    moments = rbc.moments(periods=2000, paths=50, seed=3)
    phi, sigma = rbc.calibration["phi"], rbc.calibration["sigma"]
    # Twenty standard errors of a standard deviation of 100,000 autocorrelated draws.
    assert moments.standard_deviation["a"] == pytest.approx(sigma / np.sqrt(1 - phi**2), rel=0.05)
    assert moments.autocorrelation["a"][0] == pytest.approx(phi, abs=0.02)
    assert abs(moments.mean["a"]) < 5 * moments.standard_error["a"]
    frame = moments.to_frame()
    assert frame.loc["y", "mean"] == moments.mean["y"]
    assert moments.correlation["a"]["a"] == pytest.approx(1)
    assert "autocorrelation" in repr(moments) and "<table>" in moments._repr_html_()


def test_the_policys_own_steady_state_is_a_fixed_point(rbc):
    (rest,) = rbc.rest()
    assert rest.is_found
    assert rest.values["i"] == pytest.approx(rbc.calibration["delta"] * rest.values["k"], rel=1e-8)


def test_figures_are_drawn_and_kept(rbc, tmp_path):
    figure = rbc.plot("impulse-response", shock="e", variables=["k", "c"])
    assert figure._repr_svg_().startswith("<?xml") and "</svg>" in figure.svg
    assert figure.save(tmp_path / "irf.svg").read_text() == figure.svg
    with pytest.raises(sp.InvalidError, match="colour"):
        rbc.plot("policy", colour="red")


def test_a_policy_is_taken_away(rbc, tmp_path):
    with np.load(rbc.save(tmp_path / "policy.npz")) as arrays:
        assert arrays.files
    assert rbc.save(tmp_path / "file", "onnx").stat().st_size > 1000
    with pytest.raises(sp.InputError, match=r"policy\.txt does not tell the format; end it in \.npz"):
        rbc.save(tmp_path / "policy.txt")
