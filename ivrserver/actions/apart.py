"""Parsing in a thread of its own, so that libxml2 forgets the names it met.

libxml2 keeps every element and attribute name that a thread ever parsed in one dictionary, until
the thread ends. In a server that runs for months, replies with names that never come again would
fill the memory (measured with lxml 6.1: 60 KB more for each reply of 64 KB). So the main thread
parses documents whose names it knows or has room for, and a short-lived thread the rest: 0.1 ms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Thread
from typing import TypeVar

T = TypeVar("T")

MOST_NAMES = 2000
LONGEST_NAME = 64

# A tag without attributes, or the start of anything else.
_TAG = re.compile(r"</?([^\s<>/!?=\"']+)\s*/?>|<")
_known: set[str] = set()


def apart(function: Callable[[], T]) -> T:
    """Call `function` in a new thread and wait for it; what it raises is raised here."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(function())
        except BaseException as error:
            failures.append(error)

    thread = Thread(target=run, name="parse")
    try:
        thread.start()
    except RuntimeError:  # the system has no thread left: remembering names is the lesser evil
        run()
    else:
        thread.join()
    if failures:
        raise failures[0]
    return results[0]


def is_familiar(text: str) -> bool:
    """Whether the main thread may parse `text`: plain tags whose names it knows or can learn."""
    names: set[str] = set()
    for tag in _TAG.finditer(text):
        name = tag.group(1)
        if name is None or len(name) > LONGEST_NAME:
            return False
        names.add(name)
    if names <= _known:
        return True
    if len(_known | names) > MOST_NAMES:
        return False
    _known.update(names)
    return True
