"""Flow maps and calls to look at, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response

from ivrserver.blocks import Account
from ivrserver.blocks.graph import draw
from ivrserver.blocks.graph.problems import troubles
from ivrserver.blocks.lint import Known
from ivrserver.flow.chart import draw_chart
from ivrserver.flow.records import TimelineEntry
from ivrserver.web import plain_app
from ivrserver.web.headers import SecurityHeaders
from ivrserver.web.portal import Assets, Pages, asset_routes
from ivrserver.web.portal.flow_map import Passed, flow_map
from ivrserver.web.portal.timeline import timeline
from tests.browser.stories import STORIES
from tests.unit.blocks.flows import flow, ivr
from tests.unit.web.portal.visitors import somebody

TEMPLATES = Path(__file__).parent / "templates"
HOUSE = """
numbers:
  - {number: "8005550100", label: Main line, destination: {block: 1}}
  - {number: "8005550101", label: Radio ad, destination: {block: 4}}
  - {number: "8005550199", label: Old fax, destination: hangup}
  - {number: "299", label: Messages, destination: {mailbox: 3}}
blocks:
  - id: 1
    kind: receptionist
    name: Front desk
    menu:
      prompt: Sales, survey or support?
      keys: {1: {block: 2}, 2: {block: 4}, 3: {block: 5}, 9: {block: 6}, 0: {number: "2125550123"}}
      no_input: {tries: 2, then: {block: 3}}
    schedule: {hours: [{days: mon-fri, open: "09:00", close: "17:00"}]}
    closed: {block: 3}
  - id: 2
    kind: findme
    name: Sales team
    phones: [ann, bob, cat, dan]
    next_action: {voicemail: 3}
  - {id: 3, kind: voicemail, name: The office}
  - id: 4
    kind: ivr
    name: Customer survey
    questions:
      - {id: 1, type: message, name: Welcome, prompt: Hello.}
      - {id: 2, type: digits, name: Score, prompt: Your score., no_input: {tries: 1, then: end}}
      - id: 3
        type: choice
        name: What was wrong
        prompt: Billing or price?
        keys: {1: {label: billing, then: {block: 2}}, 2: {label: price, then: {question: 5}}}
        no_input: {then: {question: 5}}
        invalid: {then: {question: 5}}
      - {id: 4, type: yes_no, name: Never asked, prompt: Again.}
      - {id: 5, type: record, name: Tell us more, prompt: Speak.}
    webhook: {mode: read_message, url: "https://example.com/hook"}
    backup_routing: {number: "2125550123"}
  - id: 5
    kind: receptionist
    name: Support, which has a name that no box is wide enough for
    menu:
      prompt: Which product?
      keys: {1: {block: 2}, "*": {block: 1}}
      no_input: {then: {block: 1}}
  - id: 6
    kind: ivr
    name: Music
    questions: [{id: 1, type: message, name: Song, prompt: La la., then: {question: 1}}]
  - {id: 7, kind: voicemail, name: Forgotten box}
"""


def town(blocks: int) -> Account:
    """So many IVRs, each leading to two others further on."""
    text = ""
    for here in range(1, blocks + 1):
        near, far = min(blocks, here + 1), min(blocks, here + 7)
        leads = f"{{block: {far}}}" if far > here else "end"
        asked = (
            f"{{id: 1, type: choice, name: Ask, prompt: A., keys: {{1: {{then: {leads}}}, 2: b}}}}"
        )
        more = f", next_step: {{block: {near}}}" if near > here else ""
        text += ivr(here, asked, more=more)
    return flow('numbers: [{number: "100", destination: {block: 1}}]\nblocks:\n' + text)


ACCOUNTS = {"house": flow(HOUSE), "town": town(40), "city": town(200)}


def drawings_app() -> FastAPI:
    """Serves /map?of=NAME, /inside (one IVR), and /call?of=NAME."""
    assets = Assets.load()
    pages = Pages(assets, ZoneInfo("UTC"), lambda: datetime.now(UTC), [TEMPLATES])
    app = plain_app(asset_routes(assets))
    app.add_middleware(SecurityHeaders)

    @app.get("/map")
    async def whole(request: Request, of: str = "house") -> Response:
        account = ACCOUNTS[of]
        graph = draw(account)
        shown = flow_map(graph.overview(), troubles(account, graph, Known()))
        blocks = [(each.block_id, each.name) for each in account.blocks]
        return pages.render(
            request, somebody(), "flows/map.html", map=shown, blocks=blocks, block="", detail=""
        )

    @app.get("/inside")
    async def inside(request: Request) -> Response:
        account = ACCOUNTS["house"]
        graph = draw(account)
        passed = {number: Passed(1300 - 200 * number, 10 * number) for number in range(1, 6)}
        shown = flow_map(graph.inside(4), troubles(account, graph, Known()), passed=passed)
        return pages.render(request, somebody(), "inside.html", map=shown)

    @app.get("/blocks/{block}")
    async def block(request: Request, block: int) -> Response:
        return pages.render(
            request, somebody(), "error.html", heading=f"Block {block}", text="It is here."
        )

    @app.get("/call")
    async def call(request: Request, of: str = "sales", live_after: float = 0) -> Response:
        entries: list[TimelineEntry] = STORIES[of]
        now = None
        if live_after:
            now = entries[0].at + timedelta(seconds=live_after)
            entries = [entry for entry in entries if entry.at <= now]
        return pages.render(
            request, somebody(), "call.html", view=timeline(draw_chart(entries, now))
        )

    return app
