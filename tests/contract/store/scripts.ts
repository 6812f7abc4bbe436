import assert from "node:assert/strict";
import { Refusal } from "../../../src/core/errors.ts";
import { NoSuchScript, ScriptExists, ScriptIsActive } from "../../../src/store/scripts.ts";
import type { ContractCase } from "./harness.ts";

const LIMITS = { count: 3, bytes: 100 };

export const scriptCases: readonly ContractCase[] = [
  {
    name: "scripts are put, listed, read, renamed and removed",
    async run({ store: { scripts }, account }) {
      await scripts.put(account, { name: "b", text: "keep;" }, LIMITS);
      await scripts.put(account, { name: "ä", text: "# ä" }, LIMITS);
      assert.deepEqual(await scripts.list(account), [
        { name: "b", bytes: 5, isActive: false },
        { name: "ä", bytes: 4, isActive: false },
      ]);
      const first = await scripts.get(account, "b");
      assert.equal(first?.text, "keep;");
      await scripts.put(account, { name: "b", text: "stop;" }, LIMITS);
      const second = await scripts.get(account, "b");
      assert.equal(second?.text, "stop;");
      assert.ok(second!.version > first!.version, "A version is used once");
      await scripts.rename(account, "b", "c");
      assert.equal(await scripts.get(account, "b"), null);
      assert.equal((await scripts.get(account, "c"))?.text, "stop;");
      await scripts.remove(account, "c");
      assert.deepEqual((await scripts.list(account)).map(({ name }) => name), ["ä"]);
    },
  },
  {
    name: "one script is active, also when it is replaced or renamed (RFC 5804 sections 2.6, 2.8, 2.11.1)",
    async run({ store: { scripts }, account }) {
      assert.deepEqual(await scripts.standing(account), { active: null, away: null });
      await scripts.put(account, { name: "one", text: "keep;" }, LIMITS);
      await scripts.put(account, { name: "two", text: "stop;" }, LIMITS);
      assert.equal(await scripts.active(account), null);
      await scripts.activate(account, "one");
      assert.equal((await scripts.active(account))?.name, "one");
      await scripts.activate(account, "two");
      assert.equal((await scripts.active(account))?.name, "two");
      await scripts.put(account, { name: "two", text: "discard;" }, LIMITS);
      await scripts.rename(account, "two", "three");
      const active = await scripts.active(account);
      assert.deepEqual([active?.name, active?.text], ["three", "discard;"]);
      assert.deepEqual(await scripts.standing(account), { active: active!.version, away: null });
      await assert.rejects(() => scripts.remove(account, "three"), ScriptIsActive);
      await scripts.activate(account, null);
      assert.deepEqual(await scripts.standing(account), { active: null, away: null });
      await scripts.remove(account, "three");
    },
  },
  {
    name: "what cannot be is refused and changes nothing",
    async run({ store: { scripts }, account }) {
      await scripts.put(account, { name: "one", text: "keep;" }, LIMITS);
      await scripts.put(account, { name: "two", text: "keep;" }, LIMITS);
      await assert.rejects(() => scripts.rename(account, "one", "two"), ScriptExists);
      await assert.rejects(() => scripts.rename(account, "none", "x"), NoSuchScript);
      await assert.rejects(() => scripts.remove(account, "none"), NoSuchScript);
      await assert.rejects(() => scripts.activate(account, "none"), NoSuchScript);
      for (const name of ["", "a\0", "a\nb", "x".repeat(129)]) {
        await assert.rejects(() => scripts.put(account, { name, text: "" }, LIMITS), isRefusal(553));
        await assert.rejects(() => scripts.rename(account, "one", name), isRefusal(553));
      }
      const tooLarge = { name: "one", text: "#".repeat(96) };
      await assert.rejects(() => scripts.put(account, tooLarge, LIMITS), isRefusal(552));
      await scripts.put(account, { name: "three", text: "" }, LIMITS);
      await assert.rejects(() => scripts.put(account, { name: "four", text: "" }, LIMITS), isRefusal(552));
      await scripts.put(account, { name: "one", text: "#".repeat(95) }, LIMITS);
      assert.deepEqual((await scripts.list(account)).map(({ bytes }) => bytes), [95, 0, 5]);
    },
  },
  {
    name: "the away note stands beside the scripts",
    async run({ store: { scripts }, account }) {
      const note = { text: "Away.", subject: null, from: 1000, until: null };
      await scripts.setAway(account, null);
      assert.equal(await scripts.away(account), null);
      await scripts.setAway(account, note);
      assert.deepEqual(await scripts.away(account), note);
      const { active, away } = await scripts.standing(account);
      assert.equal(active, null);
      assert.ok(away !== null);
      await scripts.setAway(account, { ...note, text: "Back soon." });
      assert.notEqual((await scripts.standing(account)).away, away);
      assert.deepEqual(await scripts.list(account), []);
      await scripts.activate(account, null);
      assert.equal((await scripts.away(account))?.text, "Back soon.");
      assert.equal(await scripts.get(account, ""), null);
      await scripts.setAway(account, null);
      assert.deepEqual(await scripts.standing(account), { active: null, away: null });
    },
  },
  {
    name: "an account's scripts are its own and go with it",
    async run({ store, account }) {
      const other = `o-${account}`;
      await store.scripts.put(account, { name: "one", text: "keep;" }, LIMITS);
      await store.scripts.activate(account, "one");
      await store.scripts.setAway(account, { text: "x", subject: null, from: null, until: null });
      assert.deepEqual(await store.scripts.list(other), []);
      assert.equal(await store.scripts.get(other, "one"), null);
      assert.notEqual((await store.scripts.standing(account)).active, null);
      await store.accounts.remove(account);
      assert.deepEqual(await store.scripts.standing(account), { active: null, away: null });
      await store.accounts.ensure(account);
      assert.deepEqual(await store.scripts.list(account), []);
      assert.equal(await store.scripts.away(account), null);
    },
  },
];

function isRefusal(code: number) {
  return (error: unknown) => error instanceof Refusal && error.reply.code === code;
}
