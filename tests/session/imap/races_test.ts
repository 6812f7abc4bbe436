/**
 * Several sessions at once on the SQLite store, none of which waits for another: whatever happens in between, each client that
 * believes what it is told has in the end the picture that a new client gets (RFC 3501 sections 5.5 and 7.4.1, RFC 7162, RFC 5267,
 * RFC 5465).
 */
import assert from "node:assert/strict";
import { connPair, type FakeClient, TEST_TLS } from "../../support/fake_conn.ts";
import { watched } from "../../support/pedantic_conn.ts";
import { seededRandom } from "../../support/fakes.ts";
import { serveImap } from "../../../src/session/imap/mod.ts";
import { systemClock } from "../../../src/net/system.ts";
import type { Store } from "../../../src/store/mod.ts";
import { append, mailboxOf } from "../../contract/store/harness.ts";
import { StoreFolder } from "../../store/support.ts";
import { answer, command, ImapHarness } from "./harness.ts";
import { Mirror, type Mode, numbersOf } from "./mirror.ts";

const ACCOUNT = "alice@example.com";
const FLAGS = ["\\Seen", "\\Flagged", "\\Deleted", "$Work"];

interface World {
  readonly store: Store;
  /** A client that has logged in as alice. */
  readonly login: () => Promise<FakeClient>;
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  await StoreFolder.use((folder) =>
    folder.with(async (store) => {
      await using harness = new ImapHarness();
      const deps = { ...harness.deps, store, clock: systemClock };
      const ended: Promise<void>[] = [];
      const clients: FakeClient[] = [];
      const login = async () => {
        const pair = connPair({ tls: TEST_TLS });
        const { server, client } = watched(pair, { mayBreakOff: false });
        ended.push(serveImap(server, deps));
        clients.push(client);
        await client.readLine();
        await command(client, "LOGIN alice secret");
        return client;
      };
      await store.accounts.ensure(ACCOUNT);
      await run({ store, login });
      for (const client of clients) client.close();
      await Promise.all(ended);
    })
  );
}

/** Whole numbers below a bound, the same for each seed. */
function dice(seed: number): (bound: number) => number {
  const random = seededRandom(seed);
  return (bound) => Math.floor(random.fraction() * bound);
}

async function deliver(store: Store, mailbox: string, subject: string, flags: readonly string[] = []) {
  const content = `From: a@example.com\r\nSubject: ${subject}\r\n\r\nText\r\n`;
  await append(store, await mailboxOf(store, ACCOUNT, mailbox), { content, flags });
}

/** One thing that a client does, chosen by chance. Nobody believes a silence here, since who was first is not said. */
async function act(mirror: Mirror, roll: (bound: number) => number): Promise<void> {
  await mirror.learn();
  const uid = mirror.uids[roll(Math.max(1, mirror.uids.length))];
  if (uid === undefined) return void await mirror.say("NOOP");
  const flag = FLAGS[roll(FLAGS.length)]!;
  const sign = roll(3) === 0 ? "-" : "+";
  switch (roll(9)) {
    case 0:
      return void await mirror.say("EXPUNGE");
    case 1:
      return void await mirror.say(`UID COPY ${uid} INBOX`);
    case 2:
      return void await mirror.say(`UID MOVE ${uid} Archive`);
    case 3:
      return void await mirror.say(mirror.mode === "plain" ? "CHECK" : "IDLE");
    case 4:
      return mirror.mode === "qresync" ? await mirror.resync() : await mirror.select();
    case 5:
      return void await mirror.say(
        mirror.mode === "qresync"
          ? `UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)`
          : "UID FETCH 1:* (FLAGS)",
      );
    case 6:
      return await mirror.pipeline(
        mirror.bySequence
          ? [
            "FETCH 1 (UID FLAGS)",
            `STORE 1 ${sign}FLAGS (${flag})`,
            "SEARCH FLAGGED",
            "SORT (SUBJECT) UTF-8 ALL",
            "FETCH 1 (UID FLAGS)",
            "NOOP",
          ]
          : [
            `UID FETCH ${uid} (FLAGS)`,
            `UID STORE ${uid} ${sign}FLAGS (${flag})`,
            "UID SEARCH FLAGGED",
            "NOOP",
          ],
      );
    default:
      return void await mirror.say(`UID STORE ${uid} ${sign}FLAGS (${flag})`);
  }
}

for (const seed of [1, 2]) {
  Deno.test(`sessions that never wait for each other end with one picture (${seed})`, () =>
    inWorld(async ({ store, login }) => {
      for (let i = 0; i < 20; i++) await deliver(store, "INBOX", `number ${i}`);
      const modes: readonly Mode[] = ["plain", "condstore", "qresync", "notify", "rev2", "uidonly"];
      const mirrors: Mirror[] = [];
      for (const mode of modes) {
        const mirror = new Mirror(await login(), mode);
        await mirror.begin();
        mirrors.push(mirror);
      }
      const deliveries = async () => {
        for (let i = 0; i < 30; i++) await deliver(store, "INBOX", `late ${i}`);
      };
      await Promise.all([
        deliveries(),
        ...mirrors.map(async (mirror, place) => {
          const roll = dice(100 * seed + place);
          for (let step = 0; step < 25; step++) await act(mirror, roll);
        }),
      ]);
      const fresh = new Mirror(await login(), "condstore");
      await fresh.begin();
      for (const mirror of mirrors) {
        await mirror.say("NOOP");
        await mirror.learn();
        assert.deepEqual(pictureOf(mirror), pictureOf(fresh), `A ${mirror.mode} client sees something else`);
      }
    }));
}

function pictureOf({ entries }: Mirror): string[] {
  return entries.map(({ uid, flags }) => `${uid} ${[...flags ?? []].sort().join(" ")}`).sort();
}

/** A result that is kept up to date, as a client keeps it by what it is told (RFC 5267 sections 4.3.3 and 4.3.4). */
class ResultMirror {
  uids: number[];
  readonly #isSorted: boolean;

  constructor(lines: readonly string[], isSorted: boolean) {
    this.#isSorted = isSorted;
    this.uids = numbersOf(/ ALL ([\d,:]+)/.exec(lines[0]!)?.[1] ?? "");
  }

  take(line: string): void {
    const match = /^\* ESEARCH .* UID (ADDTO|REMOVEFROM) \((.*)\)$/.exec(line);
    assert.ok(match, `Not an update: ${line}`);
    const words = match[2]!.split(" ");
    for (let at = 0; at < words.length; at += 2) {
      const [place, numbers] = [Number(words[at]), numbersOf(words[at + 1]!)];
      if (match[1] === "ADDTO") this.#add(place, numbers);
      else this.#remove(place, numbers);
    }
  }

  #add(place: number, numbers: readonly number[]): void {
    for (const uid of numbers) assert.ok(!this.uids.includes(uid), `${uid} came twice`);
    assert.equal(place > 0, this.#isSorted);
    if (place > 0) this.uids.splice(place - 1, 0, ...numbers);
    else this.uids = [...this.uids, ...numbers].sort((a, b) => a - b);
  }

  #remove(place: number, numbers: readonly number[]): void {
    for (const uid of numbers) assert.ok(this.uids.includes(uid), `${uid} left, and was not there`);
    if (place > 0) assert.deepEqual(this.uids.splice(place - 1, numbers.length), numbers);
    else this.uids = this.uids.filter((uid) => !numbers.includes(uid));
  }
}

for (const notify of [false, true]) {
  const title = notify ? "pushed" : "told with answers";
  Deno.test(`results that are kept up to date stay what a new search finds, ${title}`, () =>
    inWorld(async ({ store, login }) => {
      for (let i = 0; i < 20; i++) await deliver(store, "INBOX", `number ${i % 7}`);
      const client = await login();
      await command(client, "SELECT INBOX");
      if (notify) await command(client, "NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))");
      const searches = [
        ["s", "UID SEARCH RETURN (ALL UPDATE) OR FLAGGED DELETED"],
        ["o", "UID SORT RETURN (ALL UPDATE) (SUBJECT REVERSE ARRIVAL) UTF-8 NOT SEEN"],
        ["a", "UID SEARCH RETURN (ALL UPDATE) UID 5:*"],
      ] as const;
      const results = new Map<string, ResultMirror>();
      for (const [tag, text] of searches) {
        client.write(`${tag} ${text}\r\n`);
        results.set(tag, new ResultMirror(await answer(client, tag), text.includes("SORT")));
      }
      const take = (lines: readonly string[]) => {
        for (const line of lines) {
          const tag = /^\* ESEARCH \(TAG "(\w)"\)/.exec(line)?.[1];
          if (tag !== undefined) results.get(tag)!.take(line);
        }
      };
      const roll = dice(7);
      const others = async (place: number) => {
        const mirror = new Mirror(await login(), "condstore");
        await mirror.begin();
        const own = dice(place);
        for (let step = 0; step < 25; step++) await act(mirror, own);
      };
      await Promise.all([
        others(1),
        others(2),
        (async () => {
          for (let i = 0; i < 30; i++) {
            await deliver(store, "INBOX", `late ${i % 5}`, roll(2) === 0 ? ["\\Flagged"] : []);
            take(await command(client, "NOOP"));
            take(await command(client, `UID STORE ${1 + roll(40)} +FLAGS.SILENT (\\Seen)`));
          }
        })(),
      ]);
      take(await command(client, "NOOP"));
      for (const [tag, text] of searches) {
        const fresh = await command(client, text.replace(" UPDATE", ""));
        const uids = numbersOf(/ ALL ([\d,:]+)/.exec(fresh[0]!)?.[1] ?? "");
        assert.deepEqual(results.get(tag)!.uids, uids, text);
      }
    }));
}

Deno.test("what NOTIFY tells of other mailboxes during COPY and MOVE is in the end what STATUS says", () =>
  inWorld(async ({ store, login }) => {
    for (let i = 0; i < 50; i++) await deliver(store, "INBOX", `number ${i}`);
    const watcher = await login();
    const told = new Map<string, string>();
    const take = (lines: readonly string[]) => {
      for (const line of lines) {
        const match = /^\* STATUS (\w+) \((.*)\)$/.exec(line);
        if (match !== null) told.set(match[1]!, match[2]!);
      }
    };
    await command(watcher, "ENABLE CONDSTORE");
    take(await command(watcher, "NOTIFY SET STATUS (personal (MessageNew MessageExpunge FlagChange))"));
    const busy = async (source: string, target: string) => {
      const client = await login();
      await command(client, `SELECT ${source}`);
      for (let round = 0; round < 10; round++) {
        await command(client, `UID COPY 1:20 ${target}`);
        await command(client, `UID STORE 1:* +FLAGS.SILENT (\\Flagged)`);
        await command(client, `UID MOVE ${21 + round} ${target}`);
        await deliver(store, target, `late ${round}`);
      }
    };
    let isOver = false;
    const listening = (async () => {
      while (!isOver) {
        take(await command(watcher, "NOOP"));
        // What it does itself is not told, and hides nothing of what others do.
        take(await command(watcher, "APPEND Drafts {1+}\r\nx"));
      }
    })();
    await Promise.all([busy("INBOX", "Archive"), busy("INBOX", "Drafts"), busy("Archive", "Drafts")]);
    isOver = true;
    await listening;
    take(await command(watcher, "NOOP"));
    for (const name of ["INBOX", "Archive"]) {
      const [line] = await command(
        watcher,
        `STATUS ${name} (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)`,
      );
      assert.equal(`* STATUS ${name} (${told.get(name)})`, line);
    }
  }));

Deno.test("a session whose mailbox is removed under its commands is told so and ends (RFC 2180 section 3.3)", () =>
  inWorld(async ({ store, login }) => {
    const owner = await login();
    for (
      const rest of ["NOOP", "FETCH 1:* (UID FLAGS)", "IDLE", "UID STORE 1:* +FLAGS (\\Seen)", "SEARCH ALL"]
    ) {
      await command(owner, "CREATE Work");
      for (let i = 0; i < 5; i++) await deliver(store, "Work", `number ${i}`);
      const client = await login();
      await command(client, "SELECT Work");
      client.write(
        Array.from({ length: 50 }, (_, i) => `p${i} UID FETCH 1:* (FLAGS)\r\n`).join("") + `q ${rest}\r\n`,
      );
      await command(owner, "DELETE Work");
      const lines: string[] = [];
      for (let line = await client.readLine(); line !== null; line = await client.readLine()) {
        lines.push(line);
      }
      const untagged = lines.filter((line) => !/^\* \d+ FETCH |^[pq]\d* (OK|NO)|^\+ Idling/.test(line));
      assert.deepEqual(untagged, ["* BYE The selected mailbox was removed"], rest);
    }
  }));

Deno.test("a mailbox that is renamed stays selected, with all that happens in it (RFC 3501 section 6.3.5)", () =>
  inWorld(async ({ store, login }) => {
    const owner = await login();
    await command(owner, "CREATE Work");
    for (let i = 0; i < 5; i++) await deliver(store, "Work", `number ${i}`);
    const client = await login();
    await command(client, "SELECT Work");
    const renaming = (async () => {
      for (let i = 0; i < 10; i++) {
        await command(owner, i % 2 === 0 ? "RENAME Work Play" : "RENAME Play Work");
        await deliver(store, i % 2 === 0 ? "Play" : "Work", `late ${i}`);
      }
    })();
    let exists = 5;
    let rounds = 0;
    const take = (lines: readonly string[]) => {
      for (const line of lines) exists = Number(/^\* (\d+) EXISTS/.exec(line)?.[1] ?? exists);
    };
    while (exists < 15 && rounds++ < 10_000) {
      take(await command(client, "UID STORE 1 FLAGS (\\Seen)"));
      take(await command(client, "NOOP"));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await renaming;
    assert.equal(exists, 15);
    const fetched = await command(client, "FETCH 1:* UID");
    assert.equal(fetched.length, 16);
  }));
