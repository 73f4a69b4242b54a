// What shows itself anew, as live calls do: what was unfolded stays so, and the focus stays where it was. By
// their order, as such things grow at their end; what has an id finds the focus by itself (htmx).

interface Swap {
  target: Element;
  requestConfig?: { headers: Record<string, string> };
}

interface Look {
  target: Element;
  unfolded: boolean[];
  /** The tag of what has the focus, and its place among those. */
  focus: [string, number];
}

let looks: Look[] = [];
let byItself = false;

function detailsOf(element: Element): HTMLDetailsElement[] {
  return [...element.querySelectorAll("details")];
}

function remember({ target }: Swap): void {
  const focused = document.activeElement ?? target;
  const place = [...target.querySelectorAll(focused.localName)].indexOf(focused);
  looks.push({
    target,
    unfolded: detailsOf(target).map((each) => each.open),
    focus: [focused.localName, place],
  });
}

function restore({ target, unfolded, focus: [tag, place] }: Look): void {
  const now = target.isConnected ? target : document.getElementById(target.id);
  if (!now) return;
  detailsOf(now).forEach((each, at) => {
    each.open = unfolded[at] ?? each.open;
  });
  if (document.activeElement !== document.body) return;
  now.querySelectorAll<HTMLElement>(tag)[place]?.focus({ preventScroll: true });
}

export function startKeeping(): void {
  document.addEventListener("htmx:beforeSwap", (event) => {
    const swap = (event as CustomEvent<Swap>).detail;
    looks = [];
    byItself = "X-Unattended" in (swap.requestConfig?.headers ?? {});
    if (byItself) remember(swap);
  });
  // What the same answer brings for other places.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    if (byItself) remember((event as CustomEvent<Swap>).detail);
  });
  document.addEventListener("htmx:afterSwap", () => {
    looks.forEach(restore);
    looks = [];
  });
}
