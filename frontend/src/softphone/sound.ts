// What the softphone itself makes audible, and how loud others are.

const KEYS: Record<string, [number, number]> = {
  "1": [697, 1209],
  "2": [697, 1336],
  "3": [697, 1477],
  "4": [770, 1209],
  "5": [770, 1336],
  "6": [770, 1477],
  "7": [852, 1209],
  "8": [852, 1336],
  "9": [852, 1477],
  "*": [941, 1209],
  "0": [941, 1336],
  "#": [941, 1477],
};
const RING: [number, number] = [440, 480];

export interface Repeated {
  tones: [number, number];
  onMs: number;
  everyMs: number;
  volume: number;
}

export const RINGING: Repeated = { tones: RING, onMs: 1200, everyMs: 3000, volume: 0.18 };
export const RINGBACK: Repeated = { tones: RING, onMs: 2000, everyMs: 6000, volume: 0.05 };

/** One AudioContext for all of it; browsers let it sound once somebody has pressed something. */
export class Sounds {
  private context: AudioContext | null = null;
  private repeating = 0;

  /** To be called when something is pressed. */
  wake(): AudioContext {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
    return this.context;
  }

  key(key: string): void {
    const tones = KEYS[key];
    if (tones) this.tone(tones, 120, 0.06);
  }

  start(what: Repeated): void {
    this.stop();
    const once = () => this.tone(what.tones, what.onMs, what.volume);
    once();
    this.repeating = window.setInterval(once, what.everyMs);
  }

  stop(): void {
    window.clearInterval(this.repeating);
    this.repeating = 0;
  }

  /** How loud a stream is now, 0..1, as often as `tell` is to be told; the result ends it. */
  meter(stream: MediaStream, tell: (level: number) => void): () => void {
    const context = this.wake();
    const source = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = window.setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // 0 at -60 dB, 1 at 0 dB of a full sine wave.
      tell(Math.min(1, Math.max(0, 1 + (10 * Math.log10(2 * power + 1e-9)) / 60)));
    }, 100);
    return () => {
      window.clearInterval(timer);
      source.disconnect();
      tell(0);
    };
  }

  close(): void {
    this.stop();
    void this.context?.close();
    this.context = null;
  }

  private tone(tones: [number, number], ms: number, volume: number): void {
    const context = this.wake();
    const gain = context.createGain();
    const [begin, end] = [context.currentTime, context.currentTime + ms / 1000];
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(volume, begin + 0.01);
    gain.gain.setValueAtTime(volume, end - 0.02);
    gain.gain.linearRampToValueAtTime(0, end);
    gain.connect(context.destination);
    for (const frequency of tones) {
      const oscillator = context.createOscillator();
      oscillator.frequency.value = frequency;
      oscillator.connect(gain);
      oscillator.start(begin);
      oscillator.stop(end);
    }
  }
}
