import type { MessageDigest } from "../../../wire/mime/digest.ts";
import type { SearchRow, SearchSubject } from "../../evaluate.ts";
import type { Database } from "../database.ts";
import { BodyGone, StoredBody } from "./body.ts";

/** A stored message under search: its digest and its bytes are read when they are asked for. */
export class StoredSubject implements SearchSubject {
  readonly row: SearchRow;
  readonly #db: Database;
  readonly #bodyId: number;
  #body: StoredBody | null = null;
  #digest: MessageDigest | null = null;

  constructor(db: Database, row: SearchRow, bodyId: number) {
    this.#db = db;
    this.row = row;
    this.#bodyId = bodyId;
  }

  digest(): MessageDigest {
    this.#digest ??= this.#readDigest();
    return this.#digest;
  }

  read(start: number, end: number): Uint8Array {
    this.#body ??= new StoredBody(this.#db, this.#bodyId);
    return this.#body.read(start, end);
  }

  #readDigest(): MessageDigest {
    const head = this.#db.get<{ digest: string }>("SELECT digest FROM heads WHERE body_id = ?", this.#bodyId);
    if (head === undefined) throw new BodyGone(`There is no body ${this.#bodyId} any more`);
    return JSON.parse(head.digest);
  }
}
