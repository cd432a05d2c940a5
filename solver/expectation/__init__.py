"""E[.] over the exogenous variables of the next period."""
