import assert from "node:assert/strict";
import fc from "fast-check";
import { NOTHING, type Selection, Tracker } from "../../../src/session/imap/tracker.ts";
import { mergeRanges } from "../../../src/wire/imap/mod.ts";

/** The same as the tracker, in the most obvious way: a list of UIDs, each gone or not. */
class Model {
  messages: { uid: number; gone: boolean }[];

  constructor(uids: readonly number[]) {
    this.messages = uids.map((uid) => ({ uid, gone: false }));
  }

  takeUids(): number[] {
    const uids = this.messages.flatMap(({ uid, gone }) => gone ? [uid] : []);
    this.messages = this.messages.filter(({ gone }) => !gone);
    return uids;
  }

  take(): number[] {
    const sequences = this.messages.flatMap(({ gone }, i) => gone ? [i + 1] : []);
    this.messages = this.messages.filter(({ gone }) => !gone);
    return sequences.reverse();
  }
}

/** The UIDs of the view that lie in the selection: what the store would return. */
function members(model: Model, selection: Selection): number[] {
  return model.messages
    .map(({ uid }) => uid)
    .filter((uid) => selection.uids.some(([from, to]) => from <= uid && uid <= to));
}

type Step =
  | { readonly do: "append"; readonly gaps: number[] }
  | { readonly do: "gone"; readonly picks: number[] }
  | { readonly do: "take" | "take-uids" }
  | { readonly do: "select"; readonly pairs: [number, number][] };

const number = fc.integer({ min: 1, max: 60 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("append" as const),
    gaps: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 6 }),
  }),
  fc.record({ do: fc.constant("gone" as const), picks: fc.array(number, { maxLength: 6 }) }),
  fc.record({ do: fc.constantFrom("take" as const, "take-uids" as const) }),
  fc.record({
    do: fc.constant("select" as const),
    pairs: fc.array(fc.tuple(number, number), { maxLength: 5 }),
  }),
);

Deno.test("the tracker agrees with the obvious model, whatever happens", () => {
  fc.assert(
    fc.property(fc.uniqueArray(number), fc.array(step, { maxLength: 30 }), (initial, steps) => {
      const uids = [...initial].sort((a, b) => a - b);
      const tracker = new Tracker(Uint32Array.from(uids));
      const model = new Model(uids);
      for (const action of steps) {
        perform(tracker, model, action);
        check(tracker, model);
      }
    }),
    { numRuns: 500 },
  );
});

function perform(tracker: Tracker, model: Model, action: Step): void {
  switch (action.do) {
    case "append": {
      let uid = tracker.lastUid;
      const fresh = action.gaps.map((gap) => uid += gap);
      tracker.append(fresh);
      model.messages.push(...fresh.map((fresh) => ({ uid: fresh, gone: false })));
      return;
    }
    case "gone":
      tracker.markGone(action.picks);
      for (const message of model.messages) if (action.picks.includes(message.uid)) message.gone = true;
      return;
    case "take":
      assert.deepEqual(tracker.takeGone(), model.take());
      return;
    case "take-uids":
      assert.deepEqual(tracker.takeGoneUids(), model.takeUids());
      return;
    case "select": {
      const ranges = mergeRanges(action.pairs.map(([a, b]) => [Math.min(a, b), Math.max(a, b)]));
      const inRanges = (value: number) => ranges.some(([from, to]) => from <= value && value <= to);
      const all = model.messages.map(({ uid }) => uid);
      const byUid = tracker.byUid(ranges);
      assert.deepEqual(members(model, byUid), all.filter(inRanges));
      const bySequence = tracker.bySequence(ranges);
      assert.deepEqual(members(model, bySequence), all.filter((_, i) => inRanges(i + 1)));
      for (const selection of [byUid, bySequence]) checkSelection(tracker, model, selection);
    }
  }
}

function checkSelection(tracker: Tracker, model: Model, selection: Selection): void {
  assert.equal(selection.count, members(model, selection).length);
  const last = tracker.lastOf(selection, 2);
  assert.deepEqual(members(model, last), members(model, selection).slice(-2));
  assert.equal(last.count, Math.min(2, selection.count));
  const slices = [...tracker.slices(selection, 3)];
  assert.ok(slices.every(({ count }, i) => i === slices.length - 1 ? count <= 3 : count === 3));
  assert.deepEqual(slices.flatMap((slice) => members(model, slice)), members(model, selection));
}

function check(tracker: Tracker, model: Model): void {
  assert.equal(tracker.count, model.messages.length);
  assert.equal(tracker.lastUid, model.messages.at(-1)?.uid ?? 0);
  for (let uid = 1; uid <= 70; uid++) {
    assert.equal(tracker.sequenceOf(uid), model.messages.findIndex((message) => message.uid === uid) + 1);
    for (const previous of [0, 1, 2, tracker.count - 1, tracker.count, tracker.count + 1]) {
      assert.equal(tracker.sequenceAfter(previous, uid), tracker.sequenceOf(uid));
    }
    assert.equal(tracker.countFrom(uid), model.messages.filter((message) => message.uid >= uid).length);
    assert.equal(tracker.isGone(uid), model.messages.some((message) => message.uid === uid && message.gone));
  }
}

Deno.test("huge ranges cost what they match", () => {
  const tracker = new Tracker(Uint32Array.of(5, 6, 4294967295));
  assert.deepEqual(tracker.byUid([[1, 4294967295]]), { uids: [[5, 4294967295]], count: 3 });
  assert.deepEqual(tracker.byUid([[7, 4294967294]]), NOTHING);
  const many = Array.from({ length: 20_000 }, (_, i) => [10 + 2 * i, 10 + 2 * i] as const);
  assert.deepEqual(tracker.byUid(many), NOTHING);
});
