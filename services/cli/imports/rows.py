"""Rows of a delimited text file with their line numbers."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.cli.errors import BadFile
from services.cli.imports.mapping import FileFormat

Row = dict[str, str]


def read(path: Path, layout: FileFormat, needed: set[str] | None = None) -> Iterator[tuple[int, Row | None]]:
    """Yields (line, row by column name); None where a row has not as many cells as the first.

    Raises BadFile when the file cannot be opened or decoded, or lacks one of the `needed` columns.
    """
    try:
        with path.open(encoding=layout.encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=layout.delimiter, quotechar=layout.quote or None)
            yield from _rows(path, reader, layout.header, needed or set())
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from error
    except UnicodeDecodeError as error:
        raise BadFile(str(path), f"not {layout.encoding}") from error
    except LookupError as error:
        raise BadFile(str(path), f"{layout.encoding} is not an encoding") from error
    except (csv.Error, TypeError) as error:
        raise BadFile(str(path), f"not delimited text: {error}") from error


def _rows(path: Path, reader: Any, header: bool, needed: set[str]) -> Iterator[tuple[int, Row | None]]:
    first = next(reader, None)
    if first is None:
        raise BadFile(str(path), "the file is empty")
    names = [name.strip() for name in first] if header else [str(number + 1) for number in range(len(first))]
    if missing := sorted(needed - set(names)):
        raise BadFile(str(path), f"column {missing[0]} is missing", 1)
    if not header:
        yield 1, dict(zip(names, first, strict=True))
    for cells in reader:
        if not cells:
            continue
        yield reader.line_num, dict(zip(names, cells, strict=True)) if len(cells) == len(names) else None
