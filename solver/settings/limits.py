"""What a solve may take at most, and where its defaults change."""

from __future__ import annotations

MAX_WEIGHTS = 20_000
MAX_LEAST_SQUARES_WEIGHTS = 2_500
LEAST_STATES = 256
MAX_STATES = 65_536
#: Cases of the next period after one state.
MAX_CASES = 4_096
#: Residuals × weights of a least-squares step. Its Jacobian and factorisation take about 2 s and 1 GiB on one core, and a
#: cancellation is heard between two of them.
MAX_JACOBIAN_ELEMENTS = 10_000_000
#: States × (today and the cases of tomorrow) × units of the policy at each, of any step: likewise about 1 s and 1 GiB.
MAX_UNIT_VALUES = 40_000_000
#: States at which errors are evaluated for each that is drawn by them.
CANDIDATES_PER_STATE = 4
#: Where no Jacobian is formed: weights; states × features of the output layer, a matrix of 400 MB, of which there are a
#: few; and states × evaluations × units of a step, about a minute, with a look at cancellations between batches.
MAX_MATRIX_FREE_WEIGHTS = 300_000
MAX_FEATURE_VALUES = 50_000_000
MAX_SWEEP_UNIT_VALUES = 6_000_000_000
#: Basis functions that a default polynomial of many states may have, and its degree at most and at least.
MOST_BASIS_FUNCTIONS, HIGHEST_DEGREE, LOWEST_DEGREE = 2_000, 6, 2
#: States from which on a polynomial is the default of a smooth policy.
MANY_STATES = 4
#: Kinks that a hinged policy follows at most.
MOST_HINGES = 4
#: A lifetime is followed until a reward counts for this share of one of today, and for so many periods at most.
REMAINING, MAX_PERIODS = 0.001, 1_000
