/**
 * The files of `examples/`: scripts on messages, and what comes of them. A file has messages (`@message NAME` to `@end`) and cases:
 * a title behind `==`, what the world is like (`@from`, `@list` and so on), a script or, behind `?`, a test, and for each message
 * that it runs on `=> NAME: OUTCOME`; without a name on the first one.
 */
import { join } from "node:path";
import type { CompiledSieve, SieveInput } from "../../../src/delivery/sieve/mod.ts";
import { compileSieve, SIEVE_EXTENSIONS } from "../../../src/delivery/sieve/mod.ts";
import { parsePath } from "../../../src/wire/smtp/mod.ts";

export interface Example {
  /** The file and the title. */
  readonly name: string;
  readonly script: string;
  readonly message: string;
  /** As `outcome` of `support.ts` says it, or `refused: ` and a part of what the compiler says. */
  readonly expected: string;
  readonly input: Partial<SieveInput>;
  /** The sender of the envelope; empty for the null sender. */
  readonly from: string;
  /** What the world is like, as it stands in the file. */
  readonly settings: readonly string[];
}

const FOLDER = join(import.meta.dirname!, "examples");

const ALL = `require [${
  SIEVE_EXTENSIONS.filter((name) => name !== "ihave").map((name) => `"${name}"`).join(", ")
}];`;

export function readExamples(): Example[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();
  return files.flatMap((file) => readFile(file, Deno.readTextFileSync(join(FOLDER, file))));
}

function readFile(file: string, text: string): Example[] {
  const [head, ...cases] = text.split(/^== /m);
  const messages = blocks(head!, "message");
  return cases.flatMap((one) => readCase(one, { file, messages }));
}

/** Texts between `@KIND NAME` and `@end`, by their names. */
function blocks(text: string, kind: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, block] of text.matchAll(new RegExp(`^@${kind} ?(.*)\n([^]*?)^@end\n`, "gm"))) {
    found.set(name!, block!);
  }
  return found;
}

interface Place {
  readonly file: string;
  readonly messages: ReadonlyMap<string, string>;
}

function readCase(text: string, { file, messages }: Place): Example[] {
  const personal = blocks(text, "personal");
  const global = blocks(text, "global");
  const plain = text.replace(/^@(?:personal|global) [^]*?^@end\n/gm, "");
  const [title, ...lines] = plain.trimEnd().split("\n");
  const settings = lines.filter((line) => line.startsWith("@"));
  const results = lines.filter((line) => line.startsWith("=> "));
  const body = lines.filter((line) => !line.startsWith("@") && !line.startsWith("=> ")).join("\n").trim();
  const isTest = body.startsWith("? ");
  const script = isTest ? `${ALL} if ${body.slice(2)} { discard; }` : body;
  const values = (name: string) =>
    settings.filter((line) => line.split(" ")[0] === `@${name}`).map((line) => line.slice(name.length + 2));
  const from = values("from")[0] ?? "bob@example.org";
  return results.map((result) => {
    const [, name = "", expected] = /^=> (?:(\w+): )?(.*)$/.exec(result)!;
    const known = messages.has(name);
    const outcome = known ? expected! : result.slice(3);
    const message = known && name !== "" ? messages.get(name)! : [...messages.values()][0]!;
    return {
      name: `${file.replace(".txt", "")} ${title}${known && name !== "" ? ` (${name})` : ""}`,
      script,
      message,
      expected: isTest ? outcome === "true" ? "nothing" : "keep" : outcome,
      input: inputOf({ values, from, personal, global }),
      from,
      settings,
    };
  });
}

interface Settings {
  readonly values: (name: string) => string[];
  readonly from: string;
  readonly personal: ReadonlyMap<string, string>;
  readonly global: ReadonlyMap<string, string>;
}

function inputOf({ values, from, personal, global }: Settings): Partial<SieveInput> {
  const pairs = (name: string) =>
    values(name).map((line) => [line.split(" ")[0]!, line.split(" ").slice(1).join(" ")] as const);
  const [now] = values("now");
  const [separator] = values("separator");
  const lists = new Map(pairs("list").map(([name, members]) => [name, members.split(" ")]));
  const boxes = ["INBOX", ...values("mailbox"), ...pairs("use").map(([name]) => name)];
  const seen = values("seen");
  const compiled = new Map<string, CompiledSieve>();
  const scripts = { personal, global };
  return {
    envelope: {
      from: parsePath(`<${from}>`),
      to: parsePath(`<${values("to")[0] ?? "alice@example.com"}>`)!,
      auth: null,
    },
    ...(now === undefined ? {} : { now: Date.parse(now) }),
    ...(separator === undefined ? {} : { separatorOf: () => separator === "none" ? null : separator }),
    environment: new Map(pairs("env")),
    spamPercent: Number(values("spam")[0] ?? NaN) >= 0 ? Number(values("spam")[0]) : null,
    virusLevel: Number(values("virus")[0] ?? 0),
    mailboxes: {
      exists: (name) => Promise.resolve(boxes.includes(name)),
      idExists: (id) => Promise.resolve(boxes.some((_, place) => id === `F${place + 1}`)),
      hasUse: (use, name) =>
        Promise.resolve(pairs("use").some(([box, one]) => one === use && (name === null || name === box))),
      annotation: (mailbox, entry) =>
        Promise.resolve(
          values("annotation").map((line) => line.split(" "))
            .find(([box, one]) => box === (mailbox ?? "-") && one === entry)?.[2] ?? null,
        ),
    },
    lists: {
      isKnown: (list) => lists.has(list),
      members: (list) => Promise.resolve(lists.get(list) ?? null),
      contains: (list, value) => Promise.resolve(lists.get(list)?.includes(value) ?? false),
    },
    duplicates: { seen: (id) => Promise.resolve(seen.includes(id)) },
    scripts: {
      find: (location, name) => {
        const text = scripts[location].get(name);
        const known = compiled.get(`${location} ${name}`) ?? (text === undefined ? null : compileSieve(text));
        if (known !== null) compiled.set(`${location} ${name}`, known);
        return Promise.resolve(known);
      },
    },
  };
}
