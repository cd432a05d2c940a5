"""Rules for expectations over a multivariate normal, ``E f(x) ≈ Σ_j weights[j] f(nodes[j])``.

Every rule is one of independent standard normals, carried over by a square root of the covariance. The root has as many
columns as the covariance has rank, so that directions without variance cost no nodes. It is a pivoted Cholesky factor
of the *correlation* matrix: the rank does not depend on the units of the variables, and independent variables keep
nodes along their own axes, which eigenvectors of repeated eigenvalues would not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from scipy.linalg.lapack import dpstrf

#: Share of a variable's variance below which what the others do not explain of it counts as none.
_RANK_TOLERANCE = 1e-12
_PROBABILITY_TOLERANCE = 1e-9
_MAX_WIDTH = 6.0


@dataclass(frozen=True)
class Rule:
    """A discrete stand-in for a random vector.

    Attributes:
        nodes: (J, d) values of the vector.
        weights: (J,) their weights; they sum to one and are probabilities but for :func:`monomial_degree_5` in more than
            four dimensions, where some are negative.
    """

    nodes: np.ndarray
    weights: np.ndarray


def gauss_hermite(mean: np.ndarray, covariance: np.ndarray, nodes_per_dimension: int) -> Rule:
    """Tensor product of Gauss-Hermite rules; exact for polynomials of degree ``2 n - 1`` in each factor.

    Converges spectrally for smooth functions, but at a kink only as 1 / n: see :func:`equidistant`.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite; rows of zero and lower rank are welcome.
        nodes_per_dimension: n, so that there are ``n ** rank`` nodes; one where the rank is zero.

    Raises:
        ValueError: the mean or the covariance is no such array, or fewer than one node is asked for.
    """
    if nodes_per_dimension < 1:
        raise ValueError(f"nodes_per_dimension = {nodes_per_dimension} must be at least 1")
    z, weights = np.polynomial.hermite_e.hermegauss(nodes_per_dimension)
    return normal_rule(mean, covariance, _tensor_product(Rule(z[:, None], weights / weights.sum())))


def equidistant(
    mean: np.ndarray, covariance: np.ndarray, nodes_per_dimension: int, width: float | None = None
) -> Rule:
    """Tensor product of the trapezoidal rule: nodes at equal distances, weighted by the density.

    Converges spectrally for smooth functions, as every trapezoidal rule does for an integrand that vanishes at both ends
    with its derivatives (Trefethen and Weideman 2014), though with more nodes than Gauss-Hermite. At a kink its error is
    of second order, at most ``φ h²/12`` times the jump of the slope for a spacing of h standard deviations and a density φ
    there, where that of Gauss-Hermite falls as 1 / n: take it where a constraint binds in some of the future states. The
    nodes are stretched to exactly unit variance, so that mean and covariance are exact.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite; rows of zero and lower rank are welcome.
        nodes_per_dimension: n, so that there are ``n ** rank`` nodes; below about 7 prefer Gauss-Hermite.
        width: standard deviations from the mean to the outermost nodes, before stretching. Default: ``√(π (n - 1))``, where
            what is cut off, ``exp(-width²/2)``, equals what the spacing h loses, ``exp(-2 π²/h²)``; at most 6.

    Raises:
        ValueError: the mean or the covariance is no such array, fewer than two nodes are asked for, or ``width`` is
            not positive.
    """
    if nodes_per_dimension < 2:
        raise ValueError(f"nodes_per_dimension = {nodes_per_dimension} must be at least 2")
    if width is None:
        width = min(_MAX_WIDTH, float(np.sqrt(np.pi * (nodes_per_dimension - 1))))
    if not 0 < width < np.inf:
        raise ValueError(f"width = {width} must be positive")
    z = np.linspace(-width, width, nodes_per_dimension)
    # Relative to the largest, so that no width makes them all vanish.
    weights = np.exp((np.min(z**2) - z**2) / 2)
    weights /= weights.sum()
    z /= np.sqrt(weights @ z**2)
    return normal_rule(mean, covariance, _tensor_product(Rule(z[:, None], weights)))


def monomial_degree_3(mean: np.ndarray, covariance: np.ndarray) -> Rule:
    """Stroud's rule of degree 3: of r dimensions, the ``2 r`` nodes ``±√r e_i`` with equal weights.

    Source: Stroud (1971), Approximate Calculation of Multiple Integrals, E_n^{r²} 3-1; rule M1 of Judd, Maliar and
    Maliar (2011), Quantitative Economics 2.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite, of rank r.

    Raises:
        ValueError: the mean or the covariance is no such array.
    """

    def standard(rank: int) -> Rule:
        if rank == 0:
            return _single_node(0)
        axes = np.sqrt(rank) * np.eye(rank)
        return Rule(np.concatenate([axes, -axes]), np.full(2 * rank, 1 / (2 * rank)))

    return normal_rule(mean, covariance, standard)


def monomial_degree_5(mean: np.ndarray, covariance: np.ndarray) -> Rule:
    """A rule of degree 5 with ``2 r² + 1`` nodes of r dimensions.

    The origin with weight ``2 / (r + 2)``, ``±√(r + 2) e_i`` with ``(4 - r) / (2 (r + 2)²)``, negative for r > 4, and
    ``√((r + 2) / 2) (±e_i ± e_j)``, i < j, with ``1 / (r + 2)²``.

    Source: McNamee and Stenger (1967), Numerische Mathematik 10; rule M2 of Judd, Maliar and Maliar (2011), Quantitative
    Economics 2.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite, of rank r.

    Raises:
        ValueError: the mean or the covariance is no such array.
    """

    def standard(rank: int) -> Rule:
        identity = np.eye(rank)
        axes = np.sqrt(rank + 2) * identity
        diagonals = [
            np.sqrt((rank + 2) / 2) * (sign_i * identity[i] + sign_j * identity[j])
            for i, j in itertools.combinations(range(rank), 2)
            for sign_i, sign_j in itertools.product((1, -1), repeat=2)
        ]
        nodes = np.concatenate([np.zeros((1, rank)), axes, -axes, np.reshape(diagonals, (-1, rank))])
        weights = [2 / (rank + 2)]
        weights += [(4 - rank) / (2 * (rank + 2) ** 2)] * (2 * rank)
        weights += [1 / (rank + 2) ** 2] * len(diagonals)
        return Rule(nodes, np.array(weights))

    return normal_rule(mean, covariance, lambda rank: standard(rank) if rank else _single_node(0))


def mixture(rules: Sequence[Rule], weights: Sequence[float] | np.ndarray) -> Rule:
    """The rule of a random vector that follows component m with probability ``weights[m]``.

    Args:
        rules: one for each component, all of the same dimension.
        weights: the components' probabilities.

    Raises:
        ValueError: there is no component, their dimensions differ, or the weights are no probabilities.
    """
    probabilities = np.asarray(weights, dtype=float)
    if len(rules) == 0 or probabilities.shape != (len(rules),):
        raise ValueError(
            f"a mixture of {len(rules)} components cannot have weights of shape {probabilities.shape}"
        )
    dimensions = {rule.nodes.shape[1] for rule in rules}
    if len(dimensions) > 1:
        raise ValueError(f"the components of a mixture have different dimensions, {sorted(dimensions)}")
    if not ((probabilities >= 0).all() and abs(probabilities.sum() - 1) <= _PROBABILITY_TOLERANCE):
        raise ValueError(
            f"the weights of a mixture, {probabilities.tolist()}, must not be negative and must sum to one"
        )
    return Rule(
        np.concatenate([rule.nodes for rule in rules]),
        np.concatenate([p * rule.weights for p, rule in zip(probabilities, rules, strict=True)]),
    )


def product(rules: Sequence[Rule]) -> Rule:
    """The rule of independent blocks: every combination of their nodes, coordinates one after the other.

    Args:
        rules: one for each block; of no blocks, the one node without coordinates. The last block's node varies fastest.
    """
    return reduce(_pair, rules, _single_node(0))


def _pair(left: Rule, right: Rule) -> Rule:
    n_left, n_right = len(left.weights), len(right.weights)
    nodes = np.hstack([np.repeat(left.nodes, n_right, axis=0), np.tile(right.nodes, (n_left, 1))])
    return Rule(nodes, np.kron(left.weights, right.weights))


def _single_node(dimensions: int) -> Rule:
    return Rule(np.zeros((1, dimensions)), np.ones(1))


def _tensor_product(rule: Rule) -> Callable[[int], Rule]:
    return lambda rank: product([rule] * rank)


def normal_rule(mean: np.ndarray, covariance: np.ndarray, standard: Callable[[int], Rule]) -> Rule:
    """Carry the rule of independent standard normals, chosen by their number, over to ``N(mean, covariance)``.

    Args:
        mean: (d,).
        covariance: (d, d), symmetric and positive semidefinite, of rank r.
        standard: the rule of r independent standard normals.

    Raises:
        ValueError: the mean or the covariance is no such array.
    """
    mean, covariance = np.asarray(mean, dtype=float), np.asarray(covariance, dtype=float)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"a mean of shape {mean.shape} and a covariance of shape {covariance.shape} must be (d,) and (d, d)"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError("the mean and the covariance must be finite")
    root = square_root(covariance)
    rule = standard(root.shape[1])
    return Rule(mean + rule.nodes @ root.T, rule.weights)


def square_root(covariance: np.ndarray) -> np.ndarray:
    """``root @ root.T = covariance`` with as many columns as the rank, (d, rank).

    Raises:
        ValueError: the covariance is not symmetric and positive semidefinite.
    """
    variances = np.diag(covariance)
    if (variances < 0).any():
        raise ValueError(f"a variance is negative: the covariance's diagonal is {variances.tolist()}")
    moving = np.flatnonzero(variances)
    root = np.zeros((len(variances), 0))
    if len(moving):
        scale = np.sqrt(variances[moving])
        correlation = covariance[np.ix_(moving, moving)] / scale[:, None] / scale
        factor, pivots, rank, _ = dpstrf(correlation, tol=_RANK_TOLERANCE, lower=1)
        root = np.zeros((len(variances), rank))
        root[moving[pivots - 1]] = scale[pivots - 1, None] * np.tril(factor)[:, :rank]
    # The factorisation reads one triangle and stops at the first pivot that is not positive.
    scale = np.sqrt(np.where(variances > 0, variances, 1.0))
    if (
        np.abs((root @ root.T - covariance) / scale[:, None] / scale).max(initial=0.0)
        > _PROBABILITY_TOLERANCE
    ):
        raise ValueError(
            f"the covariance {covariance.tolist()} is not symmetric and positive semidefinite, "
            "as the covariance of random variables must be"
        )
    return root
