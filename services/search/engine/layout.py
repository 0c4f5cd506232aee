"""The fields of the Tantivy index, and how a product becomes its document."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import tantivy

from services.search import rules
from services.search.rules import FoundProduct, IndexedProduct

# An index of another version is built again: count up with every change below or of `rules.words_of`.
SCHEMA_VERSION = 1
_DECODER = msgspec.json.Decoder(FoundProduct)


@cache
def schema() -> Any:
    """Return the schema; text fields hold the words that `rules.words_of` makes, split at spaces only."""
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


def document_of(product: IndexedProduct) -> Any:
    """Return the document of a product; one that is not for sale is kept for its version and never found."""
    return tantivy.Document(
        sku=product.sku,
        version=product.version,
        is_active=product.is_active,
        name=" ".join(rules.words_of(product.name)),
        text=" ".join(rules.words_of(product.text)),
        name_key=rules.name_key(product),
        category=product.category,
        shown=msgspec.json.encode(product.found),
    )


def found_product(document: Any) -> FoundProduct:
    """Return the product that a document of the index shows."""
    return _DECODER.decode(document["shown"][0])
