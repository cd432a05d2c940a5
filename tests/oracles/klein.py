"""First-order rules of economies written by hand: finite differences and the generalised Schur form (Klein 2000)."""

import numpy as np
from scipy.linalg import ordqz

STEP = 1e-4


def first_order_rule(economy, states, controls):
    """Derivatives of the controls by the states at a steady state, (n_controls, n_states).

    ``economy.transition(s, x)`` is the next state without shocks and ``economy.residual(s, x, s_next, x_next)`` zero in
    expectation, both of single states and controls.
    """
    n = len(states)
    t_s = jacobian(lambda s: economy.transition(s, controls), states)
    t_x = jacobian(lambda x: economy.transition(states, x), controls)
    points = [states, controls, states, controls]
    r_s, r_x, r_s_next, r_x_next = (
        jacobian(lambda point, at=at: economy.residual(*points[:at], point, *points[at + 1 :]), points[at])
        for at in range(4)
    )
    later = np.block([[np.eye(n), np.zeros((n, len(controls)))], [r_s_next, r_x_next]])
    now = np.block([[t_s, t_x], [-r_s, -r_x]])
    *_, alpha, beta, _, z = ordqz(now, later, sort="iuc")
    n_stable = int(np.sum(np.abs(alpha) < np.abs(beta)))
    assert n_stable == n, f"{n_stable} stable roots for {n} states"
    return (z[n:, :n] @ np.linalg.inv(z[:n, :n])).real


def jacobian(function, point):
    """By central differences of fourth order, (n_values, n)."""
    point = np.asarray(point, dtype=float)
    columns = []
    for j in range(len(point)):
        step = STEP * np.eye(len(point))[j] * max(1.0, abs(point[j]))
        near = function(point + step) - function(point - step)
        far = function(point + 2 * step) - function(point - 2 * step)
        columns.append((8 * near - far) / (12 * step[j]))
    return np.column_stack(columns)
