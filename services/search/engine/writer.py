"""Writing the Tantivy index: upserts by version, one commit per batch, and whole new indexes."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from services.search import rules
from services.search.engine.index_directory import IndexDirectory, IndexLabel
from services.search.engine.layout import SCHEMA_VERSION, document_of, schema
from services.search.errors import IndexNotWritable
from services.search.rules import IndexedProduct

HEAP_BYTES = 32_000_000


class TantivyWriter:
    """Holds the directory's lock and the writer of the current index from the first use to the end of the process."""

    def __init__(self, directory: IndexDirectory) -> None:
        self._directory = directory
        self._opened: tuple[IndexLabel, Any, Any] | None = None

    def is_current(self, mark: str) -> bool:
        with _as_not_writable():
            self._directory.acquire_lock()
            label = self._directory.label()
        return label is not None and (label.schema_version, label.mark) == (SCHEMA_VERSION, mark)

    def upsert(self, products: Sequence[IndexedProduct]) -> int:
        index, writer = self._open()
        fresh = rules.newest(products, _versions(index, {product.sku for product in products}))
        if not fresh:
            return 0
        try:
            for product in fresh:
                writer.delete_documents_by_term("sku", product.sku)
                writer.add_document(document_of(product))
            writer.commit()
        except BaseException:
            self._opened = None  # what was added without a commit must not be committed with the next batch
            raise
        index.reload()
        return len(fresh)

    def rebuild(self, pages: Iterable[Sequence[IndexedProduct]], mark: str, *, beat: Callable[[], None]) -> int:
        with _as_not_writable():
            self._directory.acquire_lock()
            folder = self._directory.new_folder()
            try:
                count = _build(folder, pages, beat)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._opened = None
            self._directory.put(IndexLabel(folder.name, SCHEMA_VERSION, mark))
        return count

    def _open(self) -> tuple[Any, Any]:
        with _as_not_writable():
            self._directory.acquire_lock()
            label = self._directory.label()
            if label is None:
                raise IndexNotWritable("The index does not exist")
            if self._opened is None or self._opened[0] != label:
                self._opened = None
                index = tantivy.Index.open(str(self._directory.path_of(label)))
                index.config_reader("manual")
                index.reload()
                self._opened = (label, index, index.writer(HEAP_BYTES, 1))
        return self._opened[1], self._opened[2]


def _build(folder: Path, pages: Iterable[Sequence[IndexedProduct]], beat: Callable[[], None]) -> int:
    index = tantivy.Index(schema(), path=str(folder))
    writer = index.writer(HEAP_BYTES, 1)
    count = 0
    try:
        for page in pages:
            beat()
            for product in page:
                writer.add_document(document_of(product))
            count += len(page)
        writer.commit()
    finally:
        writer.wait_merging_threads()  # its threads write into the folder until they end
    return count


def _versions(index: Any, skus: set[str]) -> dict[str, int]:
    """Return the versions in the index by SKU, in one query."""
    searcher = index.searcher()
    found = searcher.search(tantivy.Query.term_set_query(schema(), "sku", sorted(skus)), limit=max(1, len(skus)))
    documents = [searcher.doc(address) for _, address in found.hits]
    return {each["sku"][0]: each["version"][0] for each in documents}


@contextmanager
def _as_not_writable() -> Iterator[None]:
    """Raise IndexNotWritable for a full disk, a foreign file or a busy lock."""
    try:
        yield
    except (OSError, ValueError) as failure:
        raise IndexNotWritable(f"The index cannot be written: {failure}") from failure
