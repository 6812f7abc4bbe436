/**
 * A client that believes only what the server says. It keeps its picture of a mailbox by the responses alone, pedantically:
 * a number that cannot be, an EXPUNGE where none may be, a mod-sequence that goes back, is a failure at once.
 */
import assert from "node:assert/strict";
import type { FakeClient } from "../../support/fake_conn.ts";
import { answer } from "./harness.ts";

export type Mode = "plain" | "condstore" | "qresync" | "uidonly" | "rev2" | "notify";
export const MODES: readonly Mode[] = ["plain", "condstore", "qresync", "uidonly", "rev2", "notify"];

interface Entry {
  /** Null until the server says it. */
  uid: number | null;
  flags: ReadonlySet<string> | null;
  modseq: number;
}

export interface Change {
  readonly kind: "+" | "-" | "";
  readonly flags: readonly string[];
  readonly silent: boolean;
}

const ENABLE: Readonly<Partial<Record<Mode, string>>> = {
  condstore: "CONDSTORE",
  qresync: "QRESYNC",
  uidonly: "UIDONLY CONDSTORE",
  rev2: "IMAP4rev2",
};

export class Mirror {
  readonly mode: Mode;
  readonly #client: FakeClient;
  entries: Entry[] = [];
  #uidValidity = 0;
  /** Up to here this client knows everything (RFC 7162 section 3.2.5). */
  #known = 0;
  #seen = 0;
  /** The highest mod-sequence of a FETCH since the last tagged answer. */
  #seenNow = 0;
  #isSelecting = false;
  /** Whether it was said how many messages there are in the mailbox that is opened, and how many came since then. */
  #isCounted = false;
  #grown = 0;
  #tags = 0;

  constructor(client: FakeClient, mode: Mode) {
    this.#client = client;
    this.mode = mode;
  }

  get countsChanges(): boolean {
    return this.mode === "condstore" || this.mode === "qresync" || this.mode === "uidonly";
  }

  /** Whether this client may speak in sequence numbers: with NOTIFY they can change while it speaks. */
  get bySequence(): boolean {
    return this.mode !== "uidonly" && this.mode !== "notify";
  }

  get uids(): number[] {
    return this.entries.flatMap(({ uid }) => uid === null ? [] : [uid]);
  }

  get highest(): number {
    return this.#seen;
  }

  async begin(): Promise<void> {
    const extensions = ENABLE[this.mode];
    if (extensions !== undefined) await this.say(`ENABLE ${extensions}`, false);
    await this.select();
    if (this.mode === "notify") {
      await this.say("NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))");
    }
  }

  async select(): Promise<void> {
    await this.#selectBy("SELECT INBOX");
    await this.learn();
  }

  /** Comes back with what it knows, and must know everything after that (RFC 7162 section 3.2.5). */
  async resync(): Promise<void> {
    // What it was told to be there, and has not asked for, is not in what it knows.
    await this.learn();
    const cache = new Map(this.entries.flatMap((entry) => entry.uid === null ? [] : [[entry.uid, entry]]));
    const lines = await this.#selectBy(
      `SELECT INBOX (QRESYNC (${this.#uidValidity} ${this.#known}))`,
      (uid) => {
        cache.delete(uid);
      },
    );
    const told = new Map(this.entries.flatMap((entry) => entry.uid === null ? [] : [[entry.uid, entry]]));
    const all = [...new Map([...cache, ...told]).entries()].sort(([a], [b]) => a - b).map(([, entry]) =>
      entry
    );
    // What came while it was opened is told by EXISTS only.
    all.push(...this.entries.slice(this.entries.length - this.#grown));
    assert.equal(all.length, this.entries.length, `Resynchronised otherwise: ${lines.join("\n")}`);
    this.entries = all;
  }

  async #selectBy(command: string, onEarlier: (uid: number) => void = () => {}): Promise<string[]> {
    this.#isSelecting = true;
    this.#seen = 0;
    const lines = await this.say(command, true, onEarlier);
    this.#isSelecting = false;
    const text = lines.join("\n");
    this.#uidValidity = Number(/\[UIDVALIDITY (\d+)\]/.exec(text)![1]);
    this.#known = this.#seen = Number(/\[HIGHESTMODSEQ (\d+)\]/.exec(text)![1]);
    return lines;
  }

  /** Asks for what it was not told of new messages, as long as more come meanwhile. */
  async learn(): Promise<void> {
    while (this.entries.some(({ uid, flags }) => uid === null || flags === null)) {
      await this.say("UID FETCH 1:* (UID FLAGS)");
    }
  }

  /** Says a command and takes in all that is answered; the last line is the tagged one, without its tag. */
  async say(
    text: string,
    mayExpunge = !/^(FETCH|STORE|SEARCH)/.test(text),
    onEarlier: (uid: number) => void = () => {},
  ): Promise<string[]> {
    const tag = `m${++this.#tags}`;
    this.#client.write(`${tag} ${text}\r\n`);
    if (text === "IDLE") {
      assert.equal(await this.#until("+ Idling", mayExpunge), "+ Idling");
      this.#client.write("DONE\r\n");
    }
    const lines = await answer(this.#client, tag);
    for (const line of lines.slice(0, -1)) this.#take(line, mayExpunge, onEarlier);
    this.#note(lines);
    return lines;
  }

  /** How far it may resynchronise from, by the rule of RFC 7162 section 6. */
  #note(lines: readonly string[]): void {
    const codes = lines.flatMap((line) => /\[HIGHESTMODSEQ (\d+)\]/.exec(line)?.[1] ?? []);
    this.#known = codes.length > 0 ? Number(codes.at(-1)) : Math.max(this.#known, this.#seenNow);
    this.#seenNow = 0;
  }

  /** Says several commands at once, as a client that does not wait for answers, and takes in what comes. */
  async pipeline(texts: readonly string[]): Promise<void> {
    const tags = texts.map(() => `m${++this.#tags}`);
    this.#client.write(texts.map((text, place) => `${tags[place]} ${text}\r\n`).join(""));
    for (const [place, text] of texts.entries()) {
      const mayExpunge = !/^(FETCH|STORE|SEARCH|SORT|THREAD)/.test(text);
      const lines = await answer(this.#client, tags[place]!);
      for (const line of lines.slice(0, -1)) this.#take(line, mayExpunge, () => {});
      assert.match(lines.at(-1)!, /^(OK|NO \[EXPUNGEISSUED\])/, `${text}: ${lines.at(-1)}`);
      this.#note(lines);
    }
  }

  /** Changes flags, and believes its own change where the server keeps silent about it. */
  async store(
    target: { readonly by: "UID " | ""; readonly numbers: readonly number[] },
    change: Change,
  ): Promise<void> {
    await this.#change(target, change, "");
  }

  async storeUnchanged(
    target: { readonly by: "UID " | ""; readonly numbers: readonly number[] },
    change: Change & { readonly since: number },
  ): Promise<void> {
    await this.#change(target, change, `(UNCHANGEDSINCE ${change.since}) `);
  }

  async #change(
    { by, numbers }: { readonly by: "UID " | ""; readonly numbers: readonly number[] },
    { kind, flags, silent }: Change,
    modifier: string,
  ): Promise<void> {
    const targets = this.entries.filter(({ uid }, index) =>
      numbers.includes(by === "" ? index + 1 : uid ?? 0)
    );
    const named = new Map(this.entries.map((entry, index) => [by === "" ? index + 1 : entry.uid, entry]));
    const item = `${kind}FLAGS${silent ? ".SILENT" : ""} (${flags.join(" ")})`;
    const lines = await this.say(`${by}STORE ${numbers.join(",")} ${modifier}${item}`);
    if (!silent) return;
    const modified = new Set(
      numbersOf(/\[MODIFIED ([\d:,]+)\]/.exec(lines.at(-1)!)?.[1] ?? "").map((number) => named.get(number)),
    );
    for (const entry of targets) {
      if (entry.flags === null || modified.has(entry)) continue;
      entry.flags = kind === "+"
        ? new Set([...entry.flags, ...flags])
        : kind === "-"
        ? new Set([...entry.flags].filter((flag) => !flags.includes(flag)))
        : new Set(flags);
    }
  }

  async #until(wanted: string, mayExpunge: boolean): Promise<string> {
    for (;;) {
      const line = await this.#client.readLine();
      if (line === null) throw new Error("The server closed");
      if (line === wanted) return line;
      this.#take(line, mayExpunge, () => {});
    }
  }

  #take(line: string, mayExpunge: boolean, onEarlier: (uid: number) => void): void {
    // What comes before this is about the mailbox that was open (RFC 7162 section 3.2.11).
    if (line.startsWith("* OK [CLOSED]")) {
      this.entries = [];
      this.#isCounted = false;
      this.#grown = 0;
    }
    const fetch = /^\* (\d+) (UID)?FETCH \((.*)\)$/.exec(line);
    if (fetch !== null) return this.#fetched(Number(fetch[1]), fetch[2] !== undefined, fetch[3]!);
    const numbered = /^\* (\d+) (EXISTS|EXPUNGE|RECENT)$/.exec(line);
    if (numbered !== null) return this.#counted(Number(numbered[1]), numbered[2]!, mayExpunge);
    const vanished = /^\* VANISHED (\(EARLIER\) )?([\d:,]+)$/.exec(line);
    if (vanished === null) return;
    const uids = numbersOf(vanished[2]!);
    if (vanished[1] === undefined) {
      uids.forEach(onEarlier);
      return this.#vanished(uids, mayExpunge);
    }
    for (const uid of uids) {
      assert.ok(this.#isSelecting || !this.uids.includes(uid), `${uid} vanished earlier, but it was there`);
      onEarlier(uid);
    }
  }

  #fetched(number: number, isUid: boolean, items: string): void {
    assert.equal(isUid, this.mode === "uidonly");
    const said = /(?:^| )UID (\d+)/.exec(items)?.[1];
    const uid = isUid ? number : said === undefined ? null : Number(said);
    const entry = isUid ? this.#byUid(number) : this.entries[number - 1];
    assert.ok(entry, `There is no message ${number}`);
    if (uid !== null) {
      assert.ok(entry.uid === null || entry.uid === uid, `Message ${number} is ${entry.uid}, not ${uid}`);
      entry.uid = uid;
    }
    if (this.mode === "qresync") assert.notEqual(uid, null, `A FETCH without UID: ${items}`);
    const modseq = /MODSEQ \((\d+)\)/.exec(items)?.[1];
    if (this.countsChanges) assert.ok(modseq !== undefined, `No MODSEQ in ${items}`);
    if (modseq !== undefined) {
      assert.ok(Number(modseq) >= entry.modseq, `MODSEQ goes back: ${items}`);
      entry.modseq = Number(modseq);
      this.#seen = Math.max(this.#seen, entry.modseq);
      this.#seenNow = Math.max(this.#seenNow, entry.modseq);
    }
    const flags = /FLAGS \(([^)]*)\)/.exec(items)?.[1];
    if (flags === undefined) return;
    if (this.mode === "rev2") assert.ok(!flags.includes("\\Recent"));
    entry.flags = new Set(flags.split(" ").filter((flag) => flag !== "" && flag !== "\\Recent"));
  }

  /** By UID alone a new message has no place yet but the first that is unknown. */
  #byUid(uid: number): Entry | undefined {
    return this.entries.find((entry) => entry.uid === uid) ??
      this.entries.find((entry) => entry.uid === null);
  }

  #counted(number: number, word: string, mayExpunge: boolean): void {
    if (word === "RECENT") return assert.notEqual(this.mode, "rev2");
    if (word === "EXISTS") {
      assert.ok(number >= this.entries.length, `EXISTS went from ${this.entries.length} to ${number}`);
      if (this.#isCounted) this.#grown += number - this.entries.length;
      this.#isCounted = true;
      while (this.entries.length < number) this.entries.push({ uid: null, flags: null, modseq: 0 });
      return;
    }
    assert.ok(this.mode !== "qresync" && this.mode !== "uidonly", "EXPUNGE in the place of VANISHED");
    assert.ok(mayExpunge || this.mode === "notify", "EXPUNGE during a command by sequence number");
    assert.ok(number <= this.entries.length, `EXPUNGE ${number} of ${this.entries.length}`);
    this.entries.splice(number - 1, 1);
  }

  #vanished(uids: readonly number[], mayExpunge: boolean): void {
    assert.ok(this.mode === "qresync" || this.mode === "uidonly", "VANISHED was not asked for");
    assert.ok(mayExpunge, "VANISHED during a command by sequence number");
    for (const uid of uids) {
      const index = this.entries.findIndex((entry) => entry.uid === uid);
      const unknown = this.#unknownFor(uid);
      assert.ok(index >= 0 || unknown >= 0, `${uid} vanished, but it was not there`);
      this.entries.splice(index >= 0 ? index : unknown, 1);
    }
  }

  /** The place of a message whose UID was never told but can be this one: UIDs ascend (RFC 3501 section 2.3.1.1). */
  #unknownFor(uid: number): number {
    // Without sequence numbers there is no order.
    if (this.mode === "uidonly") return this.entries.findIndex((entry) => entry.uid === null);
    const next = this.entries.findIndex((entry) => entry.uid !== null && entry.uid > uid);
    const before = this.entries.slice(0, next < 0 ? undefined : next);
    const last = before.findLastIndex((entry) => entry.uid !== null);
    return last + 1 < before.length ? last + 1 : -1;
  }
}

/** The numbers of a set in the order in which they stand there. */
export function numbersOf(set: string): number[] {
  return set.split(",").filter((part) => part !== "").flatMap((part) => {
    const [from, to = from] = part.split(":").map(Number);
    return Array.from({ length: to! - from! + 1 }, (_, place) => from! + place);
  });
}
