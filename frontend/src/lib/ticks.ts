// The axis of a chart over seconds, as many ticks as there is room for.

const SVG = "http://www.w3.org/2000/svg";
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];
const ROOM = 76;
const EDGE = 24;

const two = (number: number) => String(number).padStart(2, "0");

function words(seconds: number, step: number): string {
  if (step < 1) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const start = hours ? `${hours}:${two(minutes)}` : `${minutes}`;
  return `${start}:${two(whole % 60)}`;
}

/** Where a second is, in per cent of the width. */
export type Place = (seconds: number) => number;

function tick(x: string, label: string, height: number): Element[] {
  const line = document.createElementNS(SVG, "line");
  for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 18, y2: height }))
    line.setAttribute(name, String(value));
  const text = document.createElementNS(SVG, "text");
  text.setAttribute("x", x);
  text.setAttribute("y", "14");
  text.textContent = label;
  return [line, text];
}

export function drawTicks(svg: SVGSVGElement, seconds: number, place: Place): void {
  const group = svg.querySelector(".timeline-ticks");
  const width = svg.getBoundingClientRect().width;
  if (!group || width === 0) return;
  const most = Math.max(1, width / ROOM);
  const step = STEPS.find((each) => seconds / each <= most) ?? 7200;
  const height = Number(svg.getAttribute("height"));
  const count = Math.floor(seconds / step) + 1;
  const ticks = Array.from({ length: count }, (_, i) =>
    tick(`${place(i * step)}%`, words(i * step, step), height),
  );
  group.replaceChildren(...ticks.flat());
  // At the edges there is room on one side only.
  for (const text of group.querySelectorAll("text")) {
    const at = (Number.parseFloat(text.getAttribute("x") ?? "") * width) / 100;
    const edge = at < EDGE ? "is-first" : at > width - EDGE ? "is-last" : "";
    text.setAttribute("class", edge);
  }
}
