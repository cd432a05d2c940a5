"""First-order methods, each by its own formula.

All of them move the weights by ``θ ← θ + change`` with the annealed learning rate ``η_t = η₀ / (1 + κ t)``, t = 0, 1, …,
and keep what they remember in two slots of the weights' shape. g is the gradient of the batch's loss, s = t + 1.

===========  =========================================================================================
sgd          change = -η g
momentum     v ← γ v + η g;  change = -v  (Polyak 1964)
nesterov     as momentum with g taken at θ - γ v  (Nesterov 1983)
adagrad      G ← G + g²;  change = -η g / √(G + ε)  (Duchi, Hazan and Singer 2011)
rmsprop      E ← 0.9 E + 0.1 g²;  change = -η g / √(E + ε)  (Hinton 2012)
adam         m ← β₁ m + (1-β₁) g;  v ← β₂ v + (1-β₂) g²;
             change = -η m / (1-β₁ˢ) / (√(v / (1-β₂ˢ)) + ε)  (Kingma and Ba 2015)
adamax       m ← β₁ m + (1-β₁) g;  u ← max(β₂ u, |g|);  change = -η m / (1-β₁ˢ) / (u + ε)  (the same)
===========  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Tensor = Any

DECAY = 0.9
BETA_1 = 0.9
BETA_2 = 0.999
EPSILON = 1e-8


@dataclass(frozen=True)
class Hyperparameters:
    """What is tuned: learning rate η₀, annealing κ and momentum γ, as tensors."""

    learning_rate: Tensor
    annealing: Tensor
    momentum: Tensor

    def rate(self, step: Tensor) -> Tensor:
        """``η₀ / (1 + κ t)``."""
        return self.learning_rate / (1.0 + self.annealing * tf.cast(step, self.annealing.dtype))


Change = Callable[[Tensor, Tensor, Tensor, Hyperparameters], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class UpdateRule:
    """One method.

    Attributes:
        change: ``(gradient (n,), slots (2, n), step, hyperparameters) -> change (n,), slots``.
        looks_ahead: whether the gradient is taken at ``θ - γ v``.
    """

    change: Change
    looks_ahead: bool = False

    def gradient_point(self, vector: Tensor, slots: Tensor, chosen: Hyperparameters) -> Tensor:
        """Where the gradient is taken."""
        return vector - chosen.momentum * slots[0] if self.looks_ahead else tf.identity(vector)


def _sgd(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    return -chosen.rate(step) * g, slots


def _momentum(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    v = chosen.momentum * slots[0] + chosen.rate(step) * g
    return -v, tf.stack([v, slots[1]])


def _adagrad(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    total = slots[0] + g**2
    return -chosen.rate(step) * g / tf.sqrt(total + EPSILON), tf.stack([total, slots[1]])


def _rmsprop(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    mean = DECAY * slots[0] + (1 - DECAY) * g**2
    return -chosen.rate(step) * g / tf.sqrt(mean + EPSILON), tf.stack([mean, slots[1]])


def _adam(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    s = tf.cast(step + 1, g.dtype)
    m = BETA_1 * slots[0] + (1 - BETA_1) * g
    v = BETA_2 * slots[1] + (1 - BETA_2) * g**2
    m_hat, v_hat = m / (1 - BETA_1**s), v / (1 - BETA_2**s)
    return -chosen.rate(step) * m_hat / (tf.sqrt(v_hat) + EPSILON), tf.stack([m, v])


def _adamax(g: Tensor, slots: Tensor, step: Tensor, chosen: Hyperparameters) -> tuple[Tensor, Tensor]:
    s = tf.cast(step + 1, g.dtype)
    m = BETA_1 * slots[0] + (1 - BETA_1) * g
    u = tf.maximum(BETA_2 * slots[1], tf.abs(g))
    return -chosen.rate(step) * m / (1 - BETA_1**s) / (u + EPSILON), tf.stack([m, u])


UPDATE_RULES: dict[str, UpdateRule] = {
    "sgd": UpdateRule(_sgd),
    "momentum": UpdateRule(_momentum),
    "nesterov": UpdateRule(_momentum, looks_ahead=True),
    "adagrad": UpdateRule(_adagrad),
    "rmsprop": UpdateRule(_rmsprop),
    "adam": UpdateRule(_adam),
    "adamax": UpdateRule(_adamax),
}
