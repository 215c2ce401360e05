"""Structured logs: one JSON object a line, on standard output."""

import asyncio
import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

_FRAMES = 6

Event = MutableMapping[str, Any]


class _Lines:
    """Writes lines; those of one turn of the loop together. One that can't be written, for nobody reads or the disk is
    full, is lost; the answer is not.
    """

    def __init__(self, *_name: object) -> None:
        self._file = sys.stdout.buffer
        self._waiting: list[bytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def write(self, line: bytes) -> None:
        self._waiting.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._flush()
            return
        # A loop that was left may have left lines.
        if loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        lines = b"\n".join([*self._waiting, b""])
        self._waiting.clear()
        self._loop = None
        try:
            self._file.write(lines)
            self._file.flush()
        except (OSError, ValueError):
            pass


class _Logger(structlog.BoundLoggerBase):
    """Renders by itself: structlog's chain of processors would take a tenth of the time of a request."""

    threshold = logging.INFO

    def debug(self, event: str, **more: object) -> None:
        self._say(logging.DEBUG, "debug", event, more)

    def info(self, event: str, **more: object) -> None:
        self._say(logging.INFO, "info", event, more)

    def warning(self, event: str, **more: object) -> None:
        self._say(logging.WARNING, "warning", event, more)

    def error(self, event: str, **more: object) -> None:
        self._say(logging.ERROR, "error", event, more)

    def _say(self, level: int, name: str, event: str, more: dict[str, object]) -> None:
        if level >= self.threshold:
            self._logger.write(_line(None, name, {**self._context, **more, "event": event}))


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
    _Logger.threshold = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(wrapper_class=_Logger, logger_factory=_Lines, cache_logger_on_first_use=True)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_message, _line_as_text],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_Logger.threshold)


def _without_message(_logger: object, _method: str, event: Event) -> Event:
    error = event.pop("exc_info", None)
    return {**event, **told_of(error[1])} if error else event


def _line(_logger: object, level: str, event: Event) -> bytes:
    event["level"] = level
    event["timestamp"] = datetime.now(UTC)
    return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z)


def _line_as_text(logger: object, level: str, event: Event) -> str:
    return _line(logger, level, event).decode()
