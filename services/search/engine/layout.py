"""The fields of the Tantivy index, and how a product becomes its document."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson
import tantivy

from services.search import rules
from services.search.engine.interface import Product

# An index of another version is built again: count up with every change below or of `rules.words_of`.
SCHEMA_VERSION = 1
SHOWN = ("sku", "name", "description", "category", "unit_price")


@cache
def schema() -> Any:
    """Return the schema; text fields hold words that `rules` has made already, split at spaces alone."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("sku", stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("version", stored=True, fast=True)
    builder.add_boolean_field("is_active", indexed=True)
    builder.add_text_field("name", tokenizer_name="whitespace")
    builder.add_text_field("text", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("name_key", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("category", fast=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


def document_of(product: Product) -> Any:
    """Return the document of a product; one that is not for sale is kept for its version and never found."""
    text = " ".join(product.get(name) or "" for name in ("name", "description", "category", "sku"))
    return tantivy.Document(
        sku=product["sku"],
        version=product["version"],
        is_active=product["is_active"],
        name=" ".join(rules.words_of(product["name"])),
        text=" ".join(rules.words_of(text)),
        name_key=rules.name_key(product),
        category=product.get("category") or "",
        shown=orjson.dumps({name: product.get(name) or "" for name in SHOWN}),
    )


def shown_of(document: Any) -> dict[str, Any]:
    shown: dict[str, Any] = orjson.loads(bytes(document["shown"][0]))
    return shown
