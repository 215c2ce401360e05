"""Structured logs: one JSON object a line, on standard output."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

_FRAMES = 6

Event = MutableMapping[str, Any]


class _Lines:
    """Writes lines. One that can't be written, for nobody reads or the disk is full, is lost; the answer is not."""

    def __init__(self, *_name: object) -> None:
        self._file = sys.stdout.buffer

    def msg(self, line: bytes) -> None:
        with suppress(OSError, ValueError):
            self._file.write(line + b"\n")
            self._file.flush()

    debug = info = warning = error = critical = msg


def told_of(error: BaseException) -> dict[str, Any]:
    """What may be logged of an error: its kind and where it happened. The message of one may hold somebody's data."""
    return {
        "error": type(error).__name__,
        "sqlstate": getattr(error, "sqlstate", None),
        "constraint": getattr(error, "constraint_name", None),
        "at": [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]],
    }


def configure(level: str) -> None:
    """Once a process. The standard library's loggers (asyncio, gunicorn) come out in the same form."""
    threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[structlog.processors.add_log_level, _stamp, _render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name, _stamp],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_message, _render_text],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(threshold)


def _stamp(_logger: object, _method: str, event: Event) -> Event:
    event["timestamp"] = datetime.now(UTC)
    return event


def _without_message(_logger: object, _method: str, event: Event) -> Event:
    error = event.pop("exc_info", None)
    return {**event, **told_of(error[1])} if error else event


def _render(_logger: object, _method: str, event: Event) -> bytes:
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z)


def _render_text(logger: object, method: str, event: Event) -> str:
    return _render(logger, method, event).decode()
