// A layout as SVG. Colours come from styles/flow-map.css; text never becomes markup.

import { icon } from "../icons.ts";
import { type Box, type Layout, type Line, type Point, WORD_HEIGHT } from "./layout.ts";

const SVG = "http://www.w3.org/2000/svg";
const WEIGHTS: Record<string, string> = { error: "Error", warning: "Warning", note: "Note" };
// The marks differ in shape too: an octagon, a triangle, a circle.
const MARKS: Record<string, string> = {
  error: "M-4 -9 H4 L9 -4 V4 L4 9 H-4 L-9 4 V-4 Z",
  warning: "M0 -9 L10 8 H-10 Z",
  note: "M-8 0 A8 8 0 1 1 8 0 A8 8 0 1 1 -8 0 Z",
};

const ROUND = new Set(["number", "end", "outside", "people", "mailbox"]);

export interface Drawn {
  svg: SVGSVGElement;
  layout: Layout;
  boxes: Map<string, SVGElement>;
  lines: { line: Line; parts: SVGElement[] }[];
}

type Attributes = Record<string, string | number>;

export function make(name: string, attributes: Attributes = {}, ...inside: Node[]): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...inside);
  return element;
}

function text(words: string, attributes: Attributes): SVGElement {
  const element = make("text", attributes);
  element.textContent = words;
  return element;
}

/** A smooth line through points. */
function curve(points: Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${first.x} ${first.y}`];
  rest.forEach((point, i) => {
    const next = rest[i + 1];
    if (!next) parts.push(`L${point.x} ${point.y}`);
    else parts.push(`Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`);
  });
  return parts.join(" ");
}

function drawLine({ way, points }: Line): SVGElement {
  const path = make("path", { d: curve(points), "marker-end": "url(#flow-arrow)" });
  return make("g", { class: `flow-way is-${way.kind}` }, path);
}

/** What stands on a line, over all lines. */
function drawWords({ way, words, at, width, height }: Line): SVGElement {
  const group = make("g", { class: `flow-way is-${way.kind}` });
  if (words.length === 0) return group;
  const [x, y] = [at.x - width / 2, at.y - height / 2];
  const title = make("title");
  title.textContent = way.labels.join("\n");
  group.append(title, make("rect", { x, y, width, height, rx: 4 }));
  words.forEach((word, i) => {
    group.append(text(word, { x: at.x, y: y + 2 + (i + 0.75) * WORD_HEIGHT }));
  });
  return group;
}

function described({ node }: Box): string {
  const problems = node.problems.map((each) => `${WEIGHTS[node.weight] ?? ""}: ${each}`);
  return [[node.title, node.detail].filter(Boolean).join(", "), ...problems].join(". ");
}

function signOf(weight: string, width: number): SVGElement[] {
  const mark = MARKS[weight];
  if (!mark) return [];
  const letter = text(weight === "note" ? "i" : "!", { y: weight === "warning" ? 6 : 4.5 });
  const place = `translate(${width - 4} 2)`;
  return [make("g", { class: "flow-mark", transform: place }, make("path", { d: mark }), letter)];
}

function drawBox(box: Box): SVGElement {
  const { node, x, y, width, height } = box;
  const classes = `flow-node is-${node.kind}${node.weight ? ` has-${node.weight}` : ""}`;
  const place = `translate(${x - width / 2} ${y - height / 2})`;
  const group = make(node.page ? "a" : "g", { class: classes, transform: place, tabindex: -1 });
  if (node.page) group.setAttribute("href", node.page);
  else group.setAttribute("role", "img");
  const title = make("title");
  title.textContent = described(box);
  const round = ROUND.has(node.kind) ? height / 2 : 8;
  const drawing = icon(node.icon);
  const inset = box.title ? 12 : (width - 18) / 2;
  for (const [key, value] of Object.entries({ x: inset, y: height / 2 - 9, width: 18, height: 18 }))
    drawing.setAttribute(key, String(value));
  const middle = height / 2 + 4.5;
  group.append(title, make("rect", { width, height, rx: round }), drawing);
  group.append(text(box.title, { class: "flow-title", x: 38, y: box.detail ? 20 : middle }));
  if (box.detail) group.append(text(box.detail, { class: "flow-detail", x: 38, y: 36 }));
  group.append(...signOf(node.weight, width));
  return group;
}

export function drawMap(layout: Layout): Drawn {
  const svg = make("svg", { class: "flow-svg", role: "group" }) as SVGSVGElement;
  svg.setAttribute("aria-label", "Flow map. The same is in the list below it.");
  const arrow = make("path", { d: "M0 0 L8 4 L0 8 Z", class: "flow-arrow" });
  const marker = { id: "flow-arrow", refX: 7, refY: 4, markerWidth: 9, markerHeight: 9 };
  svg.append(
    make(
      "defs",
      {},
      make("marker", { ...marker, orient: "auto", markerUnits: "userSpaceOnUse" }, arrow),
    ),
  );
  const ways = layout.lines.map(drawLine);
  const words = layout.lines.map(drawWords);
  const boxes = new Map(layout.boxes.map((box) => [box.node.name, drawBox(box)]));
  svg.append(make("g", {}, ...ways), make("g", {}, ...words), make("g", {}, ...boxes.values()));
  const lines = layout.lines.map((line, i) => ({
    line,
    parts: [ways[i], words[i]].filter((part) => part !== undefined),
  }));
  return { svg, layout, boxes, lines };
}
