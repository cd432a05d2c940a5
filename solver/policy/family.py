"""The families of parameterised functions that a policy is searched in.

A family is a stack of layers, each linear in its own weights: ``z = h @ w`` with ``h`` the layer's input (its constant
included) and ``z`` its pre-activation. That is all that training needs to know: with the gradient of a residual
with respect to every ``z``, the row of its Jacobian is ``h ⊗ ∂r/∂z``. The formula is written once, over an array
namespace ``xp``: NumPy where a policy is served, ``tensorflow.experimental.numpy`` where it is trained.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from solver.settings import PolicySettings

Array = Any
Weights = Sequence[Array]
Layer = tuple[Array, Array]

LEAKY_SLOPE = 0.01
_CACHED_VALUES = 1 << 16
#: Points from which on a basis of many states is built block by block: below, the calls cost more than they save.
_MANY_POINTS = 32

ACTIVATIONS: dict[str, Callable[[Any, Array], Array]] = {
    "tanh": lambda xp, z: xp.tanh(z),
    "sigmoid": lambda xp, z: 0.5 * (1.0 + xp.tanh(0.5 * z)),
    "arctan": lambda xp, z: xp.arctan(z),
    "relu": lambda xp, z: xp.maximum(z, 0.0),
    "leaky_relu": lambda xp, z: xp.maximum(z, LEAKY_SLOPE * z),
}


class Family(Protocol):
    """A parameterised function from the scaled continuous states, (n, n_states) in [-1, 1], to (n, n_outputs).

    Its outputs are the controls in each regime, regime by regime.
    """

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape of each layer's weights; the last layer is the output."""
        ...

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Random inner weights and a zero output layer, so that the function starts at zero."""
        ...

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """Every layer's input and pre-activation ``(h, z)`` at ``u``; the last ``z`` is the function's value."""
        ...


@dataclass(frozen=True)
class NeuralFamily:
    """Dense layers; the constant of each is the last row of its weights.

    The first layer's slopes are normal with standard deviation ``FIRST_SLOPE`` and its constants uniform on [-1, 1]:
    on [-1, 1]^n such units are smooth and far from saturated, so that their span approximates smooth policies
    nearly as well as polynomials do.
    """

    n_states: int
    hidden: tuple[int, ...]
    n_outputs: int
    activation: str

    FIRST_SLOPE = 0.5

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shape of each layer's weights, (inputs + 1, units)."""
        sizes = (self.n_states, *self.hidden, self.n_outputs)
        return tuple((below + 1, above) for below, above in itertools.pairwise(sizes))

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """Random inner weights and a zero output layer."""
        weights = []
        for index, (rows, columns) in enumerate(self.shapes[:-1]):
            slope = self.FIRST_SLOPE if index == 0 else 1.0 / np.sqrt(rows - 1)
            slopes = rng.normal(0.0, slope, size=(rows - 1, columns))
            constants = rng.uniform(-1.0, 1.0, size=(1, columns))
            weights.append(np.concatenate([slopes, constants]))
        return [*weights, np.zeros(self.shapes[-1])]

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """Every layer's input, with its constant, and pre-activation."""
        activate = ACTIVATIONS[self.activation]
        layers: list[Layer] = []
        for weight in weights:
            h = u if not layers else activate(xp, layers[-1][1])
            h = xp.concatenate([h, xp.ones_like(h[:, :1])], axis=1)
            layers.append((h, xp.matmul(h, weight)))
        return layers


class _Level(NamedTuple):
    """How a basis grows by a degree: each function, times the states from its last one on, and one, makes a block.

    A block begins with the square of that last state, whose Chebyshev polynomial is raised instead.

    Attributes:
        last: of each function of the smaller basis, the last of its states; the number of states where it has units left.
        starts: (n_smaller + 1,) where each block starts.
        raised: (n_raised,) functions whose last polynomial is raised.
        rest: (n_raised,) what these have beside it, in the smaller basis.
        powers: the degree of each raised polynomial, and its state.
    """

    last: list[int]
    starts: np.ndarray
    raised: np.ndarray
    rest: np.ndarray
    powers: list[tuple[int, int]]


@dataclass(frozen=True)
class PolynomialFamily:
    """Complete Chebyshev polynomial: every product of T_{p_1}(u_1) … T_{p_n}(u_n) with p_1 + … + p_n ≤ degree."""

    n_states: int
    degree: int
    n_outputs: int

    @cached_property
    def exponents(self) -> np.ndarray:
        """The degree of each factor of each basis function, (n_basis, n_states)."""
        exponents = np.zeros((len(self._hands), self.n_states + 1), dtype=int)
        np.add.at(exponents, (np.arange(len(exponents))[:, None], self._hands), 1)
        return exponents[:, : self.n_states]

    @cached_property
    def _hands(self) -> np.ndarray:
        """Each way to hand ``degree`` units to the states, with one place more for the units left over."""
        hands = itertools.combinations_with_replacement(range(self.n_states + 1), self.degree)
        return np.array(list(hands))

    @cached_property
    def _factors(self) -> np.ndarray:
        """The factors of each basis function, (degree, n_basis), as rows of the table of T_0 of each state, T_1, …."""
        rows = np.zeros((self.degree, len(self.exponents)), dtype=int)
        for basis, degrees in enumerate(self.exponents):
            states = np.nonzero(degrees)[0]
            rows[: len(states), basis] = degrees[states] * self.n_states + states
        return rows

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """The shape of the one layer, (n_basis, n_outputs)."""
        return ((len(self.exponents), self.n_outputs),)

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """The zero polynomial."""
        return [np.zeros(self.shapes[0])]

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """The basis and its combination."""
        terms = [xp.ones_like(u), u]
        for _ in range(2, self.degree + 1):
            terms.append(2.0 * u * terms[-1] - terms[-2])
        h = xp.transpose(self._basis(xp, terms))
        return [(h, xp.matmul(h, weights[0]))]

    def _basis(self, xp: Any, terms: list[Array]) -> Array:
        """All basis functions, (n_basis, n), from T_0, T_1, … of every state, (n, n_states) each.

        NumPy takes many of them by pieces that a processor's cache holds, which is several times as fast.
        """
        if xp is np and self.n_states > self.degree and len(terms[0]) >= _MANY_POINTS:
            return self._by_blocks(terms)
        size = max(16, _CACHED_VALUES // len(self.exponents))
        if xp is not np or len(terms[0]) <= size:
            basis: Array = 1.0
            for factor in self._gathered(xp, terms):
                basis = basis * factor
            return basis
        whole = np.empty((len(self.exponents), len(terms[0])), dtype=terms[1].dtype)
        for start in range(0, whole.shape[1], size):
            piece = slice(start, start + size)
            whole[:, piece] = self._basis(xp, [term[piece] for term in terms])
        return whole

    def _by_blocks(self, terms: list[np.ndarray]) -> np.ndarray:
        """The basis from that of one degree less, and so on: each of its functions times a run of states, without a gather.

        Args:
            terms: T_0, T_1, … of every state, (n, n_states) each.
        """
        chebyshev = [np.ascontiguousarray(term.T) for term in terms]
        runs = np.concatenate([chebyshev[1], chebyshev[0][:1]])
        basis = runs
        for level in self._levels:
            larger = np.empty((level.starts[-1], runs.shape[1]), dtype=runs.dtype)
            for row, last in enumerate(level.last):
                np.multiply(basis[row], runs[last:], out=larger[level.starts[row] : level.starts[row + 1]])
            raised = np.stack([chebyshev[power][state] for power, state in level.powers])
            larger[level.raised] = basis[level.rest] * raised
            basis = larger
        return basis

    @cached_property
    def _levels(self) -> list[_Level]:
        """How the basis of each degree, from 2 on, grows out of the one before: hands of one unit more."""
        n = self.n_states
        levels: list[_Level] = []
        hands: list[tuple[int, ...]] = [(state,) for state in range(n + 1)]
        for _ in range(2, self.degree + 1):
            place = {hand: row for row, hand in enumerate(hands)}
            starts = np.cumsum([0, *(n + 1 - hand[-1] for hand in hands)])
            raised = [(row, hand, hand.count(hand[-1])) for row, hand in enumerate(hands) if hand[-1] < n]
            levels.append(
                _Level(
                    last=[hand[-1] for hand in hands],
                    starts=starts,
                    raised=starts[[row for row, _, _ in raised]],
                    rest=np.array([place[hand[:-count] + (n,) * count] for _, hand, count in raised]),
                    powers=[(count + 1, hand[-1]) for _, hand, count in raised],
                )
            )
            hands = [(*hand, state) for hand in hands for state in range(hand[-1], n + 1)]
        return levels

    def _gathered(self, xp: Any, terms: list[Array]) -> Iterator[Array]:
        """The factors of all basis functions, (n_basis, n) each: one a state, or, of many states, one a unit of the degree.

        Args:
            xp: the array namespace.
            terms: T_0, T_1, … of every state, (n, n_states) each.
        """
        if self.n_states <= self.degree:
            chebyshev = xp.stack(terms)
            for state, degrees in enumerate(self.exponents.T):
                yield xp.take(chebyshev[:, :, state], degrees, axis=0)
            return
        table = xp.concatenate([xp.transpose(term) for term in terms], axis=0)
        for rows in self._factors:
            yield xp.take(table, rows, axis=0)


@dataclass(frozen=True)
class HingedFamily:
    """A polynomial, with hinges ``max(0, g)`` along the kinks of a model's functions, each times a linear polynomial.

    Every g is itself a polynomial, the first layer, of which zero is where a kink is. So a kink lies on a surface of any
    smooth shape, exactly, and the slopes on both sides of it are the output layer's to find. The constant is the last of
    its functions, as of every family.
    """

    n_states: int
    degree: int
    n_hinges: int
    n_outputs: int

    @property
    def exponents(self) -> np.ndarray:
        """Of the polynomials, as :attr:`PolynomialFamily.exponents`."""
        return self._smooth.exponents

    @cached_property
    def _smooth(self) -> PolynomialFamily:
        return PolynomialFamily(self.n_states, self.degree, self.n_hinges)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """(n_basis, n_hinges) of the hinges, and the output layer's."""
        n_basis = len(self.exponents)
        return (n_basis, self.n_hinges), (n_basis + self.n_hinges * (self.n_states + 1), self.n_outputs)

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """The zero polynomial without hinges."""
        return [np.zeros(shape) for shape in self.shapes]

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """The polynomials of the hinges, and the combination of basis and hinges."""
        ((basis, kinks),) = self._smooth.layers(xp, weights[:1], u)
        hinges = xp.maximum(kinks, 0.0)
        parts = [hinges, *(hinges * u[:, state : state + 1] for state in range(self.n_states)), basis]
        h = xp.concatenate(parts, axis=1)
        return [(basis, kinks), (h, xp.matmul(h, weights[1]))]


@dataclass(frozen=True)
class LinearFamily:
    """Nothing beside the frame's linear rule."""

    n_outputs: int

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """One layer without weights."""
        return ((0, self.n_outputs),)

    def initial_weights(self, rng: np.random.Generator) -> list[np.ndarray]:
        """No weights."""
        return [np.zeros(self.shapes[0])]

    def layers(self, xp: Any, weights: Weights, u: Array) -> list[Layer]:
        """Zero everywhere."""
        h = u[:, :0]
        return [(h, xp.matmul(h, weights[0]))]


def build_family(settings: PolicySettings, n_states: int, n_outputs: int, n_kinks: int = 0) -> Family:
    """The family that resolved settings name, for a model of that size and number of kinked functions."""
    if settings.family == "linear":
        return LinearFamily(n_outputs)
    if settings.family == "polynomial":
        assert settings.degree is not None
        return PolynomialFamily(n_states, settings.degree, n_outputs)
    if settings.family == "hinged":
        assert settings.degree is not None
        return HingedFamily(n_states, settings.degree, n_kinks, n_outputs)
    assert settings.hidden is not None and settings.activation is not None
    return NeuralFamily(n_states, settings.hidden, n_outputs, settings.activation)
