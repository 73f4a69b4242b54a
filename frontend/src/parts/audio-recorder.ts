// Records a sound in the browser: it is listened to before it is saved, as a WAV file.

import { Refused } from "../lib/http.ts";
import { LevelMeter } from "../lib/level.ts";
import { mountParts } from "../lib/parts.ts";
import { addressOf, forget as forgetSound } from "../lib/recorded.ts";
import { isThere, showLibrary, upload, wavOf } from "../lib/sounds.ts";
import { toast } from "../lib/toasts.ts";
import { NoMicrophone, openMicrophone } from "../softphone/microphone.ts";

const TICK_MS = 200;

function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A player with a waveform, as ui.player draws it. */
function player(address: string): HTMLElement {
  const box = document.createElement("div");
  box.className = "player";
  box.dataset.part = "audio-player";
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "What was recorded");
  const canvas = document.createElement("canvas");
  canvas.tabIndex = 0;
  for (const [name, value] of Object.entries({
    role: "slider",
    "aria-label": "Position in what was recorded",
    "aria-valuemin": "0",
    "aria-valuenow": "0",
    "aria-valuemax": "0",
  }))
    canvas.setAttribute(name, value);
  const audio = document.createElement("audio");
  audio.controls = true;
  audio.src = address;
  box.append(canvas, audio);
  return box;
}

/** One recording that is going on. */
class Take {
  private readonly pieces: Blob[] = [];
  private readonly meter: LevelMeter;
  private readonly began = performance.now();
  private readonly timer: number;
  private readonly recorder: MediaRecorder;

  constructor(
    private readonly stream: MediaStream,
    canvas: HTMLCanvasElement,
    tick: (seconds: number) => void,
  ) {
    this.recorder = new MediaRecorder(stream);
    this.recorder.addEventListener("dataavailable", (event) => this.pieces.push(event.data));
    this.meter = new LevelMeter(stream, canvas);
    this.timer = window.setInterval(() => tick((performance.now() - this.began) / 1000), TICK_MS);
    this.recorder.start();
  }

  async end(): Promise<Blob> {
    const stopped = new Promise((resolve) =>
      this.recorder.addEventListener("stop", resolve, { once: true }),
    );
    if (this.recorder.state !== "inactive") this.recorder.stop();
    window.clearInterval(this.timer);
    this.meter.stop();
    await stopped;
    for (const track of this.stream.getTracks()) track.stop();
    return wavOf(new Blob(this.pieces, { type: this.recorder.mimeType }));
  }
}

export function mount(form: HTMLElement): () => void {
  const part = <T extends HTMLElement>(selector: string) => form.querySelector<T>(selector);
  const [record, stop] = [part("[data-record]"), part("[data-stop]")];
  const [made, listen, state] = [part("[data-made]"), part("[data-listen]"), part("[data-state]")];
  const [canvas, time] = [part<HTMLCanvasElement>("canvas"), part(".recorder-time")];
  const name = part<HTMLInputElement>('[name="name"]');
  const replaces = part("[data-replaces]");
  if (!(record && stop && made && listen && state && canvas && time && name)) return () => {};
  const most = Number(form.dataset.maxSeconds);
  const first = state.textContent;
  let take: Take | undefined;
  let asked = 0;
  let sound: Blob | undefined;
  let address = "";

  const forget = () => {
    forgetSound(address);
    address = "";
    sound = undefined;
    made.hidden = true;
    listen.replaceChildren();
  };

  async function begin(): Promise<void> {
    forget();
    asked += 1;
    const mine = asked;
    try {
      const stream = await openMicrophone();
      if (mine !== asked) {
        // It was asked for twice, or the dialog was closed before somebody allowed it.
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      take = new Take(stream, canvas as HTMLCanvasElement, (seconds) => {
        if (time) time.textContent = clock(seconds);
        if (seconds >= most) void end();
      });
    } catch (error) {
      const text = error instanceof NoMicrophone ? error.message : String(error);
      if (state) state.textContent = text.replace("then call again", "then record again");
      return;
    }
    if (record && stop && state) {
      record.hidden = true;
      stop.hidden = false;
      stop.focus();
      state.textContent = "Recording";
    }
  }

  async function end(): Promise<void> {
    asked += 1;
    const ending = take;
    take = undefined;
    if (!ending || !record || !stop || !state || !made || !listen) return;
    stop.hidden = true;
    state.textContent = "One moment";
    try {
      sound = await ending.end();
    } catch {
      state.textContent = "Nothing could be made of that. Record it again.";
      record.hidden = false;
      return;
    }
    address = addressOf(sound);
    const heard = player(address);
    listen.replaceChildren(heard);
    mountParts(heard);
    state.textContent = "Listen to it, then save it under a name.";
    made.hidden = false;
    name?.focus();
  }

  async function save(): Promise<void> {
    if (!sound || !name) return;
    const typed = name.value.trim();
    const called = /\.[a-z0-9]{2,4}$/i.test(typed) ? typed : `${typed}.wav`;
    try {
      await upload(called, sound, () => {});
      toast(`${called} is saved`, "ok");
      showLibrary();
    } catch (error) {
      toast(error instanceof Refused ? error.message : String(error), "danger");
    }
  }

  const again = () => {
    forget();
    record.hidden = false;
    time.textContent = "0:00";
    state.textContent = first;
    void begin();
  };
  const pressed = (event: Event) => {
    const target = event.target as Element;
    if (target.closest("[data-record]")) void begin();
    else if (target.closest("[data-stop]")) void end();
    else if (target.closest("[data-again]")) again();
  };
  const typed = () => {
    const text = name.value.trim();
    if (replaces) replaces.hidden = !(isThere(text) || isThere(`${text}.wav`));
  };
  const sent = (event: Event) => {
    event.preventDefault();
    event.stopPropagation();
    void save();
  };
  const closed = () => void end();
  const dialog = form.closest("dialog");
  form.addEventListener("click", pressed);
  form.addEventListener("submit", sent);
  name.addEventListener("input", typed);
  dialog?.addEventListener("close", closed);
  return () => {
    asked += 1;
    void take?.end().catch(() => {});
    forget();
    dialog?.removeEventListener("close", closed);
    form.removeEventListener("click", pressed);
    form.removeEventListener("submit", sent);
    name.removeEventListener("input", typed);
  };
}
