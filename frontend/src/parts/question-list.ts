// Questions of an IVR that are moved: by their buttons, or by dragging their grip. Each move is stored
// at once; what is open in a form stays open. Of one that is removed, the one beside it gets the focus.

import { Refused, send } from "../lib/http.ts";
import { toast } from "../lib/toasts.ts";
import { tell } from "../lib/told.ts";

const SETTLED = "[data-question]:not([data-question=''])";

/** The question beside a place where there was one; text between them is skipped. */
function nearest(place: Node | null, way: "next" | "previous"): HTMLElement | null {
  let node = place;
  while (node && !(node instanceof HTMLElement))
    node = way === "next" ? node.nextSibling : node.previousSibling;
  return node;
}

export function mount(list: HTMLElement): () => void {
  const block = list.dataset.block ?? "";
  const items = () => [...list.querySelectorAll<HTMLElement>(`:scope > ${SETTLED}`)];

  let turn = Promise.resolve();

  /** Store where `item` is by now, one move after the other: they would overtake each other. */
  function keep(item: HTMLElement, before: Element | null): void {
    const at = items().indexOf(item);
    turn = turn.then(() => store(item, at, before));
  }

  /** If that fails, put it back. */
  async function store(item: HTMLElement, at: number, before: Element | null): Promise<void> {
    const path = `/blocks/${block}/questions/${item.dataset.question}/move`;
    const headers = { "HX-Request": "true" };
    try {
      const body = new URLSearchParams({ to: String(at) });
      const answer = await send(path, { method: "POST", headers, body });
      const told = JSON.parse(answer.headers.get("HX-Trigger") ?? "{}") as Record<string, unknown>;
      for (const [name, detail] of Object.entries(told))
        document.dispatchEvent(new CustomEvent(name, { detail }));
      const name = item.querySelector("h3")?.textContent?.trim() ?? "The question";
      toast(`${name} is number ${at + 1} now.`, "ok");
    } catch (error) {
      list.insertBefore(item, before);
      const why = error instanceof Refused ? error.message : "The server cannot be reached.";
      toast(`It is not moved. ${why}`, "danger");
    }
  }

  function step(button: HTMLElement): void {
    const item = button.closest<HTMLElement>(SETTLED);
    if (!item) return;
    const all = items();
    const at = all.indexOf(item);
    const up = button.dataset.move === "up";
    const beside = all[at + (up ? -1 : 1)];
    if (!beside) return;
    const before = item.nextElementSibling;
    // The other one is moved, so that this one keeps the focus.
    if (up) item.after(beside);
    else item.before(beside);
    keep(item, before);
  }

  /** Follow the pointer: others make room, so that what is dragged stays where events find it. */
  function drag(item: HTMLElement): void {
    const before = item.nextElementSibling;
    const began = items().indexOf(item);
    const ended = new AbortController();
    const { signal } = ended;
    item.dataset.dragged = "";

    const move = (now: PointerEvent) => {
      const all = items();
      const at = all.indexOf(item);
      const above = (other: HTMLElement) => {
        const { top, height } = other.getBoundingClientRect();
        return now.clientY > top + height / 2;
      };
      for (const other of all.slice(at + 1).filter(above)) item.before(other);
      const below = all.slice(0, at).filter((other) => !above(other));
      for (const other of below.reverse()) item.after(other);
    };
    const end = (last: PointerEvent) => {
      ended.abort();
      delete item.dataset.dragged;
      if (last.type === "pointercancel") list.insertBefore(item, before);
      else if (items().indexOf(item) !== began) keep(item, before);
    };
    document.addEventListener("pointermove", move, { signal });
    document.addEventListener("pointerup", end, { signal });
    document.addEventListener("pointercancel", end, { signal });
  }

  /** Go on beside what was taken away, unless something else came in its place. */
  const changed = (changes: MutationRecord[]) => {
    const change = changes.find((each) => each.removedNodes.length > 0);
    const gone = change?.removedNodes[0];
    const lost = document.activeElement === null || document.activeElement === document.body;
    if (!change || !(gone instanceof HTMLElement) || !lost) return;
    if (changes.some((each) => each.addedNodes.length > 0)) return;
    const add = list.parentElement?.querySelector<HTMLElement>(".add-question summary");
    // One that was never stored was only begun there.
    if (!gone.dataset.question) return add?.focus();
    const beside =
      nearest(change.nextSibling, "next") ?? nearest(change.previousSibling, "previous");
    (beside?.querySelector<HTMLElement>("a.button, input:not([type=hidden])") ?? add)?.focus();
    const name = gone.querySelector("h3")?.textContent?.trim() ?? "It";
    tell(`${name} is removed, ${list.children.length} left.`);
  };

  const pressed = (event: Event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-move]");
    if (button) step(button);
  };
  const down = (event: PointerEvent) => {
    const grip = (event.target as Element).closest("[data-grip]");
    const item = grip?.closest<HTMLElement>(SETTLED);
    if (!item || event.button !== 0) return;
    event.preventDefault();
    drag(item);
  };
  const watching = new MutationObserver(changed);
  watching.observe(list, { childList: true });
  list.addEventListener("click", pressed);
  list.addEventListener("pointerdown", down);
  return () => {
    watching.disconnect();
    list.removeEventListener("click", pressed);
    list.removeEventListener("pointerdown", down);
  };
}
