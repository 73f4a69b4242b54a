// A call's chart: zoom, what a mark means, and the same event in the list. See templates/calls/timeline.html.

import type { Unmount } from "../lib/parts.ts";
import { drawTicks } from "../lib/ticks.ts";

const STEP = 1.5;
const LONGEST = 200;
const SECONDS_SEEN = 4;
const READABLE = 34;

interface Look {
  zoom: number;
  left: number;
  mark: number;
}

// A live call's chart is replaced every second: the new one goes on where the old one was.
const looks = new Map<string, Look>();

export function mount(element: HTMLElement): Unmount {
  const scroll = element.querySelector<HTMLElement>(".timeline-scroll");
  const svg = element.querySelector<SVGSVGElement>(".timeline-svg");
  const detail = element.querySelector<HTMLElement>(".timeline-detail");
  if (!scroll || !svg || !detail) throw new Error("the timeline is not complete");
  const seconds = Number(element.dataset.seconds);
  const inset = Number(element.dataset.inset);
  const place = (at: number) => inset + ((100 - 2 * inset) * at) / seconds;
  const marks = [...svg.querySelectorAll<SVGElement>(".mark")].sort(
    (one, other) =>
      Number.parseInt(one.dataset.lines ?? "", 10) - Number.parseInt(other.dataset.lines ?? "", 10),
  );
  const spans = marks.flatMap((mark) => {
    const rect = mark.querySelector(":scope > rect");
    return rect ? [{ mark, width: Number.parseFloat(rect.getAttribute("width") ?? "") }] : [];
  });
  const hint = [...detail.childNodes];
  const look = looks.get(element.id) ?? { zoom: 1, left: 0, mark: -1 };
  looks.set(element.id, look);

  const story = () => document.getElementById(`${element.id}-story`);
  const linesOf = (mark: SVGElement) => (mark.dataset.lines ?? "").split(" ").filter(Boolean);

  // ---- zoom

  const longest = () => Math.min(LONGEST, Math.max(4, seconds / SECONDS_SEEN));
  const draw = () => {
    drawTicks(svg, seconds, place);
    const width = svg.getBoundingClientRect().width;
    for (const span of spans)
      span.mark.classList.toggle("is-tiny", (span.width * width) / 100 < READABLE);
  };
  const show = () => {
    svg.setAttribute("width", `${look.zoom * 100}%`);
    draw();
  };
  const zoom = (by: number, at = scroll.clientWidth / 2) => {
    const middle = (scroll.scrollLeft + at) / look.zoom;
    look.zoom = Math.min(longest(), Math.max(1, look.zoom * by));
    show();
    scroll.scrollLeft = middle * look.zoom - at;
  };
  const press = (event: Event) => {
    const wanted = (event.target as Element).closest<HTMLElement>("[data-zoom]")?.dataset.zoom;
    if (wanted === "in") zoom(STEP);
    if (wanted === "out") zoom(1 / STEP);
    if (wanted === "fit") zoom(1 / look.zoom);
  };
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = event.clientX - scroll.getBoundingClientRect().left;
    zoom(event.deltaY < 0 ? STEP : 1 / STEP, at);
  };

  // ---- one mark, and its lines

  const light = (numbers: string[]) => {
    const wanted = new Set(numbers);
    for (const mark of marks)
      mark.classList.toggle(
        "is-lit",
        linesOf(mark).some((line) => wanted.has(line)),
      );
    for (const line of story()?.querySelectorAll<HTMLElement>("[data-line]") ?? [])
      line.classList.toggle("is-lit", wanted.has(line.dataset.line ?? ""));
  };
  const tell = (mark: SVGElement | undefined) => {
    if (!mark) {
      detail.replaceChildren(...hint);
      light([]);
      return;
    }
    const words = mark.querySelector("title")?.textContent ?? "";
    const colon = words.indexOf(": ");
    const name = document.createElement("b");
    name.textContent = words.slice(0, colon);
    detail.replaceChildren(name, words.slice(colon + 2));
    light(linesOf(mark));
  };
  const markAt = (target: EventTarget | null) =>
    target instanceof Element ? (target.closest<SVGElement>(".mark") ?? undefined) : undefined;
  const reveal = (mark: SVGElement) => {
    const [box, seen] = [mark.getBoundingClientRect(), scroll.getBoundingClientRect()];
    if (box.left < seen.left || box.left > seen.right - 40)
      scroll.scrollLeft += box.left - seen.left - seen.width / 4;
  };
  const select = (to: number) => {
    const mark = marks[Math.min(marks.length - 1, Math.max(0, to))];
    for (const each of marks) each.setAttribute("tabindex", each === mark ? "0" : "-1");
    return mark;
  };
  const go = (to: number) => {
    const mark = select(to);
    if (!mark) return;
    reveal(mark);
    mark.focus({ preventScroll: true });
  };

  const over = (event: Event) => tell(markAt(event.target) ?? markAt(document.activeElement));
  const focused = (event: Event) => {
    const mark = markAt(event.target);
    if (!mark) return;
    look.mark = marks.indexOf(mark);
    tell(mark);
  };
  const left = (event: FocusEvent) => {
    if (markAt(event.relatedTarget)) return;
    if (element.isConnected) look.mark = -1;
    tell(undefined);
  };
  const key = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = marks.findIndex((mark) => mark.matches(":focus"));
    const moves: Record<string, () => void> = {
      ArrowRight: () => go(now + 1),
      ArrowDown: () => go(now + 1),
      ArrowLeft: () => go(now - 1),
      ArrowUp: () => go(now - 1),
      Home: () => go(0),
      End: () => go(marks.length - 1),
      "+": () => zoom(STEP),
      "=": () => zoom(STEP),
      "-": () => zoom(1 / STEP),
      "0": () => zoom(1 / look.zoom),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };
  const open = (event: Event) => {
    const line = linesOf(markAt(event.target) ?? svg)[0];
    const entry = story()?.querySelector<HTMLElement>(`[data-line="${line}"]`);
    if (!entry) return;
    event.preventDefault();
    for (const box of entry.querySelectorAll("details")) box.open = true;
    entry.scrollIntoView({ block: "center" });
    entry.focus({ preventScroll: true });
  };

  const fromStory = (event: Event) => {
    const place = story();
    const target = event.target as Element;
    if (!place?.contains(target)) return;
    const line = target.closest<HTMLElement>("[data-line]")?.dataset.line;
    light(line ? [line] : []);
  };

  svg.addEventListener("pointerover", over);
  svg.addEventListener("pointerleave", over);
  // Not on the SVG: Chromium lets what listens there for the focus have it.
  scroll.addEventListener("focusin", focused);
  scroll.addEventListener("focusout", left);
  svg.addEventListener("keydown", key);
  svg.addEventListener("click", open);
  scroll.addEventListener("wheel", wheel, { passive: false });
  scroll.addEventListener("scroll", () => {
    look.left = scroll.scrollLeft;
  });
  element.addEventListener("click", press);
  document.addEventListener("pointerover", fromStory);
  const size = new ResizeObserver(draw);
  size.observe(scroll);

  const { left: leftBefore, mark: markBefore } = look;
  show();
  select(0);
  scroll.scrollLeft = leftBefore;
  if (markBefore >= 0) go(markBefore);
  element.dataset.drawn = "";
  return () => {
    size.disconnect();
    document.removeEventListener("pointerover", fromStory);
  };
}
