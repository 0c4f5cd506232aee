"""The backend `tantivy`: an index in a folder, one writer, readers that follow."""

from __future__ import annotations

from pathlib import Path

from services.search.config import SearchSettings
from services.search.engine.index_directory import IndexDirectory
from services.search.engine.interface import Engine
from services.search.engine.reader import TantivyReader
from services.search.engine.writer import TantivyWriter


def make_engine(settings: SearchSettings) -> Engine:
    """Return the engine on SEARCH_DIR; nothing is opened or created before it is used."""
    directory = IndexDirectory(Path(settings.search_dir))
    return Engine(reader=TantivyReader(directory), writer=TantivyWriter(directory))
