"""Say whether calls went as they should while parts were killed. Python alone is needed.

    python3 judge.py REPORT ROWS [KILLED_AT [ASTERISK]]

REPORT is what callers.py printed; ROWS is what the database has of the same callers, one a line, as
`caller|asterisk|completed`: `t` when the flow was heard to its end. KILLED_AT is when a part was
killed, seconds since 1970; ASTERISK is the Asterisk that it was, if it was one.

Nobody may wait for the first sound for longer than 2 s, and every call must be whole on both sides,
except those on the killed Asterisk that began before the kill. A summary is printed, then one line
for each call that went wrong; the exit status is 1 if there is one.
"""

import json
import statistics
import sys
from pathlib import Path

LONGEST_WAIT = 2.0


def judge(calls, rows, killed_at=None, asterisk=None):
    """The summary, and what went wrong.

    Args:
        calls: what callers.py says of each call.
        rows: (caller, asterisk, whether the flow ended), one for each call of the database.
        killed_at: when a part was killed, seconds since 1970; None: nothing was.
        asterisk: the name of the Asterisk that was killed, if it was one.
    """
    ended = {caller for caller, _, completed in rows if completed}
    carried_by = {}
    for caller, name, _ in rows:
        carried_by.setdefault(caller, set()).add(name)
    wrong, lost, whole = [], 0, 0
    for call in calls:
        caller, heard = call["caller"], call["heard"]
        when = f"{call['began'] - (killed_at or calls[0]['began']):+.2f} s"
        cut = (
            asterisk is not None
            and call["began"] < killed_at
            and asterisk in carried_by.get(caller, ())
        )
        if call["outcome"] == "whole" and caller in ended:
            whole += 1
        elif cut:
            lost += 1
        else:
            known = "the flow ended" if caller in ended else "the flow did not end"
            wrong.append(f"{caller} at {when}: {call['outcome']}; {known}")
        if heard is not None and heard > LONGEST_WAIT:
            wrong.append(f"{caller} at {when}: heard nothing for {heard} s")
    waits = [call["heard"] for call in calls if call["heard"] is not None]
    after = [
        call["heard"]
        for call in calls
        if call["heard"] is not None and killed_at and call["began"] >= killed_at
    ]
    summary = f"{len(calls)} calls: {whole} whole, {lost} cut off with the killed Asterisk"
    if waits:
        summary += f"; first sound after {statistics.median(waits):.3f} s, at most {max(waits)} s"
    if after:
        summary += f", at most {max(after)} s in calls after the kill"
    return summary, wrong


def main(report, rows, killed_at=None, asterisk=None):
    """Read the files, print the verdict; the exit status."""
    lines = Path(report).read_text(encoding="utf-8").splitlines()
    calls = [json.loads(line) for line in lines if line.startswith("{")]
    fields = [line.split("|") for line in Path(rows).read_text(encoding="utf-8").splitlines()]
    found = [(caller, name, completed == "t") for caller, name, completed in fields]
    if not calls:
        print("no call was placed")
        return 1
    summary, wrong = judge(calls, found, float(killed_at) if killed_at else None, asterisk)
    print("\n".join([summary, *wrong]))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
