// Writes the design tokens that the stylesheet uses into its block between the two marks, resolved
// from the Digital Agency's package. Run by hand after a change of the list or of the package:
//   cd crates/pages/tokens && npm ci && node resolve.mjs
// cargo never runs this; the result and the licence notice are committed.
import { readFileSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url);
const base = new URL("node_modules/@digital-go-jp/design-tokens/", here);

// Ours = theirs. Light and dark grounds take their colours from the same primitives.
const wanted = {
  "--white": "color-neutral-white",
  "--gray-50": "color-neutral-solid-gray-50",
  "--gray-200": "color-neutral-solid-gray-200",
  "--gray-420": "color-neutral-solid-gray-420",
  "--gray-600": "color-neutral-solid-gray-600",
  "--gray-900": "color-neutral-solid-gray-900",
  "--green-400": "color-primitive-green-400",
  "--green-800": "color-primitive-green-800",
  "--red-50": "color-primitive-red-50",
  "--red-300": "color-primitive-red-300",
  "--red-900": "color-primitive-red-900",
  "--yellow-50": "color-primitive-yellow-50",
  "--yellow-400": "color-primitive-yellow-400",
  "--yellow-900": "color-primitive-yellow-900",
  "--yellow-300": "color-primitive-yellow-300",
  "--size-14": "font-size-14",
  "--size-16": "font-size-16",
  "--size-18": "font-size-18",
  "--size-28": "font-size-28",
  "--line-150": "line-height-150",
  "--line-175": "line-height-175",
  "--line-140": "line-height-140",
  "--radius-8": "border-radius-8",
  "--radius-12": "border-radius-12",
  "--weight-bold": "font-weight-700",
};

const tokens = new Map();
for (const [, name, value] of readFileSync(new URL("dist/tokens.css", base), "utf8").matchAll(
  /^\s*--([a-z0-9-]+):\s*(.+);$/gm,
)) {
  tokens.set(name, value);
}

const lines = Object.entries(wanted).map(([ours, theirs]) => {
  if (!tokens.has(theirs)) throw new Error(`the package has no token ${theirs}`);
  return `  ${ours}: ${tokens.get(theirs)};`;
});
const { version } = JSON.parse(readFileSync(new URL("package.json", base), "utf8"));
const block = [
  `/* tokens: begin (@digital-go-jp/design-tokens ${version}, MIT, see /static/notice.txt) */`,
  ":root {",
  ...lines,
  "}",
  "/* tokens: end */",
].join("\n");

const file = new URL("../static/sekimori.css", here);
const style = readFileSync(file, "utf8");
const marks = /\/\* tokens: begin[\s\S]*?\/\* tokens: end \*\//;
if (!marks.test(style)) throw new Error("the stylesheet has no block for the tokens");
writeFileSync(file, style.replace(marks, block));

const licence = readFileSync(new URL("LICENSE", base), "utf8").trim();
writeFileSync(
  new URL("NOTICE.txt", here),
  `The stylesheet contains values of @digital-go-jp/design-tokens ${version}, under this licence:\n\n${licence}\n`,
);
