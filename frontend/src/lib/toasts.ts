// Short messages at the edge of the page, read out by screen readers.

import { icon } from "./icons.ts";

export type Tone = "info" | "ok" | "warn" | "danger";

const ICONS: Record<Tone, string> = {
  info: "info",
  ok: "circle-check",
  warn: "triangle-alert",
  danger: "octagon-alert",
};
const SHOWN_MS = 6000;

/** Show `text`. What went wrong stays until it is closed. */
export function toast(text: string, tone: Tone = "info"): void {
  const place = document.getElementById("toasts");
  if (!place) return;
  const box = document.createElement("div");
  box.className = `toast is-${tone}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button is-quiet is-icon";
  close.setAttribute("aria-label", "Close this message");
  close.append(icon("x"));
  close.addEventListener("click", () => box.remove());
  box.append(icon(ICONS[tone]), words, close);
  place.append(box);
  if (tone !== "danger") window.setTimeout(() => box.remove(), SHOWN_MS);
}
