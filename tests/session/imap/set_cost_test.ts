/** Sets of numbers cost what they match, and what it takes to say them; not what they span (issue 4). Work is counted, not timed. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { resolveSet } from "../../../src/session/imap/resolve.ts";
import { Tracker } from "../../../src/session/imap/tracker.ts";
import { type SequenceSet, STAR } from "../../../src/wire/imap/mod.ts";
import type { UidRanges } from "../../../src/store/mod.ts";
import { command, ImapHarness } from "./harness.ts";

const HIGHEST_UID = 0xffff_ffff;

/** UIDs that count how often one of them is looked at. */
function counting(uids: Uint32Array): { readonly uids: Uint32Array; readonly looks: () => number } {
  let looks = 0;
  const watched = new Proxy(uids, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      const value = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { uids: watched, looks: () => looks };
}

const end = fc.oneof(
  fc.integer({ min: 1, max: HIGHEST_UID }),
  fc.integer({ min: 1, max: 3000 }),
  fc.constant(STAR),
);
const ranges: fc.Arbitrary<SequenceSet> = fc.array(fc.tuple(end, end), { minLength: 1, maxLength: 300 });

Deno.test("a set of UIDs costs its ranges times the depth of a binary search, however far they reach", () => {
  fc.assert(
    fc.property(
      ranges,
      fc.integer({ min: 0, max: 2000 }),
      fc.integer({ min: 1, max: 1e6 }),
      (set, count, gap) => {
        const uids = Uint32Array.from({ length: count }, (_, i) => Math.min(HIGHEST_UID, 1 + i * gap));
        const { uids: watched, looks } = counting(uids);
        const selection = resolveSet(new Tracker(watched), set, "uid");
        // Two searches for each range, the two ends of what was found, and the last UID for `*`.
        const depth = Math.ceil(Math.log2(count + 1)) + 1;
        assert.ok(looks() <= set.length * (2 * depth + 2) + 1, `${looks()} looks for ${set.length} ranges`);
        assert.ok(selection.uids.length <= Math.min(set.length, count));
        const last = uids.at(-1) ?? 0;
        const matching = uids.filter((uid) =>
          set.some(([a, b]) => {
            const [from, to] = [a === STAR ? last : a, b === STAR ? last : b];
            return Math.min(from, to) <= uid && uid <= Math.max(from, to);
          })
        );
        assert.equal(selection.count, matching.length);
      },
    ),
    { numRuns: 200 },
  );
});

const RANGES = 3000;
const MESSAGES = 20;

/** Thousands of ranges that all mean everything. */
const EVERYTHING = Array.from({ length: RANGES }, (_, i) => i % 2 === 0 ? "1:4294967295" : `${1 + i % 7}:*`)
  .join(",");
/** As many that mean nothing but one. */
const NOTHING_BUT_ONE = Array.from({ length: RANGES }, (_, i) => `${1000 + 3 * i}`).concat("7").join(",");

/** What a command asks the store for. */
interface Asked {
  ranges: number;
  rows: number;
}

async function asked(harness: ImapHarness, work: () => Promise<unknown>): Promise<Asked> {
  const { messages } = harness.store;
  const sum: Asked = { ranges: 0, rows: 0 };
  const { rows, shownRows, setFlags, copy } = messages;
  const watch = async function* <T>(uids: UidRanges, found: AsyncIterable<readonly T[]>) {
    sum.ranges += uids.length;
    for await (const batch of found) {
      sum.rows += batch.length;
      yield batch;
    }
  };
  messages.rows = (id, uids) => watch(uids, rows.call(messages, id, uids));
  messages.shownRows = (id, uids, options) => watch(uids, shownRows.call(messages, id, uids, options));
  messages.setFlags = (id, uids, change, options) => {
    sum.ranges += uids.length;
    return setFlags.call(messages, id, uids, change, options);
  };
  messages.copy = (id, uids, target, options) => {
    sum.ranges += uids.length;
    return copy.call(messages, id, uids, target, options);
  };
  try {
    await work();
  } finally {
    Object.assign(messages, { rows, shownRows, setFlags, copy });
  }
  return sum;
}

for (
  const [title, set, matches, ranges] of [
    ["that all mean everything", EVERYTHING, MESSAGES, 1],
    ["that mean nothing but one", NOTHING_BUT_ONE, 1, 1],
  ] as const
) {
  Deno.test(`the store is asked for what matches, once: thousands of ranges ${title}`, async () => {
    await using harness = new ImapHarness();
    for (let i = 0; i < MESSAGES; i++) await harness.append("INBOX", `Subject: ${i}\r\n\r\nText\r\n`);
    const client = await harness.login();
    await command(client, "SELECT INBOX");
    for (
      const [text, answers] of [["UID FETCH", matches], ["UID STORE", matches], ["UID COPY", 0]] as const
    ) {
      const rest = { "UID FETCH": "(FLAGS)", "UID STORE": "+FLAGS (\\Seen)", "UID COPY": "Archive" }[text];
      let told = 0;
      const sum = await asked(harness, async () => {
        const lines = await command(client, `${text} ${set} ${rest}`);
        told = lines.filter((line) => / FETCH \(/.test(line)).length;
      });
      assert.equal(told, answers, text);
      // Some commands look twice: before, and at what has changed.
      assert.ok(sum.ranges <= 2 * ranges, `${text} asked for ${sum.ranges} ranges`);
      assert.ok(sum.rows <= 2 * matches, `${text} read ${sum.rows} rows`);
    }
    const [found] = await command(client, `UID SEARCH UID ${set}`);
    assert.equal(found!.split(" ").length, 2 + matches);
  });
}
