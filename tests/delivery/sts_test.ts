import assert from "node:assert/strict";
import fc from "fast-check";
import type { DnsAnswer, Resolver } from "../../src/core/ports.ts";
import { Sts } from "../../src/delivery/remote/policy/mod.ts";
import { listsHost, parseStsPolicy, readStsRecord } from "../../src/delivery/remote/policy/sts_policy.ts";
import { FetchError } from "../../src/net/fetch_text.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import { ManualClock, seededRandom, silentLog } from "../support/fakes.ts";
import { makeClientTrust } from "../../src/net/tls/trust.ts";
import { tableResolver } from "./support.ts";

const HOUR = 3_600_000;

// ---- Text ----

const RECORDS: readonly [readonly string[], string | null][] = [
  [["v=STSv1; id=20260102T00;"], "20260102T00"],
  [["v=STSv1;id=a"], "a"],
  [["something else", "v=STSv1; x=y; id=b; "], "b"],
  [["v=STSv1; id=a", "v=STSv1; id=b"], null],
  [["v=STSv10; id=a"], null],
  [["v=STSv1; id=a b"], null],
  [["v=STSv1"], null],
  [[" v=STSv1; id=a"], null],
  [[], null],
];

Deno.test("sts: the TXT record (RFC 8461 section 3.1)", () => {
  for (const [texts, id] of RECORDS) assert.equal(readStsRecord(texts), id, JSON.stringify(texts));
});

const POLICIES: readonly [string, string][] = [
  [
    "version: STSv1\r\nmode: enforce\r\nmx: A.test\r\nmx: *.b.test\r\nmax_age: 604800\r\n",
    "enforce a.test,*.b.test 604800",
  ],
  ["max_age:1\nmx:a\nmode:testing\nversion:STSv1", "testing a 1"],
  ["version: STSv1\nmode: none\nmax_age: 86400\n", "none  86400"],
  ["version: STSv1\nmode: enforce\nmode: none\nmx: a\nmax_age: 5\nnew_key: x\n\n", "enforce a 5"],
  ["version: STSv1\nmode: enforce\nmx: a\nmax_age: 9999999999\n", "enforce a 31557600"],
  ["version: STSv1\nmode: enforce\nmax_age: 86400\n", "invalid"],
  ["version: STSv2\nmode: enforce\nmx: a\nmax_age: 86400\n", "invalid"],
  ["version: STSv1\nmode: strict\nmx: a\nmax_age: 86400\n", "invalid"],
  ["version: STSv1\nmode: enforce\nmx: a\nmax_age: -1\n", "invalid"],
  ["<html>\n", "invalid"],
  ["", "invalid"],
];

Deno.test("sts: the policy file (RFC 8461 section 3.2)", () => {
  for (const [text, expected] of POLICIES) {
    const policy = parseStsPolicy(text);
    const found = policy === null ? "invalid" : `${policy.mode} ${policy.mx} ${policy.maxAgeMs / 1000}`;
    assert.equal(found, expected, text);
  }
  fc.assert(fc.property(fc.string(), (text) => void parseStsPolicy(text)), { numRuns: 200 });
});

Deno.test("sts: a star stands for one label (RFC 8461 section 4.1)", () => {
  const policy = { mode: "enforce", mx: ["mx.a.test", "*.b.test"], maxAgeMs: 1 } as const;
  const table: readonly [string, boolean][] = [
    ["mx.a.test", true],
    ["MX.A.test", true],
    ["x.b.test", true],
    ["b.test", false],
    ["x.y.b.test", false],
    ["xb.test", false],
    ["a.test", false],
    ["test", false],
  ];
  for (const [host, expected] of table) assert.equal(listsHost(policy, host), expected, host);
});

// ---- The cache ----

function makeSts() {
  const clock = new ManualClock();
  const state = {
    id: "1" as string | null,
    policy: null as string | null | FetchError,
    fetches: [] as string[],
  };
  const resolver: Resolver = {
    ...tableResolver({}),
    txt(name): Promise<DnsAnswer<string>> {
      assert.equal(name, "_mta-sts.there.test");
      const records = state.id === null ? [] : [`v=STSv1; id=${state.id}`];
      return Promise.resolve({ kind: "found", records, ttl: 1, authentic: false });
    },
  };
  const sts = new Sts({
    resolver,
    facts: openMemoryStore({ clock, random: seededRandom() }).facts,
    fetchText({ url }) {
      state.fetches.push(url);
      if (typeof state.policy === "string") return Promise.resolve(state.policy);
      return Promise.reject(state.policy ?? new FetchError("Nothing there"));
    },
    trust: { current: makeClientTrust(null) },
    settings: { current: { mtaStsPort: 443, mtaStsTimeoutMs: 1000 } },
    clock,
    log: silentLog,
  });
  const find = async () => {
    const { policy, failure } = await sts.find("there.test");
    return `${policy?.mode ?? null} ${failure?.type ?? null}`;
  };
  return { clock, state, find };
}

const text = (mode: string, maxAge = 86_400) =>
  `version: STSv1\nmode: ${mode}\nmx: mx.there.test\nmax_age: ${maxAge}\n`;

Deno.test("sts: a policy is fetched once, however many ask, and again when its id changes", async () => {
  const { state, find } = makeSts();
  state.policy = text("enforce");
  assert.deepEqual(await Promise.all([find(), find(), find()]), Array(3).fill("enforce null"));
  await find();
  assert.deepEqual(state.fetches, ["https://mta-sts.there.test/.well-known/mta-sts.txt"]);
  state.id = "2";
  state.policy = text("none");
  assert.equal(await find(), "null null");
  assert.equal(state.fetches.length, 2);
});

Deno.test("sts: a policy stays in force when the DNS forgets it or it cannot be fetched (RFC 8461 section 5.1)", async () => {
  const { clock, state, find } = makeSts();
  state.policy = text("enforce");
  await find();
  state.id = null;
  assert.equal(await find(), "enforce null");
  state.id = "2";
  state.policy = null;
  assert.equal(await find(), "enforce sts-policy-fetch-error");
  await clock.advance(25 * HOUR);
  assert.equal(await find(), "null sts-policy-fetch-error");
});

Deno.test("sts: a fetch that failed is not repeated at once (RFC 8461 section 3.3)", async () => {
  const { clock, state, find } = makeSts();
  for (let i = 0; i < 3; i++) assert.equal(await find(), "null sts-policy-fetch-error");
  assert.equal(state.fetches.length, 1);
  await clock.advance(6 * 60_000);
  state.policy = text("testing");
  assert.equal(await find(), "testing null");
});

Deno.test("sts: what goes wrong has its name in a report", async () => {
  for (
    const [policy, failure] of [
      ["nonsense", "sts-policy-invalid"],
      [new FetchError("Wrong certificate", { untrusted: true }), "sts-webpki-invalid"],
    ] as const
  ) {
    const { state, find } = makeSts();
    state.policy = policy;
    assert.equal(await find(), `null ${failure}`);
  }
});

Deno.test("sts: past half of its life a policy is fetched again, and a short life is an hour", async () => {
  const { clock, state, find } = makeSts();
  state.policy = text("enforce", 1);
  await find();
  await clock.advance(HOUR / 4);
  assert.equal(await find(), "enforce null");
  assert.equal(state.fetches.length, 1);
  await clock.advance(HOUR / 2);
  await find();
  assert.equal(state.fetches.length, 2);
});
