// What only screen readers need to be told: who sees the page sees it.

/** Read `text` out, when the reader has finished its sentence. */
export function tell(text: string): void {
  const place = document.getElementById("told");
  if (!place) return;
  // The same text twice is news, too.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
