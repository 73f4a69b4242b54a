// A recording with its waveform over the browser's own player: press or drag on it to seek.
//
// <div data-part="audio-player"><canvas></canvas><audio controls src="…"></audio></div>

import type { Unmount } from "../lib/parts.ts";
import { bytesOf } from "../lib/recorded.ts";

const BAR = 3;
const GAP = 1;
const STEP_S = 2;
const MOST_BYTES = 30_000_000;

/** The loudest sample of each of `count` equal stretches, 0..1, scaled so that the loudest is 1. */
export function peaks(samples: Float32Array, count: number): number[] {
  const found = Array.from({ length: count }, (_, i) => {
    const from = Math.floor((i * samples.length) / count);
    const to = Math.max(Math.floor(((i + 1) * samples.length) / count), from + 1);
    return samples.subarray(from, to).reduce((most, s) => Math.max(most, Math.abs(s)), 0);
  });
  const loudest = Math.max(...found, 0.01);
  return found.map((peak) => peak / loudest);
}

async function samplesOf(address: string): Promise<Float32Array> {
  const decoder = new OfflineAudioContext(1, 1, 8000);
  const own = bytesOf(address);
  if (own) return (await decoder.decodeAudioData(await own)).getChannelData(0);
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new Error(`${answer.status}`);
  if (Number(answer.headers.get("content-length")) > MOST_BYTES)
    throw new Error("too long to draw");
  return (await decoder.decodeAudioData(await answer.arrayBuffer())).getChannelData(0);
}

export function mount(element: HTMLElement): Unmount {
  const audio = element.querySelector("audio");
  const canvas = element.querySelector("canvas");
  const context = canvas?.getContext("2d");
  if (!audio || !canvas || !context) return () => {};
  // Before the browser has looked into the recording, its length is what the page says.
  const told = Number(canvas.getAttribute("aria-valuemax"));
  const length = () => audio.duration || told;
  let samples: Float32Array | null = null;
  let frame = 0;

  const draw = () => {
    const { clientWidth: width, clientHeight: height } = canvas;
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    if (!samples || width === 0) return;
    const style = getComputedStyle(element);
    const played = style.getPropertyValue("--wave-played");
    const rest = style.getPropertyValue("--wave-rest");
    const bars = peaks(samples, Math.max(1, Math.floor(width / (BAR + GAP))));
    const done = length() ? audio.currentTime / length() : 0;
    context.scale(scale, scale);
    bars.forEach((peak, i) => {
      const tall = Math.max(2, peak * height);
      context.fillStyle = (i + 0.5) / bars.length <= done ? played : rest;
      context.fillRect(i * (BAR + GAP), (height - tall) / 2, BAR, tall);
    });
  };
  const drawSoon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(draw);
  };

  const load = () => {
    samplesOf(audio.currentSrc || audio.src).then(
      (loaded) => {
        samples = loaded;
        element.dataset.drawn = "";
        drawSoon();
      },
      () => {
        canvas.hidden = true;
        element.dataset.drawn = "not";
      },
    );
  };
  const tell = () => {
    canvas.setAttribute("aria-valuenow", audio.currentTime.toFixed(1));
    canvas.setAttribute("aria-valuemax", length().toFixed(1));
    canvas.setAttribute(
      "aria-valuetext",
      `${audio.currentTime.toFixed(0)} of ${length().toFixed(0)} seconds`,
    );
    drawSoon();
  };
  const seek = (event: PointerEvent) => {
    if (event.buttons !== 1 || !length()) return;
    const { left, width } = canvas.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientX - left) / width));
    audio.currentTime = part * length();
    tell();
  };
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (event.key === " ") {
      if (audio.paused) void audio.play();
      else audio.pause();
    } else if (step !== undefined) {
      audio.currentTime = Math.min(length(), Math.max(0, audio.currentTime + step));
      tell();
    } else return;
    event.preventDefault();
  };

  // Recordings further down the page are not fetched before somebody gets there.
  const visible = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    visible.disconnect();
    load();
  });
  const size = new ResizeObserver(drawSoon);
  canvas.addEventListener("pointerdown", seek);
  canvas.addEventListener("pointermove", seek);
  canvas.addEventListener("keydown", keys);
  for (const event of ["timeupdate", "loadedmetadata", "seeked"])
    audio.addEventListener(event, tell);
  document.addEventListener("theme", drawSoon);
  visible.observe(element);
  size.observe(canvas);
  return () => {
    visible.disconnect();
    size.disconnect();
    document.removeEventListener("theme", drawSoon);
    audio.pause();
  };
}
