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


REACHED = """
numbers: [{number: "100", destination: {block: 1}}]
blocks:
  - {id: 1, kind: voicemail, name: A}
  - {id: 2, kind: voicemail, name: B}
"""


def test_what_is_stored_counts_for_what_is_doubtful(run: Run) -> None:
    Path("f.yaml").write_text(REACHED)
    unreached = "warning  block 2 (B): no number leads here"
    assert run("apply", "f.yaml").output.startswith(unreached)
    Path("g.yaml").write_text("blocks: [{id: 1, kind: voicemail, name: C}]")
    # Nothing new about block 2, and block 1 has its number in the database.
    assert "warning" not in run("apply", "--check", "g.yaml").output
    away = 'numbers: [{number: "100", destination: {block: 2}}]'
    Path("h.yaml").write_text(away)
    assert "warning  block 1 (A): no number" in run("apply", "h.yaml").output
