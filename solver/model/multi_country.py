"""The model ``multi_country`` for any number of countries, as a document of the model language.

The built-in file holds two countries and is what :func:`multi_country` gives for them. With N countries the model has 2
N states, N controls and N correlated innovations. Consumption is the same in every country, because the planner weighs
equal utilities equally, so that the countries' capital stocks are the only controls and their Euler equations the only
conditions.
"""

from __future__ import annotations

from collections.abc import Callable

from solver.errors import Fault, ModelError

MAX_COUNTRIES = 50

_TEMPLATE = """\
name: {name}
title: Multi-country growth, {n} countries
source: >-
  The symmetric multi-country growth model of the comparison by Den Haan, Judd and Juillard (2011), Journal of Economic
  Dynamics and Control 35, 175-177, with inelastic labour and adjustment costs of capital: a planner weighs the
  countries' CRRA utilities equally, so that each consumes the same. Innovations of log productivity have a part of the
  country and a common part, each of standard deviation sigma. Depreciation is paid out of output, so that it does not
  show, and output is scaled so that capital is 1 in the steady state. Calibration: alpha = 0.36, beta = 0.99,
  adjustment costs of 0.5, rho = 0.95, sigma = 0.01; log utility and the domain, capital in [0.8, 1.2] and log
  productivity within 0.8*sigma/(1 - rho), are usual for this model and not checked against the papers of the
  comparison. This document was written by multi_country({n}) in solver/model/multi_country.py, which writes it for any
  number of countries.

symbols:
  states: [{a}, {k}]
  controls: [{kn}]
  exogenous: [{e}]
  parameters: [alpha, beta, gamma, phi, rho, sigma]

definitions: |
{outputs}
{growths}
{resources}
  c[t] = ({sum})/{n}

equations:
  transition: |
{productivities}
{capitals}
  arbitrage: |
{eulers}
  felicity: |
    u[t] = crra(c[t], gamma)

calibration:
  alpha: 0.36
  beta: 0.99
  gamma: 1
  phi: 0.5
  rho: 0.95
  sigma: 0.01
{steady_state}

exogenous: !Normal
  Sigma:
{covariance}

domain:
{domain}

parameters:
  alpha: {{description: elasticity of output to capital, symbol: α, bounds: [0.05, 0.95]}}
  beta: {{description: discount factor, symbol: β, bounds: [0.5, 0.9999]}}
  gamma: {{description: relative risk aversion (utility is logarithmic at 1), symbol: γ, bounds: [0.1, 20]}}
  phi: {{description: adjustment costs of capital, symbol: φ, bounds: [0, 20]}}
  rho: {{description: persistence of log productivity, symbol: ρ, bounds: [0, 0.99]}}
  sigma: {{description: standard deviation of each part of the innovations, symbol: σ, bounds: [0.0001, 0.1]}}

variables:
{variables}
  c: {{description: consumption of each country, symbol: c}}
"""


def multi_country(n_countries: int) -> str:
    """The YAML document for a number of countries.

    With ``g_j = k_j'/k_j``, ``y_j = (1/β - 1)/α exp(a_j) k_j^α`` and ``x_j = y_j + k_j - k_j' - φ/2 k_j (g_j - 1)²``
    consumption of each country is ``c = Σ_j x_j / N`` and the Euler equation of country j
    ``1 + φ (g_j - 1) = β E (c'/c)^(-γ) [1 + α y_j'/k_j' + φ/2 (g_j'² - 1)]``.

    Args:
        n_countries: at least 1, at most 50.

    Raises:
        ModelError: the number is out of range.
    """
    if not 1 <= n_countries <= MAX_COUNTRIES:
        message = f"n_countries = {n_countries} is outside [1, {MAX_COUNTRIES}]: take a number within"
        raise ModelError([Fault((), message)])
    return _TEMPLATE.format(
        name="multi_country" if n_countries == 2 else f"multi_country_{n_countries}",
        n=n_countries,
        **{name: _listing(n_countries, name + "{j}", ", ") for name in ("a", "k", "kn", "e")},
        outputs=_listing(n_countries, "  y{j}[t] = (1/beta - 1)/alpha*exp(a{j}[t])*k{j}[t]^alpha"),
        growths=_listing(n_countries, "  g{j}[t] = kn{j}[t]/k{j}[t]"),
        resources=_listing(
            n_countries, "  x{j}[t] = y{j}[t] + k{j}[t] - kn{j}[t] - phi/2*k{j}[t]*(g{j}[t] - 1)^2"
        ),
        sum=_listing(n_countries, "x{j}[t]", " + "),
        productivities=_listing(n_countries, "    a{j}[t] = rho*a{j}[t-1] + e{j}[t]"),
        capitals=_listing(n_countries, "    k{j}[t] = kn{j}[t-1]"),
        eulers=_listing(
            n_countries,
            "    1 + phi*(g{j}[t] - 1) - beta*(c[t+1]/c[t])^(-gamma)"
            "*(1 + alpha*y{j}[t+1]/k{j}[t+1] + phi/2*(g{j}[t+1]^2 - 1))",
        ),
        steady_state="\n".join(
            _listing(n_countries, f"  {name}{{j}}: {value}")
            for name, value in (("a", 0), ("k", 1), ("kn", 1), ("e", 0))
        ),
        covariance=_each(n_countries, lambda row: f"    - [{_covariance_row(n_countries, row)}]"),
        domain="\n".join(
            (
                _listing(n_countries, "  a{j}: [-0.8*sigma/(1 - rho), 0.8*sigma/(1 - rho)]"),
                _listing(n_countries, "  k{j}: [0.8, 1.2]"),
            )
        ),
        variables="\n".join(
            _listing(
                n_countries, f"  {name}{{j}}: {{{{description: {what} of country {{j}}, symbol: {symbol}}}}}"
            )
            for name, what, symbol in _VARIABLES
        ),
    )


_VARIABLES = (
    ("a", "log productivity", "a_{j}"),
    ("k", "capital", "k_{j}"),
    ("kn", "next period's capital", "k'_{j}"),
    ("e", "innovation of log productivity", "ε_{j}"),
    ("y", "output", "y_{j}"),
    ("g", "gross growth of capital", "g_{j}"),
    ("x", "output left for consumption", "x_{j}"),
)


def _each(n_countries: int, write: Callable[[int], str], separator: str = "\n") -> str:
    return separator.join(write(j) for j in range(1, n_countries + 1))


def _listing(n_countries: int, pattern: str, separator: str = "\n") -> str:
    """The pattern for each country, its number in place of ``{j}``."""
    return _each(n_countries, lambda j: pattern.format(j=j), separator)


def _covariance_row(n_countries: int, row: int) -> str:
    return _each(n_countries, lambda j: "2*sigma^2" if j == row else "sigma^2", ", ")
