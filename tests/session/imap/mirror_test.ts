/**
 * Several clients on one mailbox, each with other extensions, in any order: what each of them was told must in the end be what
 * a client sees that comes anew (RFC 3501 sections 5.2 and 7.4.1, RFC 7162, RFC 9586, RFC 5465).
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ImapHarness } from "./harness.ts";
import { type Change, Mirror, type Mode, MODES } from "./mirror.ts";

const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "$Work"] as const;
const MESSAGE = "Subject: one\r\n\r\nText\r\n";

interface Step {
  readonly who: number;
  readonly do:
    | "append"
    | "store"
    | "store-unchanged"
    | "expunge"
    | "uid-expunge"
    | "move"
    | "fetch"
    | "uid-fetch"
    | "noop"
    | "idle"
    | "reopen"
    | "together";
  readonly picks: readonly number[];
  readonly change: Change;
}

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(),
  do: fc.constantFrom(
    "append",
    "append",
    "store",
    "store",
    "store-unchanged",
    "expunge",
    "uid-expunge",
    "move",
    "fetch",
    "uid-fetch",
    "noop",
    "idle",
    "reopen",
    "together",
  ),
  picks: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 4 }),
  change: fc.record({
    kind: fc.constantFrom("+", "-", ""),
    flags: fc.subarray([...FLAGS], { minLength: 1 }),
    silent: fc.boolean(),
  }),
});

async function perform(harness: ImapHarness, mirror: Mirror, action: Step): Promise<void> {
  const uids = pick(mirror.uids, action.picks);
  const numbers = pick(mirror.entries.map((_, index) => index + 1), action.picks);
  const bySequence = mirror.bySequence && action.picks[0]! % 2 === 0;
  const target = bySequence ? { by: "", numbers } as const : { by: "UID ", numbers: uids } as const;
  const { change } = action;
  switch (action.do) {
    case "append":
      await harness.append("INBOX", MESSAGE, { flags: change.flags });
      return;
    case "store":
      if (target.numbers.length > 0) await mirror.store(target, change);
      return;
    case "store-unchanged":
      if (!mirror.countsChanges || target.numbers.length === 0) return;
      return await mirror.storeUnchanged(target, { ...change, since: mirror.highest });
    case "expunge":
      return void await mirror.say("EXPUNGE");
    case "uid-expunge":
      if (uids.length > 0) await mirror.say(`UID EXPUNGE ${uids.join(",")}`);
      return;
    case "move":
      if (target.numbers.length > 0) await mirror.say(`${target.by}MOVE ${target.numbers.join(",")} Archive`);
      return;
    case "fetch":
      if (mirror.bySequence && numbers.length > 0) await mirror.say(`FETCH ${numbers.join(",")} (UID FLAGS)`);
      return;
    case "uid-fetch":
      if (uids.length > 0) await mirror.say(`UID FETCH ${uids.join(",")} (FLAGS)`);
      return;
    case "noop":
      return void await mirror.say("NOOP");
    case "idle":
      return void await mirror.say("IDLE");
    case "reopen":
      return mirror.mode === "qresync" ? await mirror.resync() : await mirror.select();
    case "together":
      return;
  }
}

function pick(from: readonly number[], picks: readonly number[]): number[] {
  if (from.length === 0) return [];
  return [...new Set(picks.map((place) => from[place % from.length]!))].sort((a, b) => a - b);
}

/** Who hears UIDs of what it did not know learns the rest, as a real client does before it goes on. */
async function perhapsLearn(mirror: Mirror, action: Step): Promise<void> {
  if (action.picks.length % 2 === 0) await mirror.learn();
}

async function open(harness: ImapHarness, mode: Mode): Promise<Mirror> {
  const mirror = new Mirror(await harness.login(), mode);
  await mirror.begin();
  return mirror;
}

function picture(mirror: Mirror): [number | null, string[]][] {
  const entries = mirror.entries.map(({ uid, flags }) =>
    [uid, [...flags ?? []].sort()] as [number | null, string[]]
  );
  // Without sequence numbers there is no order.
  return mirror.mode === "uidonly" ? entries.sort(([a], [b]) => a! - b!) : entries;
}

Deno.test("every client ends with the picture that a new one gets", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...MODES), { minLength: 2, maxLength: 4 }),
      fc.array(step, { maxLength: 40, size: "max" }),
      async (modes, steps) => {
        await using harness = new ImapHarness();
        for (let i = 0; i < 3; i++) await harness.append("INBOX", MESSAGE);
        const mirrors: Mirror[] = [];
        for (const mode of modes) mirrors.push(await open(harness, mode));
        for (const action of steps) {
          if (action.do === "together") {
            // All at once; nobody believes its own silence then, since who was first is not said.
            const change = { ...action.change, silent: false };
            await Promise.all(mirrors.map((mirror, place) => {
              const kind = (["store", "expunge", "noop", "uid-fetch"] as const)[(place + action.who) % 4]!;
              return perform(harness, mirror, { ...action, change, do: kind });
            }));
            continue;
          }
          const mirror = mirrors[action.who % mirrors.length]!;
          await perform(harness, mirror, action);
          await perhapsLearn(mirror, action);
        }
        const fresh = picture(await open(harness, "condstore"));
        for (const mirror of mirrors) {
          await mirror.say("NOOP");
          await mirror.learn();
          assert.deepEqual(picture(mirror), fresh, `A ${mirror.mode} client sees something else`);
        }
      },
    ),
    { numRuns: 300 },
  );
});
