/** Whatever a script says, it ends within its budgets, and the message is somewhere. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compileSieve,
  defaultSieveRunLimits,
  runSieve,
  SIEVE_EXTENSIONS,
} from "../../../src/delivery/sieve/mod.ts";
import { SieveError } from "../../../src/wire/sieve/mod.ts";
import { makeInput } from "../sieve/support.ts";

const LIMITS = {
  ...defaultSieveRunLimits,
  steps: 2000,
  actions: 6,
  redirects: 2,
  notifications: 2,
  addedFields: 4,
};

const MESSAGE = `From: a@example.org
To: alice@example.com
Subject: x
Content-Type: multipart/mixed; boundary=b

--b

one
--b
Content-Type: text/html

<p>two</p>
--b--
`;

const quoted = fc.constantFrom(
  '"a"',
  '"${x}"',
  '"${x}${x}"',
  '"*a*"',
  '"(a*)*b"',
  '"subject"',
  '"b@example.net"',
  '"1"',
);
const match = fc.constantFrom(
  "",
  ":contains",
  ":matches",
  ":regex",
  ':value "gt" :comparator "i;ascii-numeric"',
);

const { command } = fc.letrec<{ test: string; command: string; block: string }>((tie) => ({
  test: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "true",
      "false",
      'exists "from"',
      "size :over 1",
      'hasflag "a"',
      "duplicate",
      'mailboxexists "INBOX"',
    ),
    fc.tuple(match, quoted, quoted).map(([how, a, b]) => `header ${how} ${a} ${b}`),
    fc.tuple(match, quoted, quoted).map(([how, a, b]) => `string ${how} ${a} ${b}`),
    fc.tuple(match, quoted).map(([how, a]) => `body :text ${how} ${a}`),
    fc.array(tie("test"), { minLength: 1, maxLength: 3 }).map((tests) => `anyof (${tests.join(", ")})`),
    tie("test").map((test) => `not ${test}`),
  ),
  command: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(
      "keep;",
      "discard;",
      "stop;",
      'addflag "a";',
      'fileinto "${x}";',
      'fileinto :copy "Work";',
      'redirect :copy "b@example.net";',
      'redirect "${x}@example.net";',
      'set "x" "${x}${x}ab";',
      'set :length "y" "${x}";',
      'addheader "X" "${x}";',
      'deleteheader "Subject";',
      'vacation "Away.";',
      'notify "mailto:b@example.net";',
      'reject "no";',
      'replace "text";',
      'enclose "text";',
      'include :optional "none";',
    ),
    fc.tuple(tie("test"), tie("block"), tie("block")).map(([test, a, b]) => `if ${test} ${a} else ${b}`),
    tie("block").map((block) => `foreverypart ${block}`),
  ),
  block: fc.array(tie("command"), { maxLength: 4 }).map((commands) => `{ ${commands.join("\n")} }`),
}));

const required = [...SIEVE_EXTENSIONS].filter((name) => name !== "ihave").map((name) => `"${name}"`).join(
  ", ",
);

Deno.test("filter: no script runs past its budgets", async () => {
  let ran = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 12 }), async (commands) => {
      let script;
      try {
        script = compileSieve(`require [${required}];\n${commands.join("\n")}`);
      } catch (error) {
        assert.ok(error instanceof SieveError, String(error));
        return;
      }
      ran++;
      const { actions, error } = await runSieve([script], makeInput(MESSAGE), LIMITS);
      assert.ok(actions.length <= LIMITS.actions);
      assert.ok(actions.filter(({ kind }) => kind === "redirect").length <= LIMITS.redirects);
      assert.ok(actions.filter(({ kind }) => kind === "notify").length <= LIMITS.notifications);
      if (error !== null) {
        assert.match(error, /^Line \d+, column \d+: \S/);
        assert.deepEqual(actions.map(({ kind }) => kind), ["keep"]);
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(ran > 100, `Only ${ran} of the scripts could be compiled`);
});
