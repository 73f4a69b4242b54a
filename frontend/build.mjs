// Build what browsers are given: src/*.ts, styles/*.css, static/* and the icons named in icons.txt.
//
// Every file gets a name with a hash of its content, so that it may be kept for ever;
// manifest.json says which name each has now. Licences of what is bundled lie beside each bundle.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { build } from "esbuild";

const OUT = "../ivrserver/web/assets";
const ICONS = "node_modules/lucide-static/icons";
// A later layer wins over an earlier one, however specific: files need not fight each other.
const LAYERS = "@layer tokens, base, components, areas, utilities;";

const namesIn = (folder, ending) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort();

const styleSheet = () =>
  [LAYERS, ...namesIn("styles", ".css").map((name) => `@import "./styles/${name}";`)].join("\n");

function sprite() {
  const names = readFileSync("icons.txt", "utf8").split("\n").filter(Boolean);
  const symbols = [...new Set(names)].sort().map((name) => {
    const drawing = readFileSync(join(ICONS, `${name}.svg`), "utf8");
    const inner = drawing.slice(drawing.indexOf(">", drawing.indexOf("<svg")) + 1);
    const shapes = inner.slice(0, inner.lastIndexOf("</svg>")).replace(/\s+/g, " ").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24">${shapes}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

/** The licence of every package that a file of it is among `inputs`. */
function licences(inputs) {
  const found = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(found.filter(Boolean))].sort().map(licence).join("\n");
}

function licence(name) {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
}

function write(name, ending, content) {
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();
  const hashed = `${name}-${hash}${ending}`;
  writeFileSync(join(OUT, hashed), content);
  return { [`${name}${ending}`]: hashed };
}

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });

const shared = {
  bundle: true,
  minify: true,
  outdir: OUT,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  metafile: true,
  target: ["chrome123", "firefox125", "safari17.5"],
  logLevel: "warning",
};

const scripts = await build({
  ...shared,
  entryPoints: namesIn("src", ".ts").map((name) => join("src", name)),
  format: "esm",
  splitting: true,
  sourcemap: "linked",
});

const styles = await build({
  ...shared,
  entryNames: "portal-[hash]",
  stdin: { contents: styleSheet(), loader: "css", resolveDir: ".", sourcefile: "all.css" },
  loader: { ".woff2": "file" },
});

const manifest = write("icons", ".svg", sprite());
for (const name of namesIn("static", "")) {
  const ending = extname(name);
  const content = readFileSync(join("static", name));
  Object.assign(manifest, write(basename(name, ending), ending, content));
}
const inputs = [`${ICONS}/`];
for (const { metafile } of [scripts, styles]) {
  inputs.push(...Object.keys(metafile.inputs));
  for (const [path, { entryPoint }] of Object.entries(metafile.outputs)) {
    const name = basename(path);
    if (name.endsWith(".css")) manifest["portal.css"] = name;
    else if (entryPoint && dirname(entryPoint) === "src" && name.endsWith(".js"))
      manifest[`${basename(entryPoint, ".ts")}.js`] = name;
  }
}
Object.assign(manifest, write("licences", ".txt", licences(inputs)));
writeFileSync(join(OUT, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
