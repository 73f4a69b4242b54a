// Requests of our own, beside htmx's.

/** What every request that changes something must show; empty on pages for strangers. */
export function csrfToken(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf"]')?.content ?? "";
}

/** What the server answered instead of what was asked for; `message` is for people. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** `fetch` with the CSRF token. Rejects with Refused (the problem's detail) unless the answer is 2xx. */
export async function send(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set("X-CSRF-Token", csrfToken());
  const answer = await fetch(path, { credentials: "same-origin", ...options, headers });
  if (!answer.ok) throw new Refused(answer.status, await problemText(answer));
  return answer;
}

async function problemText(answer: Response): Promise<string> {
  const problem: unknown = await answer.json().catch(() => null);
  if (typeof problem === "object" && problem !== null) {
    const { detail, title } = problem as { detail?: unknown; title?: unknown };
    if (typeof detail === "string") return detail;
    if (typeof title === "string") return title;
  }
  return `The server answered ${answer.status}`;
}
