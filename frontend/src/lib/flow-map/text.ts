// How wide words are in the portal's font.

const context = document.createElement("canvas").getContext("2d");

export function widthOf(text: string, font: string): number {
  if (!context) return text.length * 7;
  context.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(text).width;
}

/** `text`, cut so that it is at most `room` wide. */
export function fitted(text: string, font: string, room: number): string {
  if (widthOf(text, font) <= room) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (widthOf(`${text.slice(0, middle).trimEnd()}…`, font) <= room) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low).trimEnd()}…`;
}
