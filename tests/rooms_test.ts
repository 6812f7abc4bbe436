/**
 * The import table of DESIGN.md section 2, executable: which room may import which, what each may take from npm, what the pure
 * rooms must not touch, and that nothing goes round in a circle. Every file under src/ is read, also one that main.ts does
 * not reach; value and type imports count alike.
 */
import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

const ROOT = join(import.meta.dirname!, "..");
const SRC = join(ROOT, "src");

/** Entries are rooms (`store`) or parts of one (`wire/dns`); a room may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  wire: ["core"],
  net: ["core", "wire/dns"],
  mailauth: ["core", "wire"],
  store: ["core", "wire"],
  queue: ["core", "wire", "store"],
  intake: ["core", "wire", "mailauth", "store", "queue"],
  delivery: ["core", "wire", "net", "store"],
  retrieval: ["core", "wire", "net", "store"],
  session: ["core", "wire", "store", "intake"],
  web: ["core", "wire", "mailauth", "store", "queue", "intake"],
  app: [
    "core",
    "wire",
    "net",
    "mailauth",
    "store",
    "queue",
    "intake",
    "delivery",
    "retrieval",
    "session",
    "web",
  ],
};

/** What may be imported as types only, besides. */
const MAY_IMPORT_TYPES: Readonly<Record<string, readonly string[]>> = {
  delivery: ["queue"],
};

/** Which rooms may use a package; what is missing here may not be imported at all. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  "@logtape/logtape": ["app"],
  "@mongodb-js/saslprep": ["wire"],
  "@peculiar/x509": ["net"],
  "reflect-metadata": ["net"],
  "dns-packet": ["wire/dns"],
  "iconv-lite": ["wire"],
  "ipaddr.js": ["wire", "net", "intake", "delivery", "session", "app"],
  "mailauth": ["mailauth"],
  "yaml": ["app"],
  "zod": ["app", "web"],
};

/** The one file outside src that is imported: the version stands there. */
const VERSION_FILE = { from: "app", target: "../deno.json" };

/** Parts of Node that need nothing from the machine: usable in every room. */
const PURE_NODE = ["node:url", "node:buffer", "node:punycode"];

/** Rooms that take everything from outside as an argument. */
const PURE_ROOMS = ["core", "wire"];
const IMPURE =
  /\bDeno\s*\.|\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bperformance\.now\b|\bsetTimeout\b|\bcrypto\s*\./;

interface Import {
  /** Relative to src/, as in `wire/pop3/reply.ts`. */
  readonly from: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function sourceFiles(folder = SRC): string[] {
  return [...Deno.readDirSync(folder)].flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory) return sourceFiles(path);
    return path.endsWith(".ts") ? [path] : [];
  }).sort();
}

/** The source without comments; strings stay. Good enough for code that deno fmt has formatted. */
function withoutComments(source: string): string {
  return source.replace(/\/\*[^]*?\*\//g, "").replace(/(^|[\s;{}(,])\/\/.*$/gm, "$1");
}

const STATEMENT = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"/g;
const WORKER = /new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g;

function importsOf(path: string): Import[] {
  const source = withoutComments(Deno.readTextFileSync(path));
  const from = relative(SRC, path);
  return [
    ...[...source.matchAll(STATEMENT)].map((match) => ({
      from,
      specifier: match[2]!,
      typeOnly: match[1] !== undefined,
    })),
    ...[...source.matchAll(DYNAMIC), ...source.matchAll(WORKER)].map((match) => ({
      from,
      specifier: match[1]!,
      typeOnly: false,
    })),
  ];
}

const FILES = sourceFiles();
const IMPORTS = FILES.flatMap(importsOf);

function roomOf(path: string): string {
  return path.split("/")[0]!;
}

/** Where a relative specifier leads, relative to src/. */
function target(item: Import): string {
  return relative(SRC, join(SRC, dirname(item.from), item.specifier));
}

function isVersionFile(item: Import): boolean {
  return target(item) === VERSION_FILE.target && liesIn(item.from, [VERSION_FILE.from]);
}

/** Whether a path lies in one of these rooms or parts of rooms. */
function liesIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

Deno.test("rooms: every folder under src is a room of the table", () => {
  const rooms = [...Deno.readDirSync(SRC)].map((entry) => entry.name);
  assert.deepEqual(rooms.filter((room) => !(room in MAY_IMPORT)), []);
});

Deno.test("rooms: nobody imports what the table does not allow", () => {
  const wrong = IMPORTS.filter((item) => item.specifier.startsWith(".")).filter((item) => {
    const room = roomOf(item.from);
    const allowed = [
      room,
      ...MAY_IMPORT[room] ?? [],
      ...item.typeOnly ? MAY_IMPORT_TYPES[room] ?? [] : [],
    ];
    return !liesIn(target(item), allowed) && !isVersionFile(item);
  });
  assert.deepEqual(wrong.map((item) => `${item.from} imports ${item.specifier}`), []);
});

Deno.test("rooms: imports are relative with their ending, from node, or of a package named in deno.json", () => {
  const { imports } = JSON.parse(Deno.readTextFileSync(join(ROOT, "deno.json")));
  const wrong = IMPORTS.filter((item) => {
    const { specifier } = item;
    if (specifier.startsWith(".")) return !specifier.endsWith(".ts") && !isVersionFile(item);
    return !specifier.startsWith("node:") && !(specifier in imports);
  });
  assert.deepEqual(wrong.map((item) => `${item.from} imports ${item.specifier}`), []);
});

Deno.test("rooms: a package is used only where the table says", () => {
  const wrong = IMPORTS.filter(({ from, specifier }) =>
    !specifier.startsWith(".") && !specifier.startsWith("node:") && !liesIn(from, PACKAGES[specifier] ?? [])
  );
  assert.deepEqual(wrong.map((item) => `${item.from} imports ${item.specifier}`), []);
});

Deno.test("rooms: core and wire touch no machine, no clock and no chance", () => {
  const pure = FILES.filter((path) => PURE_ROOMS.includes(roomOf(relative(SRC, path))));
  const impure = pure.filter((path) => IMPURE.test(withoutComments(Deno.readTextFileSync(path))));
  assert.deepEqual(impure.map((path) => relative(SRC, path)), []);
  const machine = IMPORTS.filter(({ from, specifier }) =>
    PURE_ROOMS.includes(roomOf(from)) && specifier.startsWith("node:") && !PURE_NODE.includes(specifier)
  );
  assert.deepEqual(machine.map((item) => `${item.from} imports ${item.specifier}`), []);
});

Deno.test("rooms: no two rooms import each other, not even round about", () => {
  const edges = new Map<string, Set<string>>();
  for (const item of IMPORTS) {
    if (!item.specifier.startsWith(".")) continue;
    const [from, to] = [roomOf(item.from), roomOf(target(item))];
    if (from === to) continue;
    const targets = edges.get(from) ?? new Set();
    edges.set(from, targets.add(to));
  }
  assert.equal(findCycle(edges), null);
});

Deno.test("rooms: no file imports itself, not even round about", () => {
  const edges = new Map<string, Set<string>>();
  for (const item of IMPORTS) {
    // A circle of types only vanishes when the program is compiled; a circle of values runs in an order that nobody chose.
    if (!item.specifier.startsWith(".") || item.typeOnly) continue;
    edges.set(item.from, (edges.get(item.from) ?? new Set()).add(target(item)));
  }
  assert.equal(findCycle(edges), null);
});

Deno.test("rooms: what main.ts loads is what this test has read", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", join(ROOT, "main.ts")],
    cwd: ROOT,
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    modules: { specifier: string; error?: string }[];
  };
  const prefix = `file://${SRC}/`;
  const loaded = modules.filter((module) => module.specifier.startsWith(prefix));
  assert.ok(loaded.length > 0, "main.ts loads nothing from src");
  assert.deepEqual(loaded.filter((module) => module.error !== undefined), []);
  const known = new Set(FILES);
  assert.deepEqual(loaded.filter((module) => !known.has(module.specifier.slice("file://".length))), []);
});

/** A way from some node back to itself, as text; null when there is none. */
function findCycle(edges: ReadonlyMap<string, ReadonlySet<string>>): string | null {
  const finished = new Set<string>();
  for (const start of edges.keys()) {
    const path: string[] = [];
    const cycle = walk(start, path);
    if (cycle !== null) return cycle;
  }
  return null;

  function walk(node: string, path: string[]): string | null {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node].join(" -> ");
    if (finished.has(node)) return null;
    path.push(node);
    for (const next of edges.get(node) ?? []) {
      const cycle = walk(next, path);
      if (cycle !== null) return cycle;
    }
    path.pop();
    finished.add(node);
    return null;
  }
}
