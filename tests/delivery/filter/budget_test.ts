/** Whatever a script says, it ends within its budgets, and the message is somewhere. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compileSieve,
  defaultSieveRunLimits,
  runSieve,
  SIEVE_EXTENSIONS,
  type SieveResult,
} from "../../../src/delivery/sieve/mod.ts";
import { SieveError } from "../../../src/wire/sieve/mod.ts";
import { type Grammar, readGrammar, type ValueKind } from "../sieve/registry_grammar.ts";
import { makeInput } from "../sieve/support.ts";

const LIMITS = {
  ...defaultSieveRunLimits,
  steps: 2000,
  actions: 6,
  redirects: 2,
  notifications: 2,
  addedFields: 4,
  includeDepth: 3,
};

const MESSAGE = `From: a@example.org
To: alice@example.com
Subject: x
Message-ID: <1@example.org>
Date: Sun, 22 Nov 2026 12:25:00 +0100
Content-Type: multipart/mixed; boundary=b

--b

one
--b
Content-Type: text/html; name="x.html"

<p>two</p>
--b--
`;

// ---- Scripts, made of what the registry has ----

const REQUIRED = `require [${SIEVE_EXTENSIONS.filter((name) => name !== "ihave").map(quoted).join(", ")}];`;
/** With this one errors wait until they are reached, so scripts have it only now and then. */
const WITH_IHAVE = `require [${SIEVE_EXTENSIONS.map(quoted).join(", ")}];`;

function quoted(text: string): string {
  return `"${text}"`;
}

/** Texts of which each argument finds some that it can use. */
const TEXT = fc.constantFrom(
  ...["a", "x", "1", "${x}", "${x}${x}${1}", "*a*?", "(a*)*b", "from", "subject", "to", "b@example.net"],
  ...[
    "mailto:b@example.net",
    "Work",
    "\\\\Seen b",
    "\\\\Junk",
    ":addrbook:all",
    "year",
    "text",
    "+0100",
    "other",
  ],
).map(quoted);

const NUMBER = fc.constantFrom("0", "1", "2", "100K");

/** Tags whose texts are words of the language. */
const WORDS: ReadonlyMap<string, fc.Arbitrary<string>> = new Map([
  ["comparator", fc.constantFrom("i;octet", "i;ascii-numeric", "i;unicode-casemap").map(quoted)],
  ["count", fc.constantFrom("gt", "eq").map(quoted)],
  ["value", fc.constantFrom("lt", "ne").map(quoted)],
]);

function valueOf(kind: ValueKind): fc.Arbitrary<string> {
  if (kind === "number") return NUMBER;
  const list = fc.array(TEXT, { minLength: 1, maxLength: 3 }).map((texts) => `[${texts.join(", ")}]`);
  return kind === "string" ? TEXT : fc.oneof(TEXT, list);
}

/** A command or test with some of its tags and all that has its place. */
function sentenceOf({ name, flags, tags, placed }: Grammar): fc.Arbitrary<string> {
  const words = [
    ...flags.map((flag) => fc.constant(`:${flag}`)),
    ...tags.map(({ name, kind }) => (WORDS.get(name) ?? valueOf(kind)).map((value) => `:${name} ${value}`)),
  ];
  const some = words.length === 0
    ? fc.constant([])
    : fc.subarray(words, { maxLength: Math.min(3, words.length) }).chain((chosen) => fc.tuple(...chosen));
  const places = fc.constantFrom(...placed).chain((kinds) => fc.tuple(...kinds.map(valueOf)));
  return fc.tuple(some, places).map(([some, places]) => [name, ...some, ...places].join(" "));
}

const { commands, tests } = readGrammar();
const OF_IHAVE = ["ihave", "error"];
const compiled = new Map<string, boolean>();
const covered = new Set<string>();

/** The sentence if it stands by itself; else what always does. */
function orElse(sentence: string, wrap: (sentence: string) => string, other: string): string {
  const name = sentence.split(" ")[0]!;
  const required = OF_IHAVE.includes(name) ? 'require "ihave";' : REQUIRED;
  const known = compiled.get(sentence) ?? compiles(`${required} ${wrap(sentence)}`);
  compiled.set(sentence, known);
  if (known) covered.add(name);
  return known ? sentence : other;
}

function compiles(script: string): boolean {
  try {
    compileSieve(script);
    return true;
  } catch (error) {
    assert.ok(error instanceof SieveError, String(error));
    return false;
  }
}

const plainTests = tests.filter((row) => row.tests === undefined);
const plainCommands = commands.filter((row) => !row.hasBlock);

const { command } = fc.letrec<{ test: string; command: string; block: string }>((tie) => ({
  test: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...plainTests).chain(sentenceOf).map((text) =>
      orElse(text, (text) => `if ${text} { }`, "true")
    ),
    ...tests.filter((row) => row.tests !== undefined).map(({ name, tests: kind }) => {
      const inner = fc.array(tie("test"), { minLength: 1, maxLength: kind === "one" ? 1 : 3 });
      const shown = (tests: readonly string[]) => kind === "one" ? tests[0]! : `(${tests.join(", ")})`;
      covered.add(name);
      return inner.map((tests) => `${name} ${shown(tests)}`);
    }),
  ),
  command: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...plainCommands).chain(sentenceOf).map((text) =>
      // Some may stand in a loop only.
      `${orElse(text, (text) => `foreverypart { ${text}; }`, "keep")};`
    ),
    fc.tuple(tie("test"), tie("block"), tie("block")).map(([test, a, b]) => `if ${test} ${a} else ${b}`),
    ...commands.filter((row) => row.hasBlock).map(({ name }) => {
      covered.add(name);
      return tie("block").map((block) => `${name} ${block}`);
    }),
  ),
  block: fc.array(tie("command"), { maxLength: 4 }).map((commands) => `{ ${commands.join("\n")} }`),
}));

function assertWithin({ actions, error }: SieveResult): void {
  assert.ok(actions.length <= LIMITS.actions);
  assert.ok(actions.filter(({ kind }) => kind === "redirect").length <= LIMITS.redirects);
  assert.ok(actions.filter(({ kind }) => kind === "notify").length <= LIMITS.notifications);
  if (error === null) return;
  assert.match(error, /^Line \d+, column \d+: \S/);
  assert.deepEqual(actions.map(({ kind }) => kind), ["keep"]);
}

Deno.test("filter: no script of anything in the registry runs past its budgets", async () => {
  const other = compileSieve(
    `${REQUIRED} set "x" "\${x}\${x}a"; include :optional "x"; redirect :copy "c@example.net";`,
  );
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(command, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      async (commands, asks) => {
        // `break` and its kin stand in a loop or not.
        const text = `foreverypart {\n${commands.join("\n")} }`;
        const needsIhave = OF_IHAVE.some((name) => text.includes(`${name} `));
        const script = (asks || needsIhave ? WITH_IHAVE : REQUIRED) + text;
        if (!compiles(script)) return;
        ran++;
        const find = (_: string, name: string) => Promise.resolve(name === "none" ? null : other);
        const input = makeInput(MESSAGE, { scripts: { find } });
        assertWithin(await runSieve([compileSieve(script)], input, LIMITS));
      },
    ),
    { numRuns: 200 },
  );
  assert.ok(ran > 100, `Only ${ran} of the scripts could be compiled`);
  const missing = [...commands, ...tests].map(({ name }) => name).filter((name) => !covered.has(name));
  assert.deepEqual(missing, [], "never made by this test");
});

// ---- What is made to take long ----

const LARGE = `Subject: x\n\n${`${"a".repeat(70)}\n`.repeat(15_000)}`;

const HOSTILE: readonly (readonly [title: string, test: string])[] = [
  ["many wildcards", `body :raw :matches "${"*a".repeat(2000)}b"`],
  ["wildcards and letters of all scripts", 'body :raw :comparator "i;unicode-casemap" :matches "*zzz*"'],
  ["choices of nothing", `body :raw :regex "(${"()|".repeat(300)}x)x"`],
  ["hundreds of groups", `body :raw :regex "${"()".repeat(400)}x"`],
  ["repetitions of choices", 'body :raw :regex "(a|a|a|a|a){0,200}b"'],
  ["thousands of keys", `body :raw :contains [${Array.from({ length: 5000 }, (_, i) => `"z${i}"`).join()}]`],
  [
    "one expression for every key",
    `body :raw :regex ["\${x}${"(a*)*".repeat(50)}b", "\${y}${"(a|b)*c".repeat(90)}"]`,
  ],
];

for (const [title, test] of HOSTILE) {
  Deno.test(`filter: on a large text, ${title} let others in and end`, async () => {
    let rests = 0;
    const input = makeInput(LARGE, {
      rest: () => {
        rests++;
        return Promise.resolve();
      },
    });
    const limits = { ...defaultSieveRunLimits, steps: 20_000 };
    const { actions, error } = await runSieve(
      [compileSieve(`${REQUIRED} if ${test} { discard; }`)],
      input,
      limits,
    );
    assert.deepEqual(actions.map(({ kind }) => kind), ["keep"]);
    if (error !== null) assert.match(error, /more than 20000 steps/);
    assert.ok(rests >= 1, `${rests} rests`);
  });
}

Deno.test("filter: a header of a megabyte is read once, however many tests look at it", async () => {
  const many = Array.from({ length: 30_000 }, (_, i) => `user${i}@long-domain-name.example`).join(",\n ");
  const tests = 'if anyof (address "to" "x", header "to" "x", exists "to") { keep; }'.repeat(50);
  const { actions, error } = await runSieve([compileSieve(tests)], makeInput(`To: ${many}\n\nText.\n`));
  // Read anew each time it would take far more steps than there are.
  assert.equal(error, null);
  assert.deepEqual(actions.map(({ kind }) => kind), ["keep"]);
});
