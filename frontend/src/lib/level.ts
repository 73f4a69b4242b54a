// How loud a microphone is, drawn while it is open.

const QUIETEST_DB = -60;
const BAR = 4;
const GAP = 2;

/** How loud samples (-1..1) are, 0..1. */
export function loudness(samples: Float32Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  const decibels = 10 * Math.log10(Math.max(power, 1e-12));
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB));
}

/** Draws the last levels, the newest at the right. `stop` ends it. */
export class LevelMeter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;
  private levels: number[] = [];
  private frame = 0;

  constructor(
    stream: MediaStream,
    private readonly canvas: HTMLCanvasElement,
  ) {
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.step();
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    void this.context.close();
  }

  private readonly step = (): void => {
    this.analyser.getFloatTimeDomainData(this.samples);
    this.levels.push(loudness(this.samples));
    this.draw();
    this.frame = requestAnimationFrame(this.step);
  };

  private draw(): void {
    const { width, height } = this.canvas;
    const context = this.canvas.getContext("2d");
    if (!context) return;
    const count = Math.floor(width / (BAR + GAP));
    this.levels = this.levels.slice(-count);
    this.canvas.dataset.loudest = Math.max(...this.levels).toFixed(2);
    context.clearRect(0, 0, width, height);
    context.fillStyle = getComputedStyle(this.canvas).color;
    this.levels.forEach((level, i) => {
      const tall = Math.max(2, level * height);
      const x = width - (this.levels.length - i) * (BAR + GAP);
      context.fillRect(x, (height - tall) / 2, BAR, tall);
    });
  }
}
