// What can be called, offered while somebody types: an ARIA combobox with a list box.

import { directory, type Entry } from "./lines.ts";

const FRESH_MS = 15_000;
const MOST = 8;
const KINDS: Record<Entry["kind"], string> = {
  number: "number",
  block: "block",
  phone: "phone",
  user: "here now",
};

/** Those that fit what is typed; what begins with it comes first. */
export function fitting(entries: Entry[], typed: string): Entry[] {
  const text = typed.trim().toLowerCase();
  const rank = ({ dial, label }: Entry) => {
    const at = [dial, label].map((each) => each.toLowerCase().indexOf(text));
    if (at.includes(0)) return 0;
    return at.some((place) => place > 0) ? 1 : 2;
  };
  return entries
    .map((entry) => ({ entry, rank: rank(entry) }))
    .filter(({ rank: each }) => each < 2)
    .sort((one, other) => one.rank - other.rank)
    .slice(0, MOST)
    .map(({ entry }) => entry);
}

export class Suggestions {
  private entries: Entry[] = [];
  private shown: Entry[] = [];
  private fetchedAt = 0;
  private active = -1;

  constructor(
    private readonly input: HTMLInputElement,
    private readonly list: HTMLElement,
    private readonly chosen: () => void,
  ) {
    input.addEventListener("focus", () => void this.refresh());
    input.addEventListener("input", () => void this.refresh());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // Before the field loses the focus, which closes the list.
    list.addEventListener("pointerdown", (event) => {
      const option = (event.target as Element).closest<HTMLElement>("[role=option]");
      event.preventDefault();
      if (option) this.choose(Number(option.dataset.at));
    });
  }

  labelOf(dial: string): string {
    return this.entries.find((entry) => entry.dial === dial)?.label ?? "";
  }

  close(): void {
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  private async refresh(): Promise<void> {
    this.show();
    if (Date.now() - this.fetchedAt < FRESH_MS) return;
    this.fetchedAt = Date.now();
    this.entries = await directory().catch(() => this.entries);
    if (document.activeElement === this.input) this.show();
  }

  private show(): void {
    this.shown = fitting(this.entries, this.input.value);
    this.active = -1;
    this.list.replaceChildren(...this.shown.map((entry, at) => this.option(entry, at)));
    this.list.hidden = this.shown.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    this.input.removeAttribute("aria-activedescendant");
  }

  private option({ dial, label, kind }: Entry, at: number): HTMLElement {
    const option = document.createElement("li");
    option.id = `softphone-option-${at}`;
    option.dataset.at = String(at);
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
    const words: [string, string][] = [
      ["phone-found-label", label],
      ["mono", dial],
      ["badge", KINDS[kind]],
    ];
    for (const [name, text] of words) {
      const part = document.createElement("span");
      part.className = name;
      part.textContent = text;
      option.append(part, " ");
    }
    return option;
  }

  private choose(at: number): void {
    const entry = this.shown[at];
    if (!entry) return;
    this.input.value = entry.dial;
    this.close();
    this.chosen();
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      if (this.list.hidden) this.show();
      const count = this.shown.length;
      if (count)
        this.mark((this.active + step + count + (this.active < 0 && step < 0 ? 1 : 0)) % count);
    } else if (event.key === "Enter" && this.active >= 0) this.choose(this.active);
    else if (event.key === "Escape" && !this.list.hidden) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private mark(at: number): void {
    this.active = at;
    [...this.list.children].forEach((option, each) => {
      option.setAttribute("aria-selected", String(each === at));
      if (each === at) option.scrollIntoView({ block: "nearest" });
    });
    this.input.setAttribute("aria-activedescendant", `softphone-option-${at}`);
  }
}
