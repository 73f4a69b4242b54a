// The softphone in the dock beside every page. What it shows: ../softphone/view.ts.

import type { RTCSession } from "jssip/lib/RTCSession";
import type { Unmount } from "../lib/parts.ts";
import { Agent } from "../softphone/agent.ts";
import { Call } from "../softphone/call.ts";
import { dialable } from "../softphone/lines.ts";
import {
  choose,
  chosenMicrophone,
  chosenSpeaker,
  devices,
  openMicrophone,
} from "../softphone/microphone.ts";
import { RINGBACK, RINGING, Sounds } from "../softphone/sound.ts";
import { Suggestions } from "../softphone/suggestions.ts";
import { waitForTurn } from "../softphone/tabs.ts";
import { View } from "../softphone/view.ts";

const AVAILABLE = "softphone.available";
const FAREWELL_MS = 2500;
const READY_MS = 10_000;

class Softphone {
  private readonly view: View;
  private readonly sounds = new Sounds();
  private readonly agent: Agent;
  private readonly suggestions: Suggestions;
  private readonly input: HTMLInputElement;
  private readonly audio: HTMLAudioElement;
  private call: Call | null = null;
  private last = "";
  private meters: (() => void)[] = [];
  private whenReady: ((ready: boolean) => void) | null = null;
  private busy = false;
  private hasTurn = false;
  private readonly turn = waitForTurn(
    () => this.begin(),
    () => this.lose(),
    () => this.engaged,
  );
  private readonly clock = window.setInterval(() => this.view.clock(this.call), 1000);

  constructor(root: HTMLElement) {
    this.view = new View(root);
    this.input = this.part<HTMLInputElement>("dial").querySelector("input") as HTMLInputElement;
    this.audio = this.part<HTMLAudioElement>("audio");
    this.agent = new Agent({
      standing: (standing, why) => {
        this.view.standing(standing, why, this.agent.user);
        if (standing === "refused") this.view.error(why);
        if (standing === "ready") {
          this.view.error("");
          this.call?.moved();
        }
        if (standing === "ready" || standing === "refused") this.whenReady?.(standing === "ready");
      },
      incoming: (session, party) => this.ring(session, party),
      busy: () => this.call !== null,
    });
    this.suggestions = new Suggestions(this.input, this.list(), () =>
      this.part("start").focus({ preventScroll: true }),
    );
    this.listen(root);
    this.part<HTMLInputElement>("available").checked = this.available;
    this.part("elsewhere").hidden = false;
    this.view.show(null);
    void this.offerDevices();
  }

  end(): void {
    window.clearInterval(this.clock);
    this.call?.hangUp();
    this.agent.stop();
    this.turn.end();
    this.sounds.close();
    window.removeEventListener("beforeunload", this.hold);
  }

  private part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.view.part<T>(name);
  }

  private list(): HTMLElement {
    return document.getElementById(this.input.getAttribute("aria-controls") ?? "") as HTMLElement;
  }

  /** Whether there is a call, or about to be; the farewell of the last one is none. */
  private get engaged(): boolean {
    return this.busy || (this.call !== null && !this.call.ended);
  }

  private get available(): boolean {
    return localStorage.getItem(AVAILABLE) !== "no";
  }

  private listen(root: HTMLElement): void {
    const press = (name: string, act: () => void) => this.part(name).addEventListener("click", act);
    press("toggle", () => {
      this.view.open(!this.view.isOpen);
      if (this.view.isOpen && !this.call) this.input.focus();
    });
    press("aside", () => this.putAside());
    press("take", () => this.turn.take());
    press("start", () => void this.dial());
    press("accept", () => void this.accept());
    press("end", () => this.call?.hangUp());
    press("mute", () => this.call?.mute(!this.call.muted));
    press("clear", () => {
      this.input.value = "";
      this.input.focus();
    });
    this.part("keys").addEventListener("click", (event) => {
      const key = (event.target as Element).closest<HTMLElement>("[data-key]")?.dataset.key;
      if (key) this.press(key);
    });
    this.part("dial").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.dial();
    });
    this.part("available").addEventListener("change", (event) => {
      const { checked } = event.target as HTMLInputElement;
      localStorage.setItem(AVAILABLE, checked ? "yes" : "no");
      if (checked && this.hasTurn) this.agent.start();
      else if (!this.engaged) this.agent.stop();
    });
    for (const [name, kind] of [
      ["microphone", "audioinput"],
      ["speaker", "audiooutput"],
    ] as const)
      this.part(name).addEventListener("change", (event) => {
        choose(kind, (event.target as HTMLSelectElement).value);
        if (kind === "audiooutput") void this.useSpeaker();
      });
    this.part("sound").addEventListener("toggle", () => void this.offerDevices());
    root.addEventListener("keydown", (event) => this.key(event));
    window.addEventListener("beforeunload", this.hold);
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.offerDevices());
  }

  /** Leaving the page ends the call: ask first. */
  private readonly hold = (event: BeforeUnloadEvent): void => {
    if (this.call && !this.call.ended) event.preventDefault();
  };

  private key(event: KeyboardEvent): void {
    if (event.key === "Escape") {
      this.putAside();
      return;
    }
    const field = (event.target as Element).closest("input, select");
    const other = event.ctrlKey || event.altKey || event.metaKey;
    if (field || other || !/^[0-9*#]$/.test(event.key)) return;
    this.press(event.key);
    event.preventDefault();
  }

  private putAside(): void {
    this.view.open(false);
    this.part("toggle").focus();
  }

  // ---- whose turn it is

  private begin(): void {
    this.hasTurn = true;
    this.part("elsewhere").hidden = true;
    if (this.available) this.agent.start();
    else this.view.standing("off", "", "");
  }

  private lose(): void {
    this.hasTurn = false;
    this.agent.stop();
    this.part("elsewhere").hidden = false;
  }

  // ---- calls

  private press(key: string): void {
    this.sounds.wake();
    this.sounds.key(key);
    if (this.call && !this.call.ended) this.call.press(key);
    else this.input.value += key;
  }

  private async dial(): Promise<void> {
    const to = dialable(this.input.value || this.last);
    this.input.value = to;
    this.suggestions.close();
    if (this.engaged) return;
    if (!to) {
      this.view.error("Say whom to call: type a number, a name or a block.");
      this.input.focus();
      return;
    }
    if (!this.hasTurn) return;
    this.sounds.wake();
    this.view.error("");
    this.busy = true;
    try {
      const microphone = await openMicrophone();
      const session = (await this.connected()) ? this.agent.call(to, microphone) : null;
      if (!session) {
        for (const track of microphone.getTracks()) track.stop();
        throw new Error("The phone is not connected to the server. Try again in a moment.");
      }
      this.last = to;
      const call = this.take(session, this.suggestions.labelOf(to) || to, false);
      call.microphone = microphone;
      this.hear(microphone, "said");
      this.changed(call);
    } catch (error) {
      this.view.error(error instanceof Error ? error.message : String(error));
    } finally {
      this.busy = false;
    }
  }

  /** Whether there is a line, which is waited for if need be. */
  private async connected(): Promise<boolean> {
    if (this.agent.ready) return true;
    this.agent.start();
    const ready = new Promise<boolean>((resolve) => {
      this.whenReady = resolve;
      window.setTimeout(() => resolve(this.agent.ready), READY_MS);
    });
    const is = await ready;
    this.whenReady = null;
    return is;
  }

  private ring(session: RTCSession, party: string): void {
    if (this.engaged) {
      session.terminate({ status_code: 486 });
      return;
    }
    const call = this.take(session, party, true);
    this.view.open(true);
    this.changed(call);
    this.sounds.start(RINGING);
  }

  private async accept(): Promise<void> {
    const { call } = this;
    // Whoever clicks twice accepts once.
    if (!call || call.microphone || this.busy) return;
    this.busy = true;
    this.sounds.stop();
    this.sounds.wake();
    try {
      const microphone = await openMicrophone();
      if (call.ended) {
        for (const track of microphone.getTracks()) track.stop();
        return;
      }
      call.answer(microphone);
      this.hear(microphone, "said");
    } catch (error) {
      this.view.error(error instanceof Error ? error.message : String(error));
      call.hangUp();
    } finally {
      this.busy = false;
    }
  }

  private take(session: RTCSession, party: string, incoming: boolean): Call {
    const call = new Call(session, party, incoming, {
      changed: (each) => this.changed(each),
      audio: (stream) => {
        this.audio.srcObject = stream;
        void this.useSpeaker();
        void this.audio.play().catch(() => {});
        this.hear(stream, "heard");
        // From now on they are heard themselves, their ringing too.
        this.sounds.stop();
      },
      heard: (heard) => this.view.heard(heard),
    });
    this.call = call;
    return call;
  }

  private hear(stream: MediaStream, name: "said" | "heard"): void {
    this.meters.push(this.sounds.meter(stream, (level) => this.view.level(name, level)));
  }

  private changed(call: Call): void {
    if (call !== this.call) return;
    this.view.show(call);
    this.view.tell(this.words(call));
    document.title = document.title.replace(/^☎ /, "");
    if (call.stage === "incoming") document.title = `☎ ${document.title}`;
    else if (call.stage === "ringing" && !this.audio.srcObject) this.sounds.start(RINGBACK);
    else this.sounds.stop();
    if (call.ended) this.over(call);
  }

  private words(call: Call): string {
    switch (call.stage) {
      case "incoming":
        return `Call from ${call.party}`;
      case "talking":
        return `Connected with ${call.party}`;
      case "over":
        return call.why || "Call ended";
      default:
        return `Calling ${call.party}`;
    }
  }

  private over(call: Call): void {
    for (const stop of this.meters) stop();
    this.meters = [];
    this.audio.srcObject = null;
    if (call.why && !call.incoming) this.view.error(call.why);
    window.setTimeout(
      () => {
        if (this.call !== call) return;
        this.call = null;
        this.view.show(null);
        if (!this.available) this.agent.stop();
      },
      call.why ? 0 : FAREWELL_MS,
    );
  }

  // ---- devices

  private async offerDevices(): Promise<void> {
    for (const [name, kind, chosen] of [
      ["microphone", "audioinput", chosenMicrophone()],
      ["speaker", "audiooutput", chosenSpeaker()],
    ] as const) {
      const found = await devices(kind).catch(() => []);
      const select = this.part<HTMLSelectElement>(name);
      const options = found.map(
        (device, at) => new Option(device.label || `${name} ${at + 1}`, device.deviceId),
      );
      select.replaceChildren(new Option("The browser's own choice", ""), ...options);
      select.value = found.some((device) => device.deviceId === chosen) ? chosen : "";
    }
    this.part("speaker-field").hidden = !("setSinkId" in this.audio);
  }

  private async useSpeaker(): Promise<void> {
    const id = chosenSpeaker();
    if ("setSinkId" in this.audio) await this.audio.setSinkId(id).catch(() => {});
  }
}

export function mount(element: HTMLElement): Unmount {
  const softphone = new Softphone(element);
  return () => softphone.end();
}
