// Bundles src/ into the folder given, with hashed names but for what people link to; index.html comes last.
import { build } from "esbuild";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const made = process.argv[2];
const TARGET = ["chrome119", "firefox120", "safari17"];

rmSync(made, { recursive: true, force: true });
mkdirSync(made, { recursive: true });
const { metafile } = await build({
  entryPoints: { page: "src/page.ts", elements: "src/elements.ts", look: "src/look.css" },
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: TARGET,
  outdir: made,
  metafile: true,
  legalComments: "none", // THIRD-PARTY.txt has them
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false, experimentalDecorators: true } },
});

const built = (entry) => {
  const [path] = Object.entries(metafile.outputs).find(([, one]) => one.entryPoint === entry);
  return path.split("/").at(-1);
};
// A page of somebody else names this file, so its name stays; what it loads is hashed.
writeFileSync(`${made}/elements.js`, `import "./${built("src/elements.ts")}";\n`);
copyFileSync("src/icon.svg", `${made}/icon.svg`);
writeFileSync(`${made}/THIRD-PARTY.txt`, notices());
const page = readFileSync("src/index.html", "utf8");
writeFileSync(
  `${made}/index.html`,
  page.replace("look.css", built("src/look.css")).replace("page.js", built("src/page.ts")),
);

/** Licences of the packages that went into the bundle. */
function notices() {
  const inside = Object.keys(metafile.inputs).map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1]);
  const packages = [...new Set(inside.filter(Boolean))].sort();
  return packages.map(notice).join("\n");
}

function notice(name) {
  const folder = `node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  if (!file || !existsSync(`${folder}/${file}`)) throw new Error(`${name} has no licence file`);
  return `== ${name} ${version} (${license})\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
}
