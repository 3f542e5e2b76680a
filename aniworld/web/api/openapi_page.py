"""The OpenAPI document as one plain page: no script, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

from aniworld.web.security.headers import nonce

_METHODS = ("get", "post", "put", "patch", "delete")
_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
h2 { border-bottom: 1px solid; margin-top: 2.5rem; text-transform: capitalize; }
summary { cursor: pointer; padding: .4rem 0; overflow-wrap: anywhere; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow: auto; padding: .75rem; border: 1px solid; border-radius: .4rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; text-transform: uppercase; }
details > :not(summary) { margin-left: 1rem; }
"""


def render(document: dict[str, Any], base: str) -> str:
    body = Markup("").join(_sections(document))
    return str(
        Markup(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{0} API</title><meta name="viewport"'
            ' content="width=device-width, initial-scale=1"><style nonce="{1}">{2}</style></head><body><main><h1>{0}'
            ' API</h1><p>Version {3}. The document for programs: <a href="{4}">openapi.json</a>. Sign in with'
            " <code>Authorization: Bearer …</code> or <code>X-Api-Key: …</code>.</p>{5}</main></body></html>"
        ).format(
            document["info"]["title"],
            nonce(),
            Markup(_STYLE),  # noqa: S704 - our own style sheet
            document["info"]["version"],
            f"{base}/api/openapi.json",
            body,
        )
    )


def _sections(document: dict[str, Any]) -> Iterator[Markup]:
    for tag in document.get("tags", ()):
        yield Markup("<section><h2>{}</h2><p>{}</p>").format(tag["name"], tag.get("description", ""))
        for path, operations in document["paths"].items():
            for method in _METHODS:
                if tag["name"] in operations.get(method, {}).get("tags", ()):
                    yield _operation(path, method, operations[method])
        yield Markup("</section>")
    yield Markup("<section><h2>Schemas</h2>")
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield Markup('<details id="{0}"><summary><code>{0}</code></summary>{1}</details>').format(name, _pretty(schema))
    yield Markup("</section>")


def _operation(path: str, method: str, operation: dict[str, Any]) -> Markup:
    parts = [
        Markup('<details><summary><span class="method">{}</span> <code>{}</code> {}</summary>').format(
            method, path, operation.get("summary", "")
        )
    ]
    if operation.get("parameters"):
        parts.append(Markup("<h3>Parameters</h3>") + _pretty(operation["parameters"]))
    if "requestBody" in operation:
        parts.append(Markup("<h3>Body</h3>") + _pretty(operation["requestBody"]["content"]))
    parts.append(Markup("<h3>Answers</h3><ul>"))
    for status, response in sorted(operation["responses"].items()):
        parts.append(Markup("<li><code>{}</code> {}</li>").format(status, response.get("description", "")))
    return Markup("").join([*parts, Markup("</ul></details>")])


def _pretty(value: Any) -> Markup:
    return Markup("<pre>{}</pre>").format(escape(json.dumps(value, indent=2, ensure_ascii=False)))
