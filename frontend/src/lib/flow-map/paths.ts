// Which ways lead to the node under the pointer or the focus, and on from it; arrows go there.

import htmx from "htmx.org";
import type { Drawn } from "./draw.ts";
import type { Box, FlowData } from "./layout.ts";
import type { View } from "./view.ts";

type Neighbours = Map<string, string[]>;

function neighbours(pairs: [string, string][]): Neighbours {
  const found: Neighbours = new Map();
  for (const [from, to] of pairs) found.set(from, [...(found.get(from) ?? []), to]);
  return found;
}

function reached(start: string, following: Neighbours): Set<string> {
  const found = new Set([start]);
  for (const name of found) for (const next of following.get(name) ?? []) found.add(next);
  return found;
}

/** How far a box lies in the direction of an arrow key; Infinity: not at all. */
function distance(from: Box, to: Box, key: string): number {
  const [x, y] = [to.x - from.x, to.y - from.y];
  const flat = key === "ArrowRight" || key === "ArrowLeft";
  const forwards = key === "ArrowRight" || key === "ArrowDown";
  const ahead = (flat ? x : y) * (forwards ? 1 : -1);
  const aside = flat ? y : x;
  return ahead > 1 ? ahead + 2 * Math.abs(aside) : Number.POSITIVE_INFINITY;
}

export function startPaths(
  element: HTMLElement,
  { svg, layout, boxes, lines }: Drawn,
  data: FlowData,
  view: View,
): () => void {
  const onwards = neighbours(data.ways.map((way) => [way.source, way.target]));
  const backwards = neighbours(data.ways.map((way) => [way.target, way.source]));
  const names = new Map([...boxes].map(([name, group]) => [group as Element, name]));
  const placed = new Map(layout.boxes.map((box) => [box.node.name, box]));

  const nameAt = (target: EventTarget | null): string => {
    const group = target instanceof Element ? target.closest(".flow-node") : null;
    return (group && names.get(group)) ?? "";
  };
  const light = (name: string) => {
    svg.classList.toggle("is-tracing", name !== "");
    const [ahead, behind] = [reached(name, onwards), reached(name, backwards)];
    for (const [each, group] of boxes)
      group.classList.toggle("is-lit", ahead.has(each) || behind.has(each));
    for (const { line, parts } of lines) {
      const lit = ahead.has(line.way.source) || behind.has(line.way.target);
      for (const part of parts) part.classList.toggle("is-lit", lit);
    }
  };
  const select = (name: string) => {
    for (const [each, group] of boxes) group.setAttribute("tabindex", each === name ? "0" : "-1");
  };
  const go = (name: string) => {
    const box = placed.get(name);
    if (!box) return;
    select(name);
    view.reveal(box, box.width, box.height);
    boxes.get(name)?.focus({ preventScroll: true });
  };

  const over = (event: Event) => {
    if (!view.dragged()) light(nameAt(event.target));
  };
  const out = (event: Event) => {
    if (event.type === "pointerleave" || !nameAt((event as FocusEvent).relatedTarget))
      light(nameAt(document.activeElement));
  };
  const focused = (event: Event) => {
    const name = nameAt(event.target);
    if (!name) return;
    light(name);
    select(name);
    const box = placed.get(name);
    if (box && event.target instanceof Element && event.target.matches(":focus-visible"))
      view.reveal(box, box.width, box.height);
  };
  const key = (event: KeyboardEvent) => {
    const from = placed.get(nameAt(event.target));
    if (!from) return;
    if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const [nearest] = layout.boxes
        .map((box) => ({ box, far: distance(from, box, event.key) }))
        .filter(({ far }) => Number.isFinite(far))
        .sort((one, other) => one.far - other.far);
      if (nearest) go(nearest.box.node.name);
    } else if (event.key === "Home" && layout.boxes[0]) {
      event.preventDefault();
      go(layout.boxes[0].node.name);
    }
  };
  // Links inside SVG are not boosted: a link of the page opens it, and what stands beside #page stays.
  const open = (event: MouseEvent) => {
    const page = data.nodes.find((node) => node.name === nameAt(event.target))?.page;
    if (!page || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const link = document.createElement("a");
    link.href = page;
    link.hidden = true;
    element.append(link);
    htmx.process(link);
    link.click();
    link.remove();
  };
  // Buttons of the problem list, anywhere on the page.
  const shown = (event: Event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-shows-node]");
    if (!button || button.dataset.onMap !== element.id) return;
    const name = button.dataset.showsNode ?? "";
    const owner = name.startsWith("question:") ? `block:${name.split(":")[1]}` : name;
    element.scrollIntoView({ block: "nearest" });
    go(placed.has(name) ? name : owner);
  };

  select(layout.boxes[0]?.node.name ?? "");
  svg.addEventListener("pointerover", over);
  svg.addEventListener("pointerleave", out);
  // Not on the SVG: Chromium lets what listens there for the focus have it.
  element.addEventListener("focusin", focused);
  element.addEventListener("focusout", out);
  svg.addEventListener("keydown", key);
  svg.addEventListener("click", open);
  document.addEventListener("click", shown);
  return () => {
    element.removeEventListener("focusin", focused);
    element.removeEventListener("focusout", out);
    document.removeEventListener("click", shown);
  };
}
