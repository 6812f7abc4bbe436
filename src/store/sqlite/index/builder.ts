import type { MessageDigest } from "../../../wire/mime/digest.ts";
import type { Database } from "../database.ts";
import { BodyGone, StoredBody } from "../reader/body.ts";
import { readState, StaleIndex, writeState } from "./file.ts";
import { wordTerms } from "./terms.ts";
import { type MessageTexts, readTexts } from "./texts.ts";

/** Characters of text in one transaction: about a tenth of a second of work. */
const BATCH_TEXT = 512 * 1024;
/** Bodies staged at once that are kept an eye on. */
const MAX_WAITING = 1000;
/** An index of this size is not built anew for what was deleted. */
const SMALL_INDEX = 20_000;

export interface IndexPlace {
  /** All bodies up to this one are in the index, or are listed as unsure. */
  readonly mark: number;
  /** Bodies whose texts are in it, those since deleted included. */
  readonly indexed: number;
}

/** Brings the texts of bodies from the store's database into the index. */
export class IndexBuilder {
  readonly #mail: Database;
  readonly #index: Database;
  readonly #maxText: number;

  constructor(mail: Database, index: Database, options: { readonly maxText: number }) {
    this.#mail = mail;
    this.#index = index;
    this.#maxText = options.maxText;
  }

  get place(): IndexPlace {
    return {
      mark: readState<number>(this.#index, "mark") ?? 0,
      indexed: readState<number>(this.#index, "indexed") ?? 0,
    };
  }

  /** How many ids lie behind the mark; not all of them need be bodies. */
  get behind(): number {
    return Math.max(0, this.#lastBody("SELECT max(id) AS last FROM bodies") - this.place.mark);
  }

  /** Throws `StaleIndex` when this cannot be an index of that database as it is now. */
  checkOrigin(): void {
    const { mark } = this.place;
    // A backup was restored: the ids after it are given again, to other messages.
    if (mark > this.#lastBody("SELECT seq AS last FROM sqlite_sequence WHERE name = 'bodies'")) {
      throw new StaleIndex("It knows messages that the database does not");
    }
    const sample = readState<string>(this.#index, "sample") ?? "";
    const [bodyId = ""] = sample.split(" ");
    const now = sample === "" ? null : this.#sample(Number(bodyId));
    if (now !== null && now !== sample) throw new StaleIndex("It is the index of another database");
  }

  /** Throws `StaleIndex` when most of what the index holds has been deleted. */
  checkWaste(): void {
    const { mark, indexed } = this.place;
    if (indexed < SMALL_INDEX) return;
    const alive = this.#mail.get<{ n: number }>(
      "SELECT count(*) AS n FROM bodies WHERE id <= ? AND refs > 0",
      mark,
    )!.n;
    if (indexed > 2 * alive) throw new StaleIndex("Most of what it holds was deleted");
  }

  /** Takes at most `most` bodies in, in one transaction; true when there is more to do at once. */
  run(most: number): boolean {
    this.#index.run("BEGIN IMMEDIATE");
    try {
      const hasMore = this.#takeNext(most);
      this.#index.run("COMMIT");
      return hasMore;
    } catch (error) {
      if (this.#index.inTransaction) this.#index.run("ROLLBACK");
      throw error;
    }
  }

  #takeNext(most: number): boolean {
    let { mark, indexed } = this.place;
    let text = 0;
    let last: number | null = null;
    const take = (bodyId: number) => {
      const taken = this.#take(bodyId);
      if (taken === null) return;
      indexed++;
      text += taken;
      last = bodyId;
    };
    this.#revisit(take);
    const next = this.#mail.arrays<[id: number, refs: number]>(
      "SELECT id, refs FROM bodies WHERE id > ? ORDER BY id LIMIT ?",
      mark,
      most,
    );
    for (const [id, refs] of next) {
      if (refs > 0) take(id);
      // It is on its way and may become a message.
      else if (refs < 0) this.#index.run("INSERT INTO unsure VALUES (?, 1)", id);
      mark = id;
      if (text > BATCH_TEXT) break;
    }
    writeState(this.#index, "mark", mark);
    writeState(this.#index, "indexed", indexed);
    if (last !== null) writeState(this.#index, "sample", this.#sample(last) ?? "");
    return next.length > 0 && (next.length === most || mark < next.at(-1)![0]);
  }

  /** Takes in what was being staged when its turn came and is complete now. */
  #revisit(take: (bodyId: number) => void): void {
    const waiting = this.#index.arrays<[id: number]>(
      `SELECT body_id FROM unsure WHERE waits = 1 LIMIT ${MAX_WAITING}`,
    );
    for (const [id] of waiting) {
      const refs = this.#mail.get<{ refs: number }>("SELECT refs FROM bodies WHERE id = ?", id)?.refs ?? 0;
      if (refs < 0) continue;
      this.#index.run("DELETE FROM unsure WHERE body_id = ?", id);
      if (refs > 0) take(id);
    }
  }

  /** The characters of text that it had; null when there was nothing to take in. */
  #take(id: number): number | null {
    const texts = this.#read(id);
    if (texts === "gone") return null;
    if (texts === "unreadable" || !texts.complete) this.#index.run("INSERT INTO unsure VALUES (?, 0)", id);
    if (texts === "unreadable") return null;
    const { head, body, fields } = texts;
    this.#index.run("INSERT INTO head_grams (rowid, t) VALUES (?, ?)", id, head);
    this.#index.run("INSERT INTO body_grams (rowid, t) VALUES (?, ?)", id, body);
    this.#index.run(
      "INSERT INTO words (rowid, t) VALUES (?, ?)",
      id,
      wordTerms("h", head) + wordTerms("b", body),
    );
    const { from, to, cc, bcc, subject } = fields;
    this.#index.run("INSERT INTO fields VALUES (?, ?, ?, ?, ?, ?)", id, from, to, cc, bcc, subject);
    return head.length + body.length;
  }

  #read(id: number): MessageTexts | "gone" | "unreadable" {
    try {
      const head = this.#mail.get<{ digest: string }>("SELECT digest FROM heads WHERE body_id = ?", id);
      if (head === undefined) return "gone";
      const { structure } = JSON.parse(head.digest) as MessageDigest;
      return readTexts(new StoredBody(this.#mail, id), structure, this.#maxText);
    } catch (error) {
      // The store's own damage is not the index's: a search will meet it where it reads the message.
      return error instanceof BodyGone ? "gone" : "unreadable";
    }
  }

  /** What tells one body from another of the same id; null when it is gone. */
  #sample(id: number): string | null {
    const found = this.#mail.get<{ size: number; digest: number }>(
      `SELECT b.size, length(h.digest) AS digest FROM bodies b JOIN heads h ON h.body_id = b.id
       WHERE b.id = ? AND b.refs > 0`,
      id,
    );
    return found === undefined ? null : `${id} ${found.size} ${found.digest}`;
  }

  #lastBody(sql: string): number {
    return this.#mail.get<{ last: number | null }>(sql)?.last ?? 0;
  }
}
