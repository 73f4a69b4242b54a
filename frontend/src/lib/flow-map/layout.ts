// Where boxes and lines stand, by dagre: every line leads forwards where that is possible.

import dagre from "@dagrejs/dagre";
import { fitted, widthOf } from "./text.ts";

export interface FlowNode {
  name: string;
  kind: string;
  title: string;
  detail: string;
  page: string;
  icon: string;
  weight: string;
  problems: string[];
}

export interface FlowWay {
  source: string;
  target: string;
  kind: string;
  labels: string[];
}

export interface FlowData {
  nodes: FlowNode[];
  ways: FlowWay[];
}

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  node: FlowNode;
  width: number;
  height: number;
  title: string;
  detail: string;
}

export interface Line {
  way: FlowWay;
  points: Point[];
  words: string[];
  at: Point;
  width: number;
  height: number;
}

export interface Layout {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}

export type Direction = "LR" | "TB";

export const TITLE = "600 13px";
export const SMALL = "400 11px";
export const WORD_HEIGHT = 15;
const ICON_SPACE = 38;
const MARGIN = 24;
const WIDEST = 208;
const NARROWEST = 44;
const LABEL_WIDEST = 150;
const LABELS_SHOWN = 2;

function boxOf(node: FlowNode): Box {
  const place = { x: 0, y: 0 };
  // Ends are everywhere: small, so that they do not drown what calls go through.
  if (node.kind === "end") return { node, title: "", detail: "", width: 34, height: 34, ...place };
  const room = WIDEST - ICON_SPACE - 12;
  const title = fitted(node.title || "–", TITLE, room);
  const detail = fitted(node.detail, SMALL, room);
  const text = Math.max(widthOf(title, TITLE), widthOf(detail, SMALL), NARROWEST);
  const width = Math.ceil(text) + ICON_SPACE + 14;
  return { node, title, detail, width, height: node.detail ? 48 : 34, ...place };
}

function wordsOf(way: FlowWay): string[] {
  const more = way.labels.length - LABELS_SHOWN;
  const shown = way.labels.slice(0, LABELS_SHOWN).map((word) => fitted(word, SMALL, LABEL_WIDEST));
  return more > 0 ? [...shown, `and ${more} more`] : shown;
}

export function layOut(data: FlowData, direction: Direction): Layout {
  const graph = new dagre.graphlib.Graph({ multigraph: false });
  graph.setGraph({
    rankdir: direction,
    nodesep: direction === "LR" ? 22 : 28,
    ranksep: direction === "LR" ? 44 : 36,
    edgesep: 12,
    marginx: MARGIN,
    marginy: MARGIN,
  });
  const boxes = new Map(data.nodes.map((node) => [node.name, boxOf(node)]));
  for (const [name, { width, height }] of boxes) graph.setNode(name, { width, height });
  const words = data.ways.map(wordsOf);
  data.ways.forEach((way, i) => {
    const lines = words[i] ?? [];
    const width =
      Math.max(0, ...lines.map((word) => widthOf(word, SMALL))) + (lines.length ? 12 : 0);
    graph.setEdge(way.source, way.target, {
      width,
      height: lines.length * WORD_HEIGHT + (lines.length ? 4 : 0),
      labelpos: "c",
    });
  });
  dagre.layout(graph);
  for (const [name, box] of boxes) {
    const { x, y } = graph.node(name) as Point;
    Object.assign(box, { x, y });
  }
  const lines = data.ways.map((way, i) => {
    const edge = graph.edge(way.source, way.target) as unknown as Point & {
      points: Point[];
      width: number;
      height: number;
    };
    const { points, x, y, width, height } = edge;
    return { way, points, words: words[i] ?? [], at: { x, y }, width, height };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { boxes: [...boxes.values()], lines, width, height };
}
