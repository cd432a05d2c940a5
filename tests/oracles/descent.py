"""First-order methods in NumPy, each as its paper states it."""

import numpy as np


def descend(method, gradient, start, steps, rate, annealing=0.0, momentum=0.9):
    """Weights after each of some steps; ``gradient(weights)`` is asked where the method wants it."""
    theta, trail = start.copy(), []
    v = np.zeros_like(start)  # velocity, or second moment, or infinity norm
    m = np.zeros_like(start)  # first moment
    for t in range(steps):
        eta = rate / (1 + annealing * t)
        g = gradient(theta - momentum * v if method == "nesterov" else theta)
        if method == "sgd":
            theta = theta - eta * g
        elif method in ("momentum", "nesterov"):
            v = momentum * v + eta * g
            theta = theta - v
        elif method == "adagrad":
            v = v + g * g
            theta = theta - eta * g / np.sqrt(v + 1e-8)
        elif method == "rmsprop":
            v = 0.9 * v + 0.1 * g * g
            theta = theta - eta * g / np.sqrt(v + 1e-8)
        elif method == "adam":
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            m_hat, v_hat = m / (1 - 0.9 ** (t + 1)), v / (1 - 0.999 ** (t + 1))
            theta = theta - eta * m_hat / (np.sqrt(v_hat) + 1e-8)
        elif method == "adamax":
            m, v = 0.9 * m + 0.1 * g, np.maximum(0.999 * v, np.abs(g))
            theta = theta - eta / (1 - 0.9 ** (t + 1)) * m / (v + 1e-8)
        else:
            raise ValueError(method)
        trail.append(theta)
    return np.stack(trail)
