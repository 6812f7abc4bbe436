/** A client that writes into a mailbox of its own by every command that takes messages, and knows what must be there. */
import assert from "node:assert/strict";
import type { ImapClient } from "../../support/imap_client.ts";

/** What a command that has not been answered yet does, wholly or not at all. */
interface Pending {
  /** Messages, in their order. */
  readonly adds: readonly string[];
  readonly removes: number | null;
}

const TURNS = [
  "small",
  "large",
  "binary",
  "many",
  "many large",
  "catenate",
  "replace",
  "replace by parts",
] as const;

export class Writer {
  readonly mailbox: string;
  /** By UID, as it was told. Bytes stand as characters. */
  readonly #known = new Map<number, string>();
  #pending: Pending | null = null;
  #highest = 0;
  #validity: string | null = null;
  #turn = 0;
  #count = 0;

  constructor(mailbox: string) {
    this.mailbox = mailbox;
  }

  get messages(): number {
    return this.#known.size;
  }

  /** One command; the mailbox is selected. */
  async write(imap: ImapClient): Promise<void> {
    const turn = TURNS[this.#turn++ % TURNS.length]!;
    const last = [...this.#known.keys()].at(-1);
    if (turn === "small") await this.#append(imap, [this.#message(500)]);
    else if (turn === "large") await this.#append(imap, [this.#message(400_000)]);
    else if (turn === "binary") await this.#append(imap, [this.#binary()]);
    else if (turn === "many") await this.#append(imap, [1, 2, 3].map(() => this.#message(300)));
    else if (turn === "many large") {
      await this.#append(imap, [400, 300_000, 90_000].map((size) => this.#message(size)));
    } else if (last !== undefined) await this.#assemble(imap, { turn, uid: last });
  }

  /** Compares what is there with what was promised, and goes on from what is there. The mailbox is selected anew. */
  async check(imap: ImapClient): Promise<void> {
    const { untagged } = await imap.ok(`SELECT ${this.mailbox}`);
    const validity = /UIDVALIDITY (\d+)/.exec(untagged.join("\n"))![1]!;
    assert.equal(this.#validity ??= validity, validity);
    const found = await readAll(imap);
    const pending = this.#pending;
    this.#pending = null;
    const fresh = [...found].filter(([uid]) => !this.#known.has(uid));
    if (fresh.length === 0) this.#compare(found, null);
    else {
      assert.ok(pending !== null, `Nobody put ${fresh.map(([uid]) => uid)} into ${this.mailbox}`);
      assert.deepEqual(fresh.map(([, text]) => digest(text)), pending.adds.map(digest), "done in part");
      this.#compare(found, pending.removes);
      for (const [uid, text] of fresh) this.#learn(uid, text);
    }
  }

  #compare(found: ReadonlyMap<number, string>, removed: number | null): void {
    if (removed !== null) this.#known.delete(removed);
    for (const [uid, text] of this.#known) {
      const there = found.get(uid);
      assert.ok(there !== undefined, `UID ${uid} of ${this.mailbox} was acknowledged and is gone`);
      assert.ok(there === text, `UID ${uid} of ${this.mailbox} has ${there.length} bytes, not what was sent`);
    }
    if (removed !== null) assert.ok(!found.has(removed), `UID ${removed} was replaced and is still there`);
  }

  async #append(imap: ImapClient, messages: readonly string[]): Promise<void> {
    // A literal8 may hold NUL (RFC 3516 section 4.4); the others may not.
    const parts = messages.flatMap((message) => [message.includes("\0") ? " ~" : " ", bytesOf(message)]);
    await this.#do(imap, { adds: messages, removes: null }, [`APPEND ${this.mailbox}`, ...parts]);
  }

  async #assemble(imap: ImapClient, { turn, uid }: { turn: string; uid: number }): Promise<void> {
    const { mailbox } = this;
    const old = this.#known.get(uid)!;
    const body = old.slice(old.indexOf("\r\n\r\n") + 4);
    const head = `Subject: ${mailbox} ${++this.#count}\r\n\r\n`;
    const catenate = [
      "CATENATE (TEXT ",
      bytesOf(head),
      ` URL "/${mailbox}/;UID=${uid}/;SECTION=TEXT" URL ";UID=${uid}/;PARTIAL=0.10")`,
    ];
    const assembled = head + body + old.slice(0, 10);
    if (turn === "catenate") {
      await this.#do(imap, { adds: [assembled], removes: null }, [
        `APPEND ${mailbox} (\\Seen) `,
        ...catenate,
      ]);
    } else if (turn === "replace") {
      const message = this.#message(2000);
      const command = [`UID REPLACE ${uid} ${mailbox} (\\Draft) `, bytesOf(message)];
      await this.#do(imap, { adds: [message], removes: uid }, command);
    } else {
      await this.#do(imap, { adds: [assembled], removes: uid }, [
        `UID REPLACE ${uid} ${mailbox} `,
        ...catenate,
      ]);
    }
  }

  async #do(imap: ImapClient, pending: Pending, parts: readonly (string | Uint8Array)[]): Promise<void> {
    this.#pending = pending;
    const { text, untagged } = await imap.ok(...joined(parts));
    const told = /APPENDUID (\d+) ([\d:,]+)\]/.exec([text, ...untagged].join("\n")) ?? assert.fail(text);
    assert.equal(told[1], this.#validity);
    const [from, to = from] = told[2]!.split(":").map(Number) as [number, number?];
    assert.equal(to! - from + 1, pending.adds.length);
    for (const [place, message] of pending.adds.entries()) this.#learn(from + place, message);
    if (pending.removes !== null) this.#known.delete(pending.removes);
    this.#pending = null;
  }

  #learn(uid: number, message: string): void {
    assert.ok(uid > this.#highest, `UID ${uid} of ${this.mailbox} was used before`);
    this.#highest = uid;
    this.#known.set(uid, message);
  }

  /** Lines that differ, so that a chunk at a wrong place or of another message would be seen. */
  #message(size: number): string {
    const name = `${this.mailbox} ${++this.#count}`;
    const lines = [`Subject: ${name}`, ""];
    for (let length = 0, i = 0; length < size; i++) {
      lines.push(`${name} ${i} ${Math.imul(i + size, 2654435761) >>> 0}`.padEnd(76, "=+-~"));
      length += 78;
    }
    return `${lines.join("\r\n")}\r\n`;
  }

  /** Every byte that there is, lone CR and LF among them. */
  #binary(): string {
    const all = String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte));
    return `Subject: ${this.mailbox} ${++this.#count}\r\nContent-Transfer-Encoding: binary\r\n\r\n${
      all.repeat(40)
    }`;
  }
}

/** All messages of the selected mailbox by UID; each must have as many bytes as it says. */
async function readAll(imap: ImapClient): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (const line of (await imap.ok("UID FETCH 1:* (RFC822.SIZE BODY.PEEK[])")).untagged) {
    const match = /^\d+ FETCH \(UID (\d+) RFC822\.SIZE (\d+) BODY\[\] \{(\d+)\}\r\n/.exec(line);
    if (match === null) continue;
    const [head, uid, size, length] = match;
    assert.equal(size, length);
    found.set(Number(uid), line.slice(head.length, head.length + Number(size)));
  }
  return found;
}

/** Neighbouring texts as one: the client sends a literal after each text. */
function joined(parts: readonly (string | Uint8Array)[]): (string | Uint8Array)[] {
  const all: (string | Uint8Array)[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === "string" && typeof last === "string") all[all.length - 1] = last + part;
    else all.push(part);
  }
  return all;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Enough of a message to tell it from others in a failure. */
function digest(text: string): string {
  const sum = [...text].reduce((hash, character) => Math.imul(hash, 31) + character.charCodeAt(0) | 0, 0);
  return `${text.slice(0, 30)} ${text.length} ${sum}`;
}
