// Links and forms replace #page only, so that what stands beside it (a call in the softphone) goes on.
// `hx-boost` on <body> does it; nothing of that is inherited by requests a page makes of its own.

import htmx from "htmx.org";
import { csrfToken } from "./http.ts";
import { type Tone, toast } from "./toasts.ts";

interface Swap {
  boosted: boolean;
  isError: boolean;
  shouldSwap: boolean;
  target: Element;
  selectOverride?: string;
  swapOverride?: string;
  serverResponse: string;
  xhr: XMLHttpRequest;
}

interface Asked {
  headers: Record<string, string>;
  triggeringEvent?: Event;
}

const UNPROCESSABLE = 422;

function configure(): void {
  Object.assign(htmx.config, {
    allowEval: false,
    // Or the data of parts would be taken out of pages. Nothing inline runs: the policy forbids it.
    allowScriptTags: true,
    includeIndicatorStyles: false,
    // What comes may be typed into at once: nothing takes the focus away a moment later.
    defaultSettleDelay: 0,
    selfRequestsOnly: true,
    historyCacheSize: 0,
    scrollIntoViewOnBoost: false,
    responseHandling: [
      { code: "204", swap: false },
      { code: "[23]..", swap: true },
      { code: String(UNPROCESSABLE), swap: true },
      { code: "[45]..", swap: false, error: true },
    ],
  });
}

/** Let a boosted page in, whatever its status; a page without #page is another kind: go there. */
function beforeSwap(event: Event): void {
  const swap = (event as CustomEvent<Swap>).detail;
  const page = document.getElementById("page");
  if (!swap.boosted) return;
  if (!page || !/ id="?page"?[ >]/.test(swap.serverResponse)) {
    swap.shouldSwap = false;
    window.location.assign(swap.xhr.responseURL || window.location.href);
    return;
  }
  swap.shouldSwap = true;
  swap.isError = false;
  swap.target = page;
  swap.selectOverride = "#page";
  swap.swapOverride = "outerHTML show:window:top";
}

/** The navigation stays as it is: tell it where we are. */
export function markCurrent(): void {
  const area = document.querySelector<HTMLElement>("[data-area]")?.dataset.area ?? "";
  for (const link of document.querySelectorAll<HTMLElement>("[data-nav]")) {
    if (link.dataset.nav === area) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** After a new page: the drawer is closed, and a screen reader goes on where it says, or at its heading. */
function afterSwap(event: Event): void {
  const { boosted } = (event as CustomEvent<{ boosted?: boolean }>).detail;
  if (!boosted) return;
  markCurrent();
  document.querySelector<HTMLElement>("#nav:popover-open")?.hidePopover();
  const meant = document.querySelector<HTMLElement>("#page [autofocus]:not(dialog *)");
  if (meant) meant.focus();
  else document.querySelector<HTMLElement>("#page h1")?.focus({ preventScroll: true });
}

function refused(event: Event): void {
  const { xhr, boosted } = (event as CustomEvent<Swap>).detail;
  if (boosted) return;
  const text = xhr.getResponseHeader("content-type")?.startsWith("text/plain") ?? false;
  toast(text ? xhr.responseText.slice(0, 300) : `The server answered ${xhr.status}`, "danger");
}

/** An answer's header HX-Trigger may carry `{"toast": {"text": …, "tone": …}}`. */
function told(event: Event): void {
  const { text, tone } = (event as CustomEvent<{ text: string; tone: Tone }>).detail;
  toast(text, tone);
}

export function startBoost(): void {
  configure();
  document.addEventListener("htmx:configRequest", (event) => {
    const { headers, triggeringEvent } = (event as CustomEvent<Asked>).detail;
    headers["X-CSRF-Token"] = csrfToken();
    // Nobody has clicked, time has passed: what pages show anew by themselves keeps nobody signed in.
    if (triggeringEvent?.type.startsWith("live:") ?? true) headers["X-Unattended"] = "true";
  });
  document.addEventListener("htmx:beforeSwap", beforeSwap);
  document.addEventListener("htmx:afterSettle", afterSwap);
  document.addEventListener("htmx:historyRestore", markCurrent);
  document.addEventListener("htmx:responseError", refused);
  document.addEventListener("toast", told);
  document.addEventListener("htmx:sendError", () =>
    toast("The server cannot be reached. Try again in a moment.", "danger"),
  );
}
