//   4 clients --993--> Mailden: APPEND, COPY, MOVE, EXPUNGE; killed with SIGKILL in the middle, started again
//   what was answered OK is so after the restart; what was not answered is done wholly or not at all; no UID is used twice
import assert from "node:assert/strict";
import type { ImapClient } from "../../support/imap_client.ts";
import { Mailden } from "../../support/mailden.ts";
import { checkCrashed, checkEnded } from "./check.ts";

const ACCOUNT = "alice@example.test";
const CLIENTS = 4;
/** After so many answers the server is killed. */
const KILL_AFTER = [40, 90, 140];
/** The expected subjects of a mailbox, by UID; those whose UID was never told stand in `unnumbered`. */
type Contents = Map<number, string>;

/** What one client knows of its two mailboxes. */
class Knowledge {
  readonly boxes: Record<"A" | "B", Contents> = { A: new Map(), B: new Map() };
  /** No UID up to this one may be given again. */
  readonly highest = { A: 0, B: 0 };
  validity: Record<string, string> = {};
  /** What the last command does to the subjects, as long as it has not been answered. */
  pending: ((subjects: Record<"A" | "B", string[]>) => void) | null = null;
  count = 0;

  subjects(): Record<"A" | "B", string[]> {
    return { A: [...this.boxes.A.values()], B: [...this.boxes.B.values()] };
  }

  learn(box: "A" | "B", uid: number, subject: string): void {
    assert.ok(uid > this.highest[box], `UID ${uid} of ${box} was used before`);
    this.highest[box] = uid;
    this.boxes[box].set(uid, subject);
  }
}

interface Load {
  readonly imap: ImapClient;
  readonly name: string;
  readonly known: Knowledge;
}

Deno.test("e2e: SIGKILL under IMAP load: what was answered stays, the rest is done wholly or not at all", async () => {
  await using server = await Mailden.start({ accounts: { [ACCOUNT]: "a" } });
  const known = Array.from({ length: CLIENTS }, () => new Knowledge());
  {
    await using imap = await server.imap(ACCOUNT);
    for (let i = 0; i < CLIENTS; i++) for (const box of ["A", "B"]) await imap.ok(`CREATE ${box}${i}`);
  }
  for (const limit of KILL_AFTER) {
    let answers = 0;
    const enough = Promise.withResolvers<void>();
    const onAnswer = () => {
      if (++answers >= limit) enough.resolve();
    };
    const running = known.map((one, i) => workUntilDeath(server, { name: String(i), known: one, onAnswer }));
    // A client that fails for another reason than the kill must not leave us waiting.
    await Promise.race([enough.promise, Promise.all(running)]);
    await server.kill();
    await Promise.all(running);
    assert.ok(answers >= limit, "the clients gave up before the kill");
    await checkCrashed(server);
    await server.serve();
    await using imap = await server.imap(ACCOUNT);
    for (const [i, one] of known.entries()) await compare({ imap, name: String(i), known: one });
  }
  assert.equal(await server.stop(), 0);
  checkEnded(server);
});

async function workUntilDeath(
  server: Mailden,
  { name, known, onAnswer }: { name: string; known: Knowledge; onAnswer: () => void },
): Promise<void> {
  const imap = await server.imap(ACCOUNT);
  const load = { imap, name, known };
  try {
    await imap.select(`A${name}`);
    for (;; onAnswer()) {
      const oldest = [...known.boxes.A.keys()].sort((a, b) => a - b).slice(0, 3);
      const turn = known.count++ % 8;
      if (turn === 3 && oldest.length > 0) await copyOrMove(load, "COPY", oldest);
      else if (turn === 5 && oldest.length > 0) await copyOrMove(load, "MOVE", oldest);
      else if (turn === 7 && oldest.length > 0) await expunge(load, oldest);
      else await append(load);
    }
  } catch (error) {
    // The server is dead: that is how this ends.
    if (error instanceof assert.AssertionError && /was used before/.test(error.message)) throw error;
  }
}

async function append({ imap, name, known }: Load): Promise<void> {
  const subject = `m${name}-${known.count}`;
  // Small ones, some of several chunks, and some that are staged as they come.
  const size = [500, 3000, 90_000, 400_000][known.count % 4]!;
  known.pending = ({ A }) => A.push(subject);
  const { text } = await imap.append(`A${name}`, `Subject: ${subject}\r\n\r\n${"x".repeat(size)}\r\n`);
  const [, uid] = /APPENDUID \d+ (\d+)/.exec(text) ?? assert.fail(text);
  known.learn("A", Number(uid), subject);
  known.pending = null;
}

async function copyOrMove({ imap, name, known }: Load, verb: "COPY" | "MOVE", uids: number[]): Promise<void> {
  const { A } = known.boxes;
  const subjects = uids.map((uid) => A.get(uid)!);
  known.pending = (boxes) => {
    boxes.B.push(...subjects);
    if (verb === "MOVE") boxes.A = boxes.A.filter((subject) => !subjects.includes(subject));
  };
  const { text, untagged } = await imap.ok(`UID ${verb} ${uids.join(",")} B${name}`);
  const [, from, to] = /COPYUID \d+ (\S+) ([\d,:]+)/.exec([text, ...untagged].join("\n")) ??
    assert.fail(text);
  assert.deepEqual(numbers(from!), uids);
  for (const [place, uid] of numbers(to!).entries()) known.learn("B", uid, subjects[place]!);
  if (verb === "MOVE") { for (const uid of uids) A.delete(uid); }
  known.pending = null;
}

async function expunge({ imap, known }: Load, uids: number[]): Promise<void> {
  const { A } = known.boxes;
  const subjects = uids.map((uid) => A.get(uid)!);
  await imap.ok(`UID STORE ${uids.join(",")} +FLAGS.SILENT (\\Deleted)`);
  known.pending = (boxes) => boxes.A = boxes.A.filter((subject) => !subjects.includes(subject));
  await imap.ok(`UID EXPUNGE ${uids.join(",")}`);
  for (const uid of uids) A.delete(uid);
  known.pending = null;
}

/** Compares what is there with what was promised, and goes on from what is there. */
async function compare({ imap, name, known }: Load): Promise<void> {
  const found = { A: await read(imap, `A${name}`, known), B: await read(imap, `B${name}`, known) };
  const promised = known.subjects();
  const alternative = known.subjects();
  known.pending?.(alternative);
  known.pending = null;
  const real = { A: [...found.A.values()].sort(), B: [...found.B.values()].sort() };
  const [first, second] = [promised, alternative].map(({ A, B }) => ({ A: A.sort(), B: B.sort() }));
  const isEither = [first, second].some((one) => JSON.stringify(one) === JSON.stringify(real));
  if (!isEither) assert.deepEqual(real, first, `client ${name}: neither done nor undone`);
  for (const box of ["A", "B"] as const) {
    for (const [uid, subject] of known.boxes[box]) {
      if (found[box].has(uid)) assert.equal(found[box].get(uid), subject);
    }
    for (const [uid, subject] of found[box]) {
      if (!known.boxes[box].has(uid)) known.learn(box, uid, subject);
    }
    for (const uid of known.boxes[box].keys()) if (!found[box].has(uid)) known.boxes[box].delete(uid);
  }
}

/** The subjects by UID; each message must have as many bytes as it says. */
async function read(imap: ImapClient, mailbox: string, known: Knowledge): Promise<Contents> {
  const { untagged } = await imap.ok(`SELECT ${mailbox}`);
  const validity = /UIDVALIDITY (\d+)/.exec(untagged.join("\n"))![1]!;
  assert.equal(known.validity[mailbox] ??= validity, validity);
  const exists = Number(/^(\d+) EXISTS/m.exec(untagged.join("\n"))![1]);
  const contents: Contents = new Map();
  if (exists === 0) return contents;
  for (const line of (await imap.ok("FETCH 1:* (UID RFC822.SIZE BODY.PEEK[])")).untagged) {
    const match = /^\d+ FETCH \(UID (\d+) RFC822\.SIZE (\d+) BODY\[\] \{(\d+)\}\r\nSubject: (\S+)\r\n/.exec(
      line,
    );
    if (match === null) continue;
    const [head, uid, size, length, subject] = match;
    assert.equal(size, length);
    assert.equal(line.length - head.length + `Subject: ${subject}\r\n`.length - 1, Number(size));
    assert.ok(!contents.has(Number(uid)), `UID ${uid} stands twice`);
    contents.set(Number(uid), subject!);
  }
  assert.equal(contents.size, exists);
  return contents;
}

/** `3:5,7` as numbers. */
function numbers(set: string): number[] {
  return set.split(",").flatMap((range) => {
    const [from, to = from] = range.split(":").map(Number) as [number, number?];
    return Array.from({ length: to! - from! + 1 }, (_, i) => from! + i);
  });
}
