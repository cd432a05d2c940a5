"""One law of exogenous variables: a tag of YAML, or its name as the only key of a JSON object, with its entries."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from solver.language.parser import suggest
from solver.language.tree import Number, Operation
from solver.model.array_reader import ArrayReader, is_matrix, is_vector, shape_of
from solver.model.exogenous import (
    Autoregression,
    Constant,
    Discretised,
    Law,
    MarkovChain,
    Matrix,
    Mixture,
    Normal,
    Vector,
)
from solver.model.node import FaultList, Items, Node, Table, fault_at
from solver.model.sections import read_table, read_text

PRODUCT = "Product"
_BERNOULLI = "Bernoulli"
_DISCRETIZE = "discretize"
_METHODS = ("rouwenhorst", "tauchen")
MAX_REGIMES = 64
#: Other spellings of laws and entries; that of dolo, with an i, first. μ may be written by three characters.
_SPELLINGS = {
    "Bernouilli": _BERNOULLI,
    "discretise": _DISCRETIZE,
    **{"Σ": "Sigma", "σ": "sigma", "ρ": "rho", "π": "pi", "p": "pi", "μ": "mu", "Μ": "mu", "Mu": "mu"},
}


class _Form(NamedTuple):
    """How a law is written: of each group of ``needed``, exactly one entry; of ``optional``, any."""

    needed: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...] = ()


_FORMS = {
    "Normal": _Form((("Sigma", "sigma"),), ("mu",)),
    "UNormal": _Form((("sigma", "Sigma"),), ("mu",)),
    "VAR1": _Form((("rho",), ("Sigma", "sigma")), ("mu", _DISCRETIZE)),
    "AR1": _Form((("rho",), ("sigma", "Sigma")), ("mu", _DISCRETIZE)),
    "MarkovChain": _Form((("values",), ("transitions",))),
    "ConstantProcess": _Form((("mu", "values"),)),
    "Mixture": _Form((("index", "weights"), ("distributions",))),
    _BERNOULLI: _Form((("pi",),)),
}
LAW_NAMES = (*_FORMS, "Bernouilli", PRODUCT)


def named_law(node: Node) -> tuple[str, Node] | None:
    """The law that a node names, and its entries; None where it names none."""
    if node.tag is not None:
        name = node.tag.removeprefix("!")
        return _SPELLINGS.get(name, name), node
    if isinstance(node, Table) and len(node.entries) == 1:
        ((name, body),) = node.entries.items()
        if name in LAW_NAMES and body.tag is None:
            return _SPELLINGS.get(name, name), body
    return None


def dimension(law: Law) -> int:
    """Number of variables of a law."""
    if isinstance(law, MarkovChain):
        return len(law.values[0])
    if isinstance(law, Constant):
        return len(law.values)
    if isinstance(law, Mixture):
        return len(law.components[0].mean)
    return 1 if isinstance(law, Discretised) else len(law.mean)


class LawReader:
    """Reads laws; a method gives None, and adds a fault, where it cannot read its node."""

    def __init__(self, known: Mapping[str, object], following: Mapping[str, str], faults: FaultList) -> None:
        """Prepare to read.

        Args:
            known: what has a value at the steady state.
            following: what of this follows from exogenous variables, each with one of these: no law depends on it.
            faults: to which every fault is added.
        """
        self._arrays = ArrayReader(known, following, faults)
        self._faults = faults

    def laws(self, node: Node) -> list[Law] | None:
        """The laws of a node: one, or those of a product in turn."""
        named = named_law(node)
        if named is None and not isinstance(node, Items):
            self._refuse(node, f"a law is expected here: {', '.join(LAW_NAMES)}")
            return None
        if named is not None and named[0] != PRODUCT:
            law = self._law(node)
            return None if law is None else [law]
        body = node if named is None else named[1]
        if not isinstance(body, Items) or not body.items:
            self._refuse(body, "a product is a list of laws")
            return None
        parts = [self.laws(item) for item in body.items]
        if any(part is None for part in parts):
            return None
        return [law for part in parts if part is not None for law in part]

    def _law(self, node: Node) -> Law | None:
        named = named_law(node)
        if named is None or named[0] not in _FORMS:
            known = node.tag is None or node.tag.removeprefix("!") in LAW_NAMES
            # An unknown tag is a fault already.
            if known:
                self._refuse(node, f"a law is expected here: {', '.join(_FORMS)}")
            return None
        name, body = named
        entries = self._entries(name, body)
        if entries is None:
            return None
        if name in ("Normal", "UNormal"):
            return self._normal(name, node, entries)
        if name in ("VAR1", "AR1"):
            return self._autoregression(entries)
        if name == "MarkovChain":
            return self._chain(entries)
        if name == "ConstantProcess":
            values = self._arrays.vector(next(iter(entries.values())))
            return None if values is None else Constant(values)
        if name == "Mixture":
            return self._mixture(node, entries)
        self._refuse(node, f"{name} is no law of a variable: it stands in the index of a Mixture")
        return None

    def _entries(self, name: str, node: Node) -> dict[str, Node] | None:
        """The entries of a law by their own names."""
        form = _FORMS[name]
        usage = f"{name} is written with {', '.join(' or '.join(group) for group in form.needed)}"
        if form.optional:
            usage += f", and perhaps {', '.join(form.optional)}"
        if not isinstance(node, Table):
            self._refuse(node, usage)
            return None
        known = (*(entry for group in form.needed for entry in group), *form.optional)
        entries: dict[str, Node] = {}
        is_whole = True
        for key, entry in node.entries.items():
            spelt = unicodedata.normalize("NFKC", key)
            own = _SPELLINGS.get(spelt, spelt)
            if own not in known:
                self._refuse(
                    entry, f"{key[:40]} is not an entry of {name}{suggest(own, known)}: {usage}", key[:40]
                )
                is_whole = False
            elif own in entries:
                self._refuse(entry, f"{own} stands here twice: keep one", own)
                is_whole = False
            entries[own] = entry
        for group in form.needed:
            if sum(entry in entries for entry in group) != 1:
                self._refuse(node, usage)
                is_whole = False
        return entries if is_whole else None

    def _normal(self, name: str, node: Node, entries: Mapping[str, Node]) -> Normal | None:
        covariance = self._covariance(entries)
        mean = self._mean(entries, covariance)
        if covariance is None or mean is None:
            return None
        if name == "UNormal" and len(mean) > 1:
            self._refuse(node, f"UNormal is of one variable, and this one of {len(mean)}: write Normal")
            return None
        return Normal(mean, covariance)

    def _autoregression(self, entries: Mapping[str, Node]) -> Autoregression | Discretised | None:
        covariance = self._covariance(entries)
        mean = self._mean(entries, covariance)
        persistence = self._arrays.array(entries["rho"])
        if covariance is None or mean is None or persistence is None:
            return None
        n = len(covariance)
        if not isinstance(persistence, tuple):
            persistence = _diagonal((persistence,) * n)
        elif is_vector(persistence):
            persistence = _diagonal(persistence)
        if not is_matrix(persistence) or (len(persistence), len(persistence[0])) != (n, n):
            shown = f"for {n} variable(s), rho is one number, {n} of them, or {n} rows of {n}"
            self._refuse(entries["rho"], shown, "rho")
            return None
        law = Autoregression(mean, persistence, covariance)
        return self._discretised(law, entries[_DISCRETIZE]) if _DISCRETIZE in entries else law

    def _discretised(self, law: Autoregression, node: Node) -> Discretised | None:
        """``discretize: {method: rouwenhorst, n: 7}``, of one variable."""
        entries = read_table(node, ("method", "n"), self._faults)
        method, written = (read_text(entries.get(key), self._faults) for key in ("method", "n"))
        n = int(written) if written.isdecimal() and len(written) < 4 else 0
        if len(law.mean) > 1:
            message = (
                f"a law of one variable becomes a chain, and this one has {len(law.mean)}: write one for each"
            )
        elif method not in _METHODS:
            message = f"the method {method[:40]!r} is none of {', '.join(_METHODS)}"
        elif not 2 <= n <= MAX_REGIMES:
            message = (
                f"n = {written[:40]!r} is no whole number from 2 to {MAX_REGIMES}: give the number of regimes"
            )
        else:
            return Discretised(law, method, n)
        self._refuse(node, message, _DISCRETIZE)
        return None

    def _chain(self, entries: Mapping[str, Node]) -> MarkovChain | None:
        values, transitions = (
            self._arrays.array(entries["values"]),
            self._arrays.array(entries["transitions"]),
        )
        if values is None or transitions is None:
            return None
        if not isinstance(values, tuple):
            self._refuse(entries["values"], "values is a list: a row for each regime", "values")
            return None
        rows = (
            values
            if is_matrix(values)
            else tuple((value,) for value in values if not isinstance(value, tuple))
        )
        n = len(rows)
        if (
            not isinstance(transitions, tuple)
            or not is_matrix(transitions)
            or shape_of(transitions) != (n, n)
        ):
            message = f"transitions is {n} rows of {n} probabilities, one row for each of the {n} regime(s) of values"
            self._refuse(entries["transitions"], message, "transitions")
            return None
        for number, row in enumerate(transitions, start=1):
            self._arrays.check_probabilities(entries["transitions"], f"row {number} of transitions", row)
        return MarkovChain(rows, transitions)

    def _mixture(self, node: Node, entries: Mapping[str, Node]) -> Mixture | None:
        weights = self._weights(entries)
        parts = self._distributions(entries["distributions"])
        components = [self._component(part) for part in parts or ()]
        if weights is None or parts is None or any(component is None for component in components):
            return None
        normals = tuple(component for component in components if component is not None)
        if len(normals) != len(weights):
            self._refuse(node, f"there are {len(normals)} distributions and {len(weights)} probabilities")
            return None
        if len({len(normal.mean) for normal in normals}) > 1:
            self._refuse(entries["distributions"], "the distributions have different numbers of variables")
            return None
        return Mixture(weights, normals)

    def _weights(self, entries: Mapping[str, Node]) -> Vector | None:
        if "weights" in entries:
            weights = self._arrays.vector(entries["weights"])
            if weights is not None:
                self._arrays.check_probabilities(entries["weights"], "weights", weights)
            return weights
        node = entries["index"]
        named = named_law(node)
        if named is None or named[0] != _BERNOULLI:
            message = "the index of a Mixture is !Bernoulli with pi; for more distributions give weights"
            self._refuse(node, message)
            return None
        index = self._entries(*named)
        probability = None if index is None else self._arrays.vector(index["pi"])
        if index is None or probability is None:
            return None
        if len(probability) != 1:
            self._refuse(index["pi"], "pi is one probability", "pi")
            return None
        weights = (Operation("-", (Number(1.0), probability[0])), probability[0])
        self._arrays.check_probabilities(index["pi"], "pi and 1 - pi", weights)
        return weights

    def _distributions(self, node: Node) -> list[Node] | None:
        """The nodes of the distributions: a list, or a mapping from 0, 1, …."""
        if isinstance(node, Items) and node.items and node.tag is None:
            return list(node.items)
        if isinstance(node, Table) and node.tag is None:
            numbers = [str(number) for number in range(len(node.entries))]
            if numbers and set(numbers) == set(node.entries):
                return [node.entries[number] for number in numbers]
        self._refuse(node, "distributions is a list of laws, or a mapping from 0, 1, … to laws")
        return None

    def _component(self, node: Node) -> Normal | None:
        law = self._law(node)
        if isinstance(law, Constant):
            n = len(law.values)
            return Normal(law.values, _diagonal((Number(0.0),) * n))
        if law is not None and not isinstance(law, Normal):
            self._refuse(node, "a Mixture is of Normal, UNormal and ConstantProcess")
            return None
        return law

    def _covariance(self, entries: Mapping[str, Node]) -> Matrix | None:
        if "sigma" in entries:
            deviations = self._arrays.vector(entries["sigma"], "; a covariance matrix is called Sigma")
            if deviations is None:
                return None
            return _diagonal(tuple(Operation("^", (deviation, Number(2.0))) for deviation in deviations))
        node = entries["Sigma"]
        covariance = self._arrays.array(node)
        if covariance is None:
            return None
        if not isinstance(covariance, tuple):
            covariance = ((covariance,),)
        elif is_vector(covariance) and len(covariance) == 1:
            covariance = (covariance,)
        if not is_matrix(covariance) or len(covariance) != len(covariance[0]):
            self._refuse(node, "Sigma is a covariance matrix: n rows of n numbers", "Sigma")
            return None
        return covariance

    def _mean(self, entries: Mapping[str, Node], covariance: Matrix | None) -> Vector | None:
        mean = self._arrays.vector(entries["mu"]) if "mu" in entries else None
        if covariance is None:
            return None
        if "mu" not in entries:
            return (Number(0.0),) * len(covariance)
        if mean is not None and len(mean) != len(covariance):
            message = f"mu has {len(mean)} number(s), and the covariance {len(covariance)} row(s)"
            self._refuse(entries["mu"], message, "mu")
            return None
        return mean

    def _refuse(self, node: Node, message: str, symbol: str | None = None) -> None:
        self._faults.append(fault_at(node, message, symbol))


def _diagonal(values: Vector) -> Matrix:
    zero = Number(0.0)
    places = range(len(values))
    return tuple(
        tuple(value if row == column else zero for column in places) for row, value in enumerate(values)
    )
