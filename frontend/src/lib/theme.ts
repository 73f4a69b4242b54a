// Light, dark, or as the machine has it: kept in a cookie, so that the server sends the right one.

const YEAR_S = 31536000;

function choose(theme: string): void {
  const root = document.documentElement;
  const secure = window.location.protocol === "https:" ? "; Secure" : "";
  if (theme === "system") {
    delete root.dataset.theme;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not everywhere
    document.cookie = `theme=; Path=/; Max-Age=0; SameSite=Lax${secure}`;
  } else {
    root.dataset.theme = theme;
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not everywhere
    document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax${secure}`;
  }
  document.dispatchEvent(new CustomEvent("theme"));
}

/** Radio buttons named `theme`, wherever they are. `theme` is dispatched on the document. */
export function startTheme(): void {
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input instanceof HTMLInputElement && input.name === "theme" && input.type === "radio") {
      choose(input.value);
    }
  });
}
