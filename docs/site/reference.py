"""The HTTP reference, a page made from the API's own OpenAPI document whenever the site is built."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from service.app import create_app
from service.problems import PROBLEMS

Described = Mapping[str, Any]
"""A part of the OpenAPI document."""
PAGE = "reference.md"
_HEAD = """\
# HTTP reference

Made from the API's own OpenAPI document, which a server serves at `/openapi.json`. JSON unless said otherwise; unknown
fields and parameters are refused; numbers that are not finite are `null`.
"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the page."""
    files.append(File.generated(config, PAGE, content=reference(create_app().openapi())))
    return files


def reference(document: Described) -> str:
    """The page, in Markdown."""
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method.upper(), path, operation))
    parts = [_HEAD]
    for tag in sorted(by_tag, key=lambda tag: (tag.startswith("O"), tag)):
        parts += [f"## {tag}", *by_tag[tag]]
    parts += ["## Problems", _problems(), "## Objects", *_objects(document["components"]["schemas"])]
    return "\n\n".join(parts) + "\n"


def _operation(method: str, path: str, operation: Described) -> str:
    name = operation["operationId"]
    lines = [f"### {operation['summary']} {{ #{name} }}", f"**`{method} {path}`** · {_scope(operation)}"]
    if "description" in operation:
        lines.append(operation["description"])
    if operation.get("parameters"):
        lines.append(_parameters(operation["parameters"]))
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        lines.append(f"Body, `{media_type}`: {_type(content.get('schema', {}))}.")
        for example in content.get("examples", {}).values():
            lines.append(_example(example.get("summary", "for example"), example["value"]))
    for status, response in operation["responses"].items():
        if status < "400":
            lines += _answers(status, response)
    refusals = [status for status in sorted(operation["responses"]) if "400" <= status <= "599"]
    if refusals:
        told = ", ".join(f"{status} {HTTPStatus(int(status)).phrase}" for status in refusals)
        lines.append(f"Refusals ([problems](#problems)): {told}.")
    return "\n\n".join(lines)


def _scope(operation: Described) -> str:
    scopes = [scope for way in operation.get("security", []) for names in way.values() for scope in names]
    return (
        f"a key with the scope `{scopes[0]}`, where keys are configured" if scopes else "no key is asked for"
    )


def _parameters(parameters: Sequence[Described]) -> str:
    rows = [
        f"| `{it['name']}` ({it['in']}) | {_type(it['schema'])}{_default(it['schema'])} | {_told(it)} |"
        for it in parameters
    ]
    return "\n".join(["| parameter | | |", "| --- | --- | --- |", *rows])


def _told(it: Described) -> str:
    told = _one_line(it.get("description", ""))
    return f"**Required.** {told}" if it.get("required") and it.get("in") != "path" else told


def _answers(status: str, response: Described) -> list[str]:
    phrase = HTTPStatus(int(status)).phrase
    contents = response.get("content", {})
    if not contents:
        return [f"Answers **{status}** {phrase}, without a body."]
    lines = []
    for media_type, content in contents.items():
        lines.append(f"Answers **{status}** {phrase}, `{media_type}`: {_type(content.get('schema', {}))}.")
        if "example" in content:
            lines.append(_example("for example", content["example"]))
    return lines


def _example(title: str, value: Any) -> str:
    is_text = isinstance(value, str)
    text = value if is_text else json.dumps(value, indent=2, ensure_ascii=False)
    body = "\n".join(f"    {line}".rstrip() for line in text.strip().splitlines())
    return f'??? example "{_one_line(title)}"\n\n    ```{"text" if is_text else "json"}\n{body}\n    ```'


def _problems() -> str:
    rows = sorted({(row.status, row.code, row.title) for row in PROBLEMS.values()})
    intro = (
        "Every refusal is `application/problem+json` ([ProblemDocument](#object-problemdocument)); `code` is for programs "
        "and stays what it is. `errors` lists every fault of an input: its place (`pointer`), value, bound and what to do."
    )
    table = [f"| {status} | `{code}` | {title} |" for status, code, title in rows]
    return "\n".join([intro, "", "| status | `code` | |", "| --- | --- | --- |", *table])


def _objects(schemas: Described) -> Iterator[str]:
    for name in sorted(schemas):
        schema = schemas[name]
        lines = [f"### {name} {{ #object-{name.lower()} }}"]
        if "description" in schema:
            lines.append(_one_line(schema["description"].split("\n\nAttributes:")[0]))
        if "enum" in schema:
            lines.append("One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + ".")
        if "properties" in schema:
            required = schema.get("required", ())
            rows = [
                f"| `{field}`{' (required)' if field in required else ''} | {_type(it)}{_default(it)} "
                f"| {_one_line(it.get('description', ''))} |"
                for field, it in schema["properties"].items()
            ]
            lines.append("\n".join(["| field | | |", "| --- | --- | --- |", *rows]))
        yield "\n\n".join(lines)


def _type(schema: Described) -> str:
    """A type in words, with links to the objects."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#object-{name.lower()})"
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(dict.fromkeys(_type(one) for one in schema[several]))
    if "allOf" in schema:
        return " and ".join(_type(one) for one in schema["allOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = str(schema.get("type", "anything"))
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_type(schema['additionalProperties'])}"
    return kind + _bounds(schema)


def _bounds(schema: Described) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    told = [f"{sign} {schema[name]:g}" for name, sign in signs.items() if name in schema]
    return f" ({', '.join(told)})" if told else ""


def _default(schema: Described) -> str:
    return f", `{json.dumps(schema['default'])}` by default" if schema.get("default") is not None else ""


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
