"""Flow files: an account as YAML, read with every mistake named, and written back the same.

Several files given together are one account and may refer to each other's blocks. `load` and
`dump` are exact opposites: ``load([FlowSource("x", dump(account).encode())]) == account``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from ivrserver.blocks.advice import problems_of
from ivrserver.blocks.findme_forms import NEXT_ACTION_BLOCKS
from ivrserver.blocks.lint import Finding, Known, lint
from ivrserver.blocks.model import Account
from ivrserver.blocks.schema import AccountForm
from ivrserver.blocks.yamltree import Document, Problem, dotted, parse
from ivrserver.errors import FlowFileError

_WIDTH = 96
_NOTHING = Known()
_LIKE_A_NUMBER = re.compile(r"[-+.0-9][-+._:0-9]*")
"""Text that YAML 1.1 or 1.2 would take for a number: written in quotes."""
_SHORT = frozenset({"block", "question", "number", "mailbox", "audio", *NEXT_ACTION_BLOCKS})
"""What a mapping on one line may name."""


def _exists(path: str) -> bool:
    del path
    return True


@dataclass(frozen=True, slots=True)
class FlowSource:
    """One flow file.

    Attributes:
        name: what errors call it.
        data: its bytes.
        has_file: whether the audio file of that path, relative to the flow file, exists.
    """

    name: str
    data: bytes
    has_file: Callable[[str], bool] = _exists


def load(sources: Sequence[FlowSource], known: Known = _NOTHING) -> Account:
    """Read flow files that together are one account.

    Raises:
        FlowFileError: every mistake in them, one a line: ``FILE:LINE: FIELD: what to do``.
    """
    return merge(load_each(sources, known))


def merge(parts: Sequence[Account]) -> Account:
    """All of `parts`, in order, as one account."""
    return Account(
        numbers=tuple(number for part in parts for number in part.numbers),
        blocks=tuple(block for part in parts for block in part.blocks),
        audio=tuple(audio for part in parts for audio in part.audio),
    )


def load_each(sources: Sequence[FlowSource], known: Known = _NOTHING) -> tuple[Account, ...]:
    """Read flow files as `load` does, but return what each of them holds."""
    documents = [parse(source.name, source.data) for source in sources]
    findings = [Finding(document, each) for document in documents for each in document.problems]
    accounts = []
    for source, document in zip(sources, documents, strict=True):
        if not (document.problems and document.tree is None):
            account, problems = _account(document, source)
            findings += [Finding(document, problem) for problem in problems]
            accounts.append(account)
    findings += lint(documents, known)
    if findings:
        raise FlowFileError("\n".join(_lines(documents, findings)))
    return tuple(accounts)


def _account(document: Document, source: FlowSource) -> tuple[Account, list[Problem]]:
    try:
        account: Account = AccountForm.model_validate(document.tree or {}).value()
    except ValidationError as error:
        return Account(), problems_of(document, error)
    missing = [
        Problem(document.line_of(path), dotted(path), f"there is no file {audio.path}; add it")
        for at, audio in enumerate(account.audio)
        if not source.has_file(audio.path)
        for path in [("audio", at, "path")]
    ]
    return account, missing


def _lines(documents: Sequence[Document], findings: Sequence[Finding]) -> list[str]:
    """One line for each mistake, in the order of the files; said once if found twice."""
    lines = []
    for document in documents:
        problems = {found.problem for found in findings if found.document is document}
        lines += [f"{document.name}:{at.line}: {at.field}: {at.text}" for at in sorted(problems)]
    return lines


def dump(account: Account) -> str:
    """Write `account` as a flow file: defaults left out, in the order it has.

    Raises:
        FlowFileError: the account holds what no flow file can hold.
    """
    try:
        tree = AccountForm.of(account).tree()
    except ValidationError as error:
        document = Document("account", {})
        lines = [f"{each.field}: {each.text}" for each in problems_of(document, error)]
        raise FlowFileError("\n".join(lines)) from error
    sections = [
        yaml.dump(
            {section: content}, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True
        )
        for section, content in (tree or {"numbers": [], "blocks": []}).items()
    ]
    return "\n".join(sections)


class _Dumper(yaml.SafeDumper):
    """Block style, but short references such as ``{block: 101}`` on their line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key (called by PyYAML)."""
        del indentless
        super().increase_indent(flow, False)


def _mapping(dumper: yaml.SafeDumper, content: dict[str, Any]) -> yaml.Node:
    short = len(content) == 1 and not content.keys() - _SHORT
    inline = short and not isinstance(next(iter(content.values())), list)
    return dumper.represent_mapping("tag:yaml.org,2002:map", content, flow_style=inline)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else "'" if _LIKE_A_NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(str, _text)
