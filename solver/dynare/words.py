"""The words with which a statement of a ``.mod`` file begins, and what becomes of it. Source: Dynare's manual, 5.3."""

from __future__ import annotations

DECLARATIONS = ("var", "varexo", "parameters", "predetermined_variables")
#: Others that are refused.
OTHER_DECLARATIONS = ("varexo_det", "trend_var", "log_trend_var", "external_function")

#: What nothing in a file can be called, in large letters or small. Other functions of the equation language are names.
RESERVED = (
    *("exp", "log", "ln", "log10", "sqrt", "cbrt", "abs", "sign", "min", "max", "erf", "normcdf", "normpdf"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "steady_state", "expectation", "inf", "nan"),
)

_ESTIMATION = "estimation is not done here: leave it out, and give the parameters values"
_PLANNER = "a planner's problem is not derived here: write out its first-order conditions as equations"
_PATH = "paths under perfect foresight are not computed here: leave it out"
_PIECES = "piecewise linear regimes are not read: put a tag mcp on the equation that the bound replaces"
_EDITS = "a model is written once here: change the block model itself"

#: Statements that would make the file another model than the one read, and what to do instead.
REFUSED = {
    "varobs": _ESTIMATION,
    "varexobs": _ESTIMATION,
    "estimation": _ESTIMATION,
    "method_of_moments": _ESTIMATION,
    "identification": _ESTIMATION,
    "estimated_params": _ESTIMATION,
    "estimated_params_init": _ESTIMATION,
    "estimated_params_bounds": _ESTIMATION,
    "estimated_params_remove": _ESTIMATION,
    "matched_moments": _ESTIMATION,
    "observation_trends": _ESTIMATION,
    "deterministic_trends": _ESTIMATION,
    "filter_initial_state": _ESTIMATION,
    "planner_objective": _PLANNER,
    "ramsey_model": _PLANNER,
    "ramsey_policy": _PLANNER,
    "ramsey_constraints": _PLANNER,
    "discretionary_policy": _PLANNER,
    "osr": _PLANNER,
    "osr_params": _PLANNER,
    "optim_weights": _PLANNER,
    "osr_params_bounds": _PLANNER,
    "endval": _PATH,
    "mshocks": _PATH,
    "varexo_det": "exogenous variables whose path is known are not read: declare a varexo, and give it a variance",
    "occbin_constraints": _PIECES,
    "occbin_setup": _PIECES,
    "occbin_solver": _PIECES,
    "heteroskedastic_shocks": "shocks have one variance here: give it in shocks",
    "trend_var": "trends are not taken out here: write the model in stationary variables",
    "log_trend_var": "trends are not taken out here: write the model in stationary variables",
    "external_function": "functions of other files are not read: write the formula out",
    "change_type": _EDITS,
    "model_options": _EDITS,
    "model_remove": _EDITS,
    "model_replace": _EDITS,
    "var_remove": _EDITS,
    "set_param_value": "write the assignment: name = value;",
    "load_params_and_steady_state": "write the values into the file: name = value;",
    "var_model": "the models of semi-structural expectations are not read: write their equations out",
    "trend_component_model": "the models of semi-structural expectations are not read: write their equations out",
    "var_expectation_model": "the models of semi-structural expectations are not read: write their equations out",
    "pac_model": "the models of semi-structural expectations are not read: write their equations out",
}

#: Blocks that say what to compute, and nothing about the model.
IGNORED_BLOCKS = (
    "histval",
    "homotopy_setup",
    "irf_calibration",
    "moment_calibration",
    "generate_irfs",
    "epilogue",
    "shock_groups",
    "conditional_forecast_paths",
    "verbatim",
)
#: Statements after which ``end;`` is to come.
BLOCKS = (
    *("model", "initval", "steady_state_model", "shocks", *IGNORED_BLOCKS),
    *("estimated_params", "estimated_params_init", "estimated_params_bounds", "estimated_params_remove"),
    *("matched_moments", "observation_trends", "deterministic_trends", "filter_initial_state"),
    *("ramsey_constraints", "optim_weights", "osr_params_bounds", "endval", "mshocks", "occbin_constraints"),
    *("heteroskedastic_shocks", "model_replace"),
)
#: Commands that compute, print or save, and change nothing: what follows the first of them is what to do with the model.
COMPUTATIONS = (
    *("steady", "check", "resid", "stoch_simul", "simul", "forecast", "extended_path"),
    *("perfect_foresight_setup", "perfect_foresight_solver", "conditional_forecast", "dynare_sensitivity"),
    *("model_info", "model_diagnostics", "save_params_and_steady_state", "dynasave", "dynatype", "rplot"),
    *("initval_file", "histval_file", "plot_conditional_forecast", "collect_latex_files"),
)
#: Others of MATLAB that often stand at the head of a file.
IGNORED_COMMANDS = (
    *("close", "clear", "clc", "format", "warning", "disp", "fprintf", "figure", "more", "tic", "toc"),
)
IGNORED_PREFIXES = ("write_latex_", "options_", "oo_")


def is_reserved(name: str) -> bool:
    """Whether Dynare itself refuses a variable or parameter of that name."""
    return name.lower() in RESERVED
