// The dock's elements, and what they show. It decides nothing.

import type { Call } from "./call.ts";
import { type Grade, grade, type Heard } from "./quality.ts";

const STANDINGS = {
  off: ["Off", ""],
  connecting: ["Connecting …", "is-warn"],
  ready: ["Ready", "is-ok"],
  refused: ["Not available", "is-danger"],
} as const;

const GRADES: Record<Grade, string> = {
  good: "Good",
  fair: "Fair",
  poor: "Poor",
  silent: "Nothing is heard",
};

export class View {
  constructor(readonly root: HTMLElement) {}

  part<T extends HTMLElement>(name: string): T {
    const found = this.root.querySelector<T>(`[data-phone="${name}"]`);
    if (!found) throw new Error(`the phone has no part named ${name}`);
    return found;
  }

  get isOpen(): boolean {
    return !this.part("panel").hidden;
  }

  open(open: boolean): void {
    this.part("panel").hidden = !open;
    this.part("toggle").setAttribute("aria-expanded", String(open));
    this.root.toggleAttribute("data-open", open);
  }

  standing(standing: keyof typeof STANDINGS, why: string, user: string): void {
    const [text, tone] = STANDINGS[standing];
    const place = this.part("standing");
    place.className = `status ${tone}`;
    place.textContent = standing === "ready" && user ? `${text}: others call ${user}` : text;
    place.title = why;
    this.root.dataset.standing = standing;
  }

  error(text: string): void {
    const box = this.part("error");
    const words = box.querySelector("p");
    if (words) words.textContent = text;
    box.hidden = text === "";
  }

  tell(text: string): void {
    this.part("told").textContent = text;
  }

  show(call: Call | null): void {
    const stage = call?.stage ?? "none";
    this.root.dataset.stage = stage;
    const shown: Record<string, boolean> = {
      dial: !call,
      call: call !== null,
      keys: stage !== "incoming",
      start: !call,
      accept: stage === "incoming",
      mute: stage === "talking",
      end: call !== null,
    };
    for (const [name, is] of Object.entries(shown)) this.part(name).hidden = !is;
    this.part("party").textContent = call?.party ?? "";
    this.label("end", stage === "incoming" ? "Decline" : "Hang up");
    const mute = this.part("mute");
    mute.setAttribute("aria-pressed", String(call?.muted ?? false));
    this.label("mute", call?.muted ? "Muted" : "Mute");
    this.clock(call);
    if (!call) {
      this.part("quality").textContent = "";
      this.root.removeAttribute("data-packets");
    }
  }

  clock(call: Call | null): void {
    const text = call ? stageText(call) : "";
    this.part("stage").textContent = text;
    this.part("summary").textContent = call ? `${call.party} · ${text}` : "Phone";
  }

  level(name: "said" | "heard", level: number): void {
    const meter = this.part(name);
    meter.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    const bar = meter.firstElementChild;
    if (bar instanceof HTMLElement) bar.style.width = `${level * 100}%`;
  }

  heard(heard: Heard): void {
    const is = grade(heard);
    const trip =
      heard.roundTripMs === null ? [] : [`${heard.roundTripMs.toFixed(0)} ms there and back`];
    const place = this.part("quality");
    const lines = [
      [GRADES[is], heard.codec],
      [`${heard.lost} of ${heard.packets + heard.lost} packets lost`],
      [`${heard.jitterMs.toFixed(0)} ms jitter`, ...trip],
    ];
    place.textContent = lines.map((line) => line.join(" · ")).join("\n");
    place.dataset.grade = is;
    Object.assign(this.root.dataset, {
      packets: heard.packets,
      lost: heard.lost,
      codec: heard.codec,
      energy: heard.energy,
    });
  }

  private label(name: string, text: string): void {
    const words = this.part(name).lastChild;
    if (words) words.textContent = text;
  }
}

function stageText(call: Call): string {
  switch (call.stage) {
    case "incoming":
      return "is calling";
    case "calling":
      return "Calling …";
    case "ringing":
      return "Ringing …";
    case "talking": {
      const seconds = Math.floor((Date.now() - call.talkingSince) / 1000);
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
    case "over":
      return call.why || "Call ended";
  }
}
