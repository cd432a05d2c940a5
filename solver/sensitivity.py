"""How a policy depends on the parameters: its derivatives, by the implicit function theorem, without training again.

Training leaves the residuals r(w; θ) near zero at states all over the domain, where w are the weights of the output layer.
For them to stay zero as a parameter moves, ``J dw/dθ = -∂r/∂θ``, in least squares: the equation that the derivative of the
policy solves, linear, and of the form of a last step of Gauss-Newton. Inner weights, frame and states stay as they are; the
solution of the model depends on none of them. Whatever follows from the policy then has the derivative along
``(dθ, dw)``. Derivatives are taken by a complex step, but for what a calibration makes of a parameter, other parameters and
the process, which is a central difference.

That holds whatever method the policy was trained by, as far as it is a solution: where r is not quite zero, derivatives are
off by a multiple of what the policy is off. How well the differentiated equations hold is measured on fresh states
(:attr:`Tangent.misfit`). At a kink, which is a state where a bound begins to bind, there are two derivatives, and one of
them is given.

A linear policy is what perturbation gives for a calibration. Its derivative is that of its frame, a central difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solver.calibrate import Calibration, recalibrate
from solver.diagnostics.euler_errors import EulerJudge
from solver.errors import CalibrationError, Fault, MethodError
from solver.expectation.ahead import build_expectation
from solver.model.conditions import multiplier_name
from solver.numerics.sampling import edge_weighted_box, uniform_box
from solver.objective.complex_step import Numbers, derivative, in_each
from solver.objective.euler import EulerObjective
from solver.objective.jacobian import output_jacobian
from solver.policy.frame import build_frame
from solver.policy.kinks import size_of_problem
from solver.policy.policy import Policy
from solver.policy.rule import Setting
from solver.settings import Method, TrainingSettings
from solver.settings.limits import MAX_LEAST_SQUARES_WEIGHTS
from solver.training.start import reach

_STREAM = 7
_FRESH_STATES = 256
#: Of a parameter, relative to it. A central difference's error is about its square, beside rounding, 1e-11.
_DIFFERENCE = 1e-5
#: Of singular values, relative to the largest. Few states see what a unit on a kink does: what they hardly see stays.
_RANK_TOLERANCE = 1e-14
_RANK_TOLERANCE_WITH_KINKS = 1e-6
#: Change of a residual, for a parameter that changes by its own size, that counts as none.
_ROUNDING = 1e-12
#: States × cases × units of the policy that are evaluated at once, a few arrays of 16 bytes each.
_LARGEST_BATCH = 2_000_000


@dataclass(frozen=True)
class Tangent:
    """Where a policy goes as one parameter moves.

    Attributes:
        direction: d numbers / dθ.
        misfit: the share of the differentiated equations that the direction leaves open, ``E|dr/dθ| / E|∂r/∂θ|`` at fresh
            states of the domain. Of a smooth policy it is measured where one more step of Gauss-Newton would lead, so
            that it also shows what the policy's own distance from the solution does. Zero of a parameter that moves
            nothing; NaN where a residual is not defined.
    """

    direction: Numbers
    misfit: float


@dataclass(frozen=True)
class Derivatives:
    """Derivatives by one parameter at n states.

    Attributes:
        controls: (n, n_controls).
        definitions: by name, (n,); multipliers without a control of their own among them.
    """

    controls: np.ndarray
    definitions: Mapping[str, np.ndarray]


class Sensitivity:
    """The derivatives of one policy.

    Args:
        policy: the trained rule.
        method: that of its solve, resolved.
        seed: likewise.

    Raises:
        MethodError: the output layer has more weights than least squares takes.
    """

    def __init__(self, policy: Policy, method: Method, seed: int) -> None:
        self._size = size_of_problem(policy.model, policy.calibration)
        n_weights = policy.settings.n_output_weights(self._size)
        if n_weights > MAX_LEAST_SQUARES_WEIGHTS:
            message = (
                f"the policy has {n_weights} weights in its output layer, above {MAX_LEAST_SQUARES_WEIGHTS}, the most for "
                "sensitivities; solve with fewer units in the last layer, or a lower degree"
            )
            raise MethodError([Fault((), message)])
        self._policy = policy
        self._seed = seed
        self._method = Method(
            policy=policy.settings,
            training=TrainingSettings(algorithm="gauss_newton"),
            expectation=method.expectation.judging(self._size),
        )
        self._objective = EulerObjective(policy.structure, as_ratio=True)
        self._numbers = self._numbers_of(policy.calibration)

    def tangents(self, names: Sequence[str]) -> dict[str, Tangent]:
        """The tangents along some parameters, at the cost of one Jacobian and its factorisation for all of them.

        Raises:
            CalibrationError: a parameter can move neither way.
        """
        directions, nearer = {name: self._direct(name) for name in names}, self._numbers
        if self._policy.settings.family != "linear":
            directions, nearer = self._with_weights(directions)
        return {name: Tangent(one, self._misfit(name, one, nearer)) for name, one in directions.items()}

    def _misfit(self, name: str, direction: Numbers, nearer: Numbers) -> float:
        calibration = self._policy.calibration
        rng = np.random.default_rng([self._seed, _STREAM, 1])
        box = uniform_box(rng, calibration.lower(), calibration.upper(), _FRESH_STATES)
        fresh = self._policy.space.with_regimes(rng, box)
        if not np.isfinite(self._residuals(nearer, fresh)).all():
            return np.nan
        left_over = float(np.abs(self._along(direction, fresh, nearer)).mean())
        alone = float(np.abs(self._along(direction.without_policy(), fresh, nearer)).mean())
        is_still = alone * (abs(calibration.parameters[name]) or 1.0) <= _ROUNDING
        return 0.0 if is_still else left_over / alone

    def at(self, tangent: Tangent, states: np.ndarray) -> Derivatives:
        """The derivatives at states (n, n_columns) at which the policy is defined."""
        policy, objective = self._policy, self._objective
        moved = self._numbers.moved(tangent.direction)
        free, multipliers = policy.structure.outputs.free, {}
        with np.errstate(all="ignore"):
            decision = policy.structure.decide(moved.setting, moved.weights, states)
            definitions = policy.economy.definitions(moved.setting.parameters, decision.date)
            if free:
                # The multiplier itself, and not the policy's idea of it, which trains less where it is large.
                parts = [objective.residuals(*moved, part).values for part in self._in_batches(states)]
                leaning = np.concatenate(parts)
        for condition, wanted in zip(free, decision.multipliers, strict=True):
            column = leaning[:, objective.equations.index(condition.equation)]
            multipliers[multiplier_name(policy.model, condition)] = np.where(wanted.real != 0.0, column, 0.0)
        found = {name: derivative(values) for name, values in (multipliers | definitions).items()}
        return Derivatives(derivative(decision.date.controls), found)

    def _numbers_of(self, calibration: Calibration) -> Numbers:
        """The numbers of the same policy in another calibration; of a linear one its own there."""
        policy, process = self._policy, calibration.process
        frame = policy.frame
        if policy.settings.family == "linear" and calibration is not policy.calibration:
            held = {"lowest": frame.lowest, "highest": frame.highest}
            frame = build_frame(calibration, policy.structure.outputs)._replace(**held)
        setting = Setting(calibration.parameter_vector(), process.mean, process.values, frame)
        return Numbers(setting, build_expectation(process, self._method.expectation), policy.weights)

    def _direct(self, name: str) -> Numbers:
        """The direction of one parameter with the weights held."""
        policy, value = self._policy, self._policy.calibration.parameters[name]
        step = _DIFFERENCE * (abs(value) or 1.0)
        sides: list[Calibration] = []
        faults: list[Fault] = []
        for moved in (value + step, value - step):
            try:
                sides.append(recalibrate(policy.model, policy.calibration, name, moved))
            except CalibrationError as error:  # beyond a bound: the difference is one-sided
                sides.append(policy.calibration)
                faults += error.faults
        above, below = sides
        distance = above.parameters[name] - below.parameters[name]
        if distance == 0:
            raise CalibrationError(faults)

        def slope(high: np.ndarray, low: np.ndarray) -> np.ndarray:
            return np.where(high == low, 0.0, (high - low) / distance)

        with np.errstate(invalid="ignore"):  # ends of the trained box may be infinite
            return in_each(slope, self._numbers_of(above), self._numbers_of(below))

    def _with_weights(self, directions: Mapping[str, Numbers]) -> tuple[dict[str, Numbers], Numbers]:
        """The directions with the output layer's answer to each, and the numbers a step nearer the solution.

        Where there are kinks no step is taken: it would lead astray, since few states see what the units on them do.
        """
        numbers = self._numbers
        jacobians, columns = [], []
        for states in self._training_states():
            with np.errstate(all="ignore"):
                jacobians.append(output_jacobian(self._objective, numbers, states))
            along = [self._along(direction, states, numbers) for direction in directions.values()]
            here = self._residuals(numbers, states)
            columns.append(np.stack([*along, here], axis=-1).transpose(1, 0, 2))
        jacobian, change = np.concatenate(jacobians, axis=1), np.concatenate(columns, axis=1)
        is_defined = np.isfinite(jacobian).all(axis=(0, 2)) & np.isfinite(change).all(axis=(0, 2))
        jacobian, change = jacobian[:, is_defined], change[:, is_defined]
        # Each equation in units in which its Jacobian is as large as the others', as in training.
        units = np.sqrt(np.mean(jacobian**2, axis=(1, 2), keepdims=True))
        units = np.where(units > 0, units, 1.0)
        # NumPy's, which unlike SciPy's lets other threads run meanwhile.
        solutions, *_ = np.linalg.lstsq(
            (jacobian / units).reshape(-1, jacobian.shape[2]),
            -(change / units).reshape(-1, change.shape[2]),
            rcond=_RANK_TOLERANCE_WITH_KINKS if self._size.has_kinks else _RANK_TOLERANCE,
        )
        inner, output = numbers.weights[:-1], numbers.weights[-1]
        *answers, step = (solution.reshape(output.shape) for solution in solutions.T)
        found = {
            name: direction._replace(weights=(*direction.weights[:-1], answer))
            for (name, direction), answer in zip(directions.items(), answers, strict=True)
        }
        nearer = output if self._size.has_kinks else output + step
        return found, numbers._replace(weights=(*inner, nearer))

    def _along(self, direction: Numbers, states: np.ndarray, numbers: Numbers) -> np.ndarray:
        """The derivatives of the residuals along a direction from some numbers, (n, n_equations)."""
        return derivative(self._residuals(numbers.moved(direction), states))

    def _residuals(self, numbers: Numbers, states: np.ndarray) -> np.ndarray:
        """(n, n_equations), with multipliers; NaN where the economy is not defined."""
        with np.errstate(all="ignore"):
            found = self._objective.residuals(*numbers, states)
            return np.asarray(self._objective.with_multipliers(found))

    def _training_states(self) -> list[np.ndarray]:
        """States as in training, as many as Gauss-Newton would take, in batches."""
        policy, method = self._policy, self._method
        judge = EulerJudge(policy.model, policy.calibration, self._numbers.expectation)
        rule = Policy.of_linear_rule(policy.model, policy.calibration, policy.frame)
        lower, upper = reach(rule, lambda states: judge.errors(rule.evaluate, states).largest())
        rng = np.random.default_rng([self._seed, _STREAM])
        box = edge_weighted_box(rng, lower, upper, method.default_states(self._size))
        states = policy.space.with_regimes(rng, box)
        return self._in_batches(states)

    def _in_batches(self, states: np.ndarray) -> list[np.ndarray]:
        n_units = self._policy.settings.n_units(self._size)
        n_values = len(states) * self._method.expectation.n_evaluations(self._size) * n_units
        return np.array_split(states, -(-n_values // _LARGEST_BATCH))
