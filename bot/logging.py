"""Logs for people (console) or machines (JSON); never the texts, names, numbers or secrets of anybody."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Literal, TextIO

import structlog

from storage.errors import StorageError

LogFormat = Literal["console", "json"]
QUIET = (
    "aiogram",
    "aiohttp",
    "aiosqlite",
    "alembic",
    "apscheduler",
    "httpcore",
    "httpx",
    "pywa",
    "pywa_async",
    "telegram",
    "uvicorn.access",
    "uvicorn.error",
)
"""At INFO, httpx logs addresses with the bot's token in them; at DEBUG, pywa logs numbers and texts."""
FORBIDDEN_KEYS = frozenset({"answer", "caption", "code", "message", "name", "phone", "text", "token", "value"})
"""Keys whose values are dropped, should anybody ever log them."""


def configure_logging(*, level: str, style: LogFormat, stream: TextIO | None = None) -> None:
    """Set up logging for the whole process; the libraries' messages take the same way (stderr)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_last(style)))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def described(error: BaseException) -> str:
    """Name an error for a log; the wording only of those that never quote anybody."""
    kind = type(error).__name__
    return f"{kind}: {error}" if isinstance(error, StorageError) else kind


def _last(style: LogFormat) -> list[structlog.typing.Processor]:
    """Give the steps that end in a line; tracebacks show the code's lines, never the values in them."""
    drop = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if style == "json":
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        tracebacks = structlog.processors.ExceptionRenderer(frames)
        return [drop, tracebacks, _without_error_values, structlog.processors.JSONRenderer()]
    return [drop, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_frames_only)]


def _frames_only(written: TextIO, exc_info: structlog.typing.ExcInfo) -> None:
    """Write where an error was raised and its kind, not its wording: it may quote what somebody wrote."""
    kind, _, trace = exc_info
    written.write("".join(traceback.format_tb(trace)) + kind.__name__)


def _without_personal_data(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for key in FORBIDDEN_KEYS & event.keys():
        event[key] = "(dropped)"
    return event


def _without_error_values(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Drop the wording of errors: it may quote what somebody wrote."""
    for trace in event.get("exception") or []:
        if isinstance(trace, dict):
            trace.pop("exc_value", None)
            trace.pop("exceptions", None)
    return event
