// What the server hands to scripts: <script type="application/json" id="…">.

/** The value that the template wrote with `data_for_scripts(id, value)`. */
export function readData<T>(id: string): T {
  const holder = document.getElementById(id);
  if (!holder) throw new Error(`the page has no data named ${id}`);
  return JSON.parse(holder.textContent ?? "null") as T;
}
