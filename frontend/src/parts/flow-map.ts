// A flow map: boxes for what a call can be at, lines for the ways on. See templates/flows/flow_map.html.

import { readData } from "../lib/data.ts";
import { drawMap } from "../lib/flow-map/draw.ts";
import { type FlowData, layOut } from "../lib/flow-map/layout.ts";
import { startPaths } from "../lib/flow-map/paths.ts";
import { startView } from "../lib/flow-map/view.ts";
import type { Unmount } from "../lib/parts.ts";

const NARROW = 640;

export function mount(element: HTMLElement): Unmount {
  const data = readData<FlowData>(element.dataset.map ?? "");
  const canvas = element.querySelector<HTMLElement>(".flow-map-canvas");
  if (!canvas) throw new Error("the map has no place to be drawn in");
  let stop: Unmount = () => {};
  let direction = "";

  const show = () => {
    const wanted = canvas.clientWidth < NARROW ? "TB" : "LR";
    if (canvas.clientWidth === 0 || wanted === direction) return;
    direction = wanted;
    stop();
    const drawn = drawMap(layOut(data, wanted));
    canvas.replaceChildren(drawn.svg);
    const view = startView(element, drawn);
    const paths = startPaths(element, drawn, data, view);
    stop = () => {
      view.stop();
      paths();
    };
    element.dataset.drawn = "";
  };

  const size = new ResizeObserver(show);
  size.observe(canvas);
  show();
  return () => {
    size.disconnect();
    stop();
  };
}
