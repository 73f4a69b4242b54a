// What happens on calls, as it happens, for what is inside an element:
//
// <div data-part="live" data-types="calls account" data-call="ID" data-after="SEQ" data-revision="12">
//   <div hx-get="/calls" hx-trigger="live:calls from:closest [data-part=live]">…</div>
//   <span data-live-text="live">3</span>       the field `live` of what comes, as text
//   <p data-live-newer hidden>…</p>            shown when the account has a newer revision than data-revision,
//                                              but for what this page has saved itself (event account-saved)
//   <span class="status" data-live-state></span>   says whether it is live; leads to the sign-in when signed out
// </div>
//
// Every event (docs/reference/events.md) becomes `live:TYPE` on the element; its `detail` is the data. Who was
// away gets `live:calls` too, so that what is shown is read again; `live:reset` says the same. Where calls come
// and go all the time, there are no more than four `live:calls` a second.

import { Refused, send } from "../lib/http.ts";
import type { Unmount } from "../lib/parts.ts";

type State = "connecting" | "live" | "away" | "lost" | "out" | "paused";

const EVENTS = ["calls", "timeline", "account", "storage", "reset"] as const;
const WORDS: Record<State, string> = {
  connecting: "Connecting",
  live: "Live",
  away: "The database is away",
  lost: "Not connected",
  out: "Signed out: sign in",
  paused: "Paused",
};
const TONES: Record<State, string> = {
  connecting: "info",
  live: "live",
  away: "warn",
  lost: "warn",
  out: "warn",
  paused: "info",
};
const CALLS_MS = 250;
const PAUSE_MS = 20_000;
const AGAIN_MS = 2_000;
const AGAIN_MOST_MS = 30_000;

interface Calls {
  live: number;
  changed: string[];
}

export function addressOf(element: HTMLElement, last: string): string {
  const { types = "calls", call = "", after = "" } = element.dataset;
  const query = new URLSearchParams(
    types
      .split(/\s+/)
      .filter(Boolean)
      .map((type) => ["types", type]),
  );
  if (call) query.set("call", call);
  if (last || after) query.set("after", last || after);
  return `/api/v1/events?${query}`;
}

/** Leads to this page, so that whoever has signed in is back here. */
function toSignIn(): HTMLElement {
  const link = document.createElement("a");
  link.href = window.location.href;
  link.textContent = WORDS.out;
  return link;
}

export function mount(element: HTMLElement): Unmount {
  let source: EventSource | null = null;
  let last = "";
  let wasAway = false;
  let tries = 0;
  let timer = 0;
  let newest = 0;
  let callsTold = 0;
  let callsTimer = 0;

  function show(state: State): void {
    element.dataset.state = state;
    for (const each of element.querySelectorAll<HTMLElement>("[data-live-state]")) {
      each.replaceChildren(state === "out" ? toSignIn() : WORDS[state]);
      each.className = `status is-${TONES[state]}`;
    }
  }

  /** Browsers do not tell pages why a stream was refused. */
  async function explain(refused: EventSource): Promise<void> {
    const answer = await send("/api/v1/me").catch((error: unknown) => error);
    const out = answer instanceof Refused && answer.status === 401;
    if (out && source === refused) show("out");
  }

  function tell(type: string, data: Record<string, unknown>): void {
    for (const each of element.querySelectorAll<HTMLElement>("[data-live-text]")) {
      const value = data[each.dataset.liveText ?? ""];
      if (typeof value === "number" || typeof value === "string") each.textContent = String(value);
    }
    element.dispatchEvent(new CustomEvent(`live:${type}`, { detail: data, bubbles: true }));
  }

  /** Of many that come close together the first and the last are told, and some between. */
  function tellCalls(data: Record<string, unknown>): void {
    window.clearTimeout(callsTimer);
    const told = () => {
      callsTold = Date.now();
      tell("calls", data);
    };
    const rest = callsTold + CALLS_MS - Date.now();
    if (rest > 0) callsTimer = window.setTimeout(told, rest);
    else told();
  }

  function showNewer(): void {
    const newer = newest > Number(element.dataset.revision ?? Number.POSITIVE_INFINITY);
    for (const each of element.querySelectorAll<HTMLElement>("[data-live-newer]"))
      each.hidden = !newer;
  }

  function saved(event: Event): void {
    const { revision } = (event as CustomEvent<{ revision: number }>).detail;
    const known = Number(element.dataset.revision ?? Number.POSITIVE_INFINITY);
    if (revision > known) element.dataset.revision = String(revision);
    showNewer();
  }

  function came(type: (typeof EVENTS)[number], event: MessageEvent<string>): void {
    last = event.lastEventId || last;
    const data = JSON.parse(event.data) as Record<string, unknown>;
    if (type === "storage") show(data.away === true ? "away" : "live");
    if (type === "account") {
      newest = Number(data.revision);
      showNewer();
    }
    // At its beginning a stream tells how things stand, which a page that was just made knows.
    const news = type !== "calls" || wasAway || (data as unknown as Calls).changed.length > 0;
    if (type === "calls") wasAway = false;
    if (!news) return;
    if (type === "calls") tellCalls(data);
    else tell(type, data);
  }

  function open(): void {
    window.clearTimeout(timer);
    source?.close();
    show("connecting");
    source = new EventSource(addressOf(element, last));
    source.addEventListener("open", () => {
      tries = 0;
    });
    source.addEventListener("error", () => {
      wasAway = true;
      show("lost");
      if (source?.readyState !== EventSource.CLOSED) return;
      // It was refused: browsers do not try again by themselves then.
      void explain(source);
      timer = window.setTimeout(open, Math.min(AGAIN_MS * 2 ** tries++, AGAIN_MOST_MS));
    });
    for (const type of EVENTS)
      source.addEventListener(type, (event) => came(type, event as MessageEvent<string>));
  }

  function close(): void {
    window.clearTimeout(timer);
    window.clearTimeout(callsTimer);
    source?.close();
    source = null;
  }

  // A page that nobody looks at holds no connection: browsers have few for one server.
  function looked(): void {
    window.clearTimeout(timer);
    if (!document.hidden) {
      // One that was refused is not tried again by the browser, and its timer is cleared.
      if (source === null || source.readyState === EventSource.CLOSED) open();
      return;
    }
    timer = window.setTimeout(() => {
      close();
      wasAway = true;
      show("paused");
    }, PAUSE_MS);
  }

  document.addEventListener("visibilitychange", looked);
  document.addEventListener("account-saved", saved);
  open();
  return () => {
    document.removeEventListener("account-saved", saved);
    document.removeEventListener("visibilitychange", looked);
    close();
  };
}
