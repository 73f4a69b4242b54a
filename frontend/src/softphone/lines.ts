// A page's lines: an account at each Asterisk, which the server makes for it and takes away with it.

import { Refused, send } from "../lib/http.ts";

export interface Line {
  asterisk: string;
  name: string;
  password: string;
  socket: string;
}

export interface Lines {
  user: string;
  lines: Line[];
  /** How many Asterisks there are: a line for each, but those that are away. */
  asterisks: number;
}

export interface Entry {
  dial: string;
  label: string;
  kind: "number" | "block" | "phone" | "user";
}

export async function openLines(): Promise<Lines> {
  const answer = await send("/softphone/lines", { method: "POST" });
  return (await answer.json()) as Lines;
}

export async function directory(): Promise<Entry[]> {
  const answer = await send("/softphone/directory");
  return ((await answer.json()) as { entries: Entry[] }).entries;
}

/** Whether it makes no sense to try again: signed out, or not allowed. */
export function isFinal(error: unknown): boolean {
  return error instanceof Refused && (error.status === 401 || error.status === 403);
}

/** What is dialled for what somebody has typed: a phone number without what makes it readable. */
export function dialable(typed: string): string {
  const text = typed.trim();
  return /^[+\d(][\d ().\-/*#]*$/.test(text) ? text.replace(/[ ().\-/]/g, "") : text.toLowerCase();
}

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

/** How long to wait before the next attempt, after so many (from 1) in a row have failed. */
export function pause(failures: number, chance = Math.random()): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10)) * (1 - 0.3 * chance);
}
