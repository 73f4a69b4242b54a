"""Flow files from the command line."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Run

DOUBTFUL = """
blocks:
  - id: 1
    kind: ivr
    name: A
    questions: []
    webhook: {transcription_url: "https://example.com/said"}
"""


def test_a_flow_file_that_is_doubtful_is_loaded_with_a_warning(run: Run) -> None:
    Path("f.yaml").write_text(DOUBTFUL)
    for arguments, end in ((("--check",), "the files are right"), ((), "revision 1")):
        first, *_, last = run("apply", *arguments, "f.yaml").output.splitlines()
        assert first.startswith("warning  block 1 (A): webhook.transcription_url will receive")
        assert last == end
