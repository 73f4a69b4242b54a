// Which part of the map is seen: drag, pinch, wheel with Ctrl, buttons, + - 0.

import type { Drawn } from "./draw.ts";
import type { Point } from "./layout.ts";

const SMALLEST = 0.15;
/** Height of the buttons over the map, in pixels. */
const TOOLS = 48;
const LARGEST = 2.5;
const STEP = 1.25;
const READABLE = 0.8;
const SPACE = 24;

export interface View {
  /** Bring a place of the map into sight. */
  reveal(at: Point, width: number, height: number): void;
  /** The newest press moved the map: it opens nothing. */
  dragged(): boolean;
  stop(): void;
}

export function startView(element: HTMLElement, { svg, layout }: Drawn): View {
  let scale = 1;
  let left = 0;
  let top = 0;
  let moved = false;
  const fingers = new Map<number, Point>();

  const size = () => ({ width: svg.clientWidth || 1, height: svg.clientHeight || 1 });
  const show = () => {
    const { width, height } = size();
    svg.setAttribute("viewBox", `${left} ${top} ${width / scale} ${height / scale}`);
    element.dataset.scale = scale.toFixed(2);
  };
  const whole = () => {
    const { width, height } = size();
    return Math.min(width / layout.width, height / layout.height, 1);
  };
  const fit = (least: number) => {
    const { width, height } = size();
    scale = Math.max(Math.min(whole(), LARGEST), least);
    const rest = (seen: number, all: number) => (seen / scale - all) / 2;
    left = -Math.max(0, rest(width, layout.width));
    top = -Math.max(0, rest(height, layout.height));
    show();
  };
  const zoom = (by: number, at?: Point) => {
    const { width, height } = size();
    const { x, y } = at ?? { x: width / 2, y: height / 2 };
    const next = Math.min(LARGEST, Math.max(Math.min(SMALLEST, whole()), scale * by));
    left += x / scale - x / next;
    top += y / scale - y / next;
    scale = next;
    show();
  };
  const move = (x: number, y: number) => {
    left += x / scale;
    top += y / scale;
    show();
  };
  const place = (event: MouseEvent): Point => {
    const box = svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    if (fingers.size === 0) moved = false;
    fingers.set(event.pointerId, place(event));
  };
  const drag = (event: PointerEvent) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const now = place(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (!moved && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
    if (!moved) svg.setPointerCapture(event.pointerId);
    moved = true;
    fingers.set(event.pointerId, now);
    if (other) {
      const apart = (one: Point) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
      zoom(apart(now) / apart(before), other);
    }
    move((before.x - now.x) / fingers.size, (before.y - now.y) / fingers.size);
  };
  const up = (event: PointerEvent) => void fingers.delete(event.pointerId);
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? STEP : 1 / STEP, place(event));
  };
  const press = (event: Event) => {
    const button = (event.target as Element).closest<HTMLElement>("[data-zoom]");
    if (button?.dataset.zoom === "in") zoom(STEP);
    if (button?.dataset.zoom === "out") zoom(1 / STEP);
    if (button?.dataset.zoom === "fit") fit(0);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoom(STEP);
    else if (event.key === "-") zoom(1 / STEP);
    else if (event.key === "0") fit(0);
    else return;
    event.preventDefault();
  };
  const click = (event: Event) => {
    if (!moved) return;
    event.preventDefault();
    event.stopPropagation();
  };

  const resized = new ResizeObserver(show);
  svg.addEventListener("pointerdown", down);
  svg.addEventListener("pointermove", drag);
  svg.addEventListener("pointerup", up);
  svg.addEventListener("pointercancel", up);
  svg.addEventListener("wheel", wheel, { passive: false });
  svg.addEventListener("keydown", key);
  svg.addEventListener("click", click, { capture: true });
  svg.addEventListener("dragstart", (event) => event.preventDefault());
  element.addEventListener("click", press);
  resized.observe(svg);
  // A low drawing needs no high box.
  if (svg.parentElement)
    svg.parentElement.style.maxHeight = `max(18rem, ${layout.height + 2 * TOOLS}px)`;
  fit(READABLE);
  const reveal = (at: Point, width: number, height: number) => {
    const seen = size();
    const [right, bottom] = [left + seen.width / scale, top + seen.height / scale];
    if (at.x - width / 2 < left + SPACE) left = at.x - width / 2 - SPACE;
    else if (at.x + width / 2 > right - SPACE) left = at.x + width / 2 + SPACE - seen.width / scale;
    if (at.y - height / 2 < top + SPACE) top = at.y - height / 2 - SPACE;
    else if (at.y + height / 2 > bottom - SPACE)
      top = at.y + height / 2 + SPACE - seen.height / scale;
    show();
  };
  // Where not all of it can be read at once: its beginning, in the middle.
  const begin = (at: number, all: number, seen: number, before = 0) =>
    all > seen ? Math.min(all - seen, Math.max(-before, at - seen / 2)) : (all - seen) / 2;
  const [first] = layout.boxes;
  if (first) {
    left = begin(first.x, layout.width, size().width / scale);
    top = begin(first.y, layout.height, size().height / scale, TOOLS / scale);
    show();
  }
  return {
    reveal,
    dragged: () => moved,
    stop() {
      resized.disconnect();
      element.removeEventListener("click", press);
    },
  };
}
