/**
 * Builds Mailden into `dist/`: the single executable `dist/mailden` by `deno compile`. Where the compile runtime cannot be
 * had, it says so and makes `dist/mailden.js` with a file for each worker, which run with Deno alone.
 *
 *     deno task build [--read=PATHS] [--write=PATHS] [--bundle]
 *
 * `--read` and `--write` fix the only paths (with commas between) that the executable may touch, as in
 * `--read=/etc/mailden,/var/lib/mailden,/etc/resolv.conf --write=/var/lib/mailden`; without them it may open what
 * its user may. `--bundle` makes the bundle and no executable.
 */
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { programFlags } from "../tests/support/permissions.ts";

const ROOT = join(import.meta.dirname!, "..");
const DIST = join(ROOT, "dist");

/** A worker's entry file and the words by which the source names it. */
interface WorkerEntry {
  readonly path: string;
  readonly specifier: string;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { read: { type: "string" }, write: { type: "string" }, bundle: { type: "boolean" } },
  });
  await Deno.remove(DIST, { recursive: true }).catch(ignoreMissing);
  await Deno.mkdir(DIST);
  const workers = findWorkers(join(ROOT, "src"));
  if (values.bundle !== true) {
    const outcome = await compile(workers, values);
    if (outcome === "done") return 0;
    if (outcome === "failed") return 1;
    console.log(
      "The compile runtime (denort) cannot be downloaded here, so there is no single executable; making dist/mailden.js instead.",
    );
  }
  return await bundle(workers) ? 0 : 1;
}

async function compile(
  workers: readonly WorkerEntry[],
  paths: { readonly read?: string | undefined; readonly write?: string | undefined },
): Promise<"done" | "no-runtime" | "failed"> {
  const { success, stderr } = await deno([
    "compile",
    ...programFlags(paths),
    ...workers.flatMap((worker) => ["--include", worker.path]),
    "--output",
    join(DIST, "mailden"),
    join(ROOT, "main.ts"),
  ]);
  if (success) {
    console.log("Built dist/mailden.");
    return "done";
  }
  if (/denort/.test(stderr) && /base binary|download|sending request/i.test(stderr)) return "no-runtime";
  console.error(`deno compile failed:\n${stderr}`);
  return "failed";
}

async function bundle(workers: readonly WorkerEntry[]): Promise<boolean> {
  const names = new Map(workers.map((worker) => [worker.specifier, bundleName(worker.path)]));
  if (names.size < workers.length || new Set(names.values()).size < workers.length) {
    console.error("Two workers go by the same name; give their entry files different names.");
    return false;
  }
  const targets = [
    { from: join(ROOT, "main.ts"), to: "mailden.js" },
    ...workers.map((worker) => ({ from: worker.path, to: bundleName(worker.path) })),
  ];
  for (const { from, to } of targets) {
    const path = join(DIST, to);
    const { success, stderr } = await deno([
      "bundle",
      "--quiet",
      "--platform",
      "deno",
      "--output",
      path,
      from,
    ]);
    if (!success) {
      console.error(`deno bundle of ${from} failed:\n${stderr}`);
      return false;
    }
    await Deno.writeTextFile(path, withWorkerNames(await Deno.readTextFile(path), names));
  }
  console.log(
    `Built ${targets.map(({ to }) => `dist/${to}`).join(", ")}; run it with: deno run -A dist/mailden.js`,
  );
  return true;
}

const WORKER_URL = /new URL\(\s*"(\.{1,2}\/[^"]+\.ts)",\s*import\.meta\.url\s*\)/g;

/** All files that the source starts as workers. */
function findWorkers(folder: string): WorkerEntry[] {
  const found = new Map<string, WorkerEntry>();
  for (const file of filesBelow(folder)) {
    for (const match of Deno.readTextFileSync(file).matchAll(WORKER_URL)) {
      const path = resolve(dirname(file), match[1]!);
      found.set(path, { path, specifier: match[1]! });
    }
  }
  return [...found.values()];
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return filesBelow(path);
    return path.endsWith(".ts") ? [path] : [];
  });
}

function bundleName(path: string): string {
  return `mailden_${basename(path, ".ts")}.js`;
}

/** In a bundle all workers lie beside it. */
function withWorkerNames(code: string, names: ReadonlyMap<string, string>): string {
  return code.replace(WORKER_URL, (whole, specifier: string) => {
    const name = names.get(specifier);
    return name === undefined ? whole : `new URL("./${name}", import.meta.url)`;
  });
}

async function deno(args: readonly string[]): Promise<{ success: boolean; stderr: string }> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  return { success, stderr: new TextDecoder().decode(stderr) };
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

Deno.exit(await main());
