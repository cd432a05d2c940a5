"""What a caller may choose about a solve: a file for each part of the method.

Everything is optional: ``SolveSettings()`` is the default method. The settings are the wire format of
``method`` as well, so the HTTP contract and the solver cannot drift apart. A field that belongs to another
choice (a degree for a neural network, a learning rate for Gauss-Newton) is refused, and
:meth:`SolveSettings.resolve` fills in every field that was left out, so that a job records its method in full.
"""

from solver.settings.expectation import ExpectationSettings
from solver.settings.method import Method, Objective, SamplingSettings, SolveSettings
from solver.settings.policy import PolicySettings
from solver.settings.problem_size import ProblemSize
from solver.settings.training import Dtype, TrainingSettings

__all__ = [
    "Dtype",
    "ExpectationSettings",
    "Method",
    "Objective",
    "PolicySettings",
    "ProblemSize",
    "SamplingSettings",
    "SolveSettings",
    "TrainingSettings",
]
