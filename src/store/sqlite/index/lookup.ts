/** What a search may ask the index: the readers' side. */
import { foldText } from "../../search_text.ts";
import type { SearchKey } from "../../search.ts";
import { type Database, isDamage } from "../database.ts";
import { openIndexForReading, readState } from "./file.ts";
import { IdSet } from "./id_set.ts";
import { gramQuery, isStorable, type WordPlace, wordQuery } from "./terms.ts";
import { type FieldName, isField, SEPARATOR } from "./texts.ts";

type TextKey = Extract<SearchKey, { kind: "header" | "body" | "text" }>;

/** Text keys of one search that the index is asked for; no person's search has more. */
const MAX_KEYS = 64;
/** The fields of so many messages are read in one go. */
const FIELD_STEP = 20_000;
/** What a query costs, next to looking at one byte. */
const QUERY_COST = 100_000;

/** Where the index is, and the token by which this run's indexer vouches for it. */
export interface IndexAddress {
  readonly path: string;
  readonly token: string;
}

/** What the index says to one key. */
interface Answer {
  readonly sure: IdSet;
  /** Those that may match besides; null: any. */
  readonly possible: IdSet | null;
}

/** The index's word on the text keys of one search. */
export class IndexAnswers {
  readonly #mark: number;
  readonly #unsure: IdSet;
  readonly #answers: ReadonlyMap<SearchKey, Answer>;

  constructor(mark: number, unsure: IdSet, answers: ReadonlyMap<SearchKey, Answer>) {
    this.#mark = mark;
    this.#unsure = unsure;
    this.#answers = answers;
  }

  /** Whether the body matches a text key; null when only the message can tell. */
  knows(key: SearchKey, bodyId: number): boolean | null {
    const answer = this.#answers.get(key);
    if (answer === undefined) return null;
    if (answer.sure.has(bodyId)) return true;
    if (bodyId > this.#mark || this.#unsure.has(bodyId)) return null;
    return answer.possible === null || answer.possible.has(bodyId) ? null : false;
  }

  /** The same for a whole search, of which the other keys are not known. */
  decide(key: SearchKey, bodyId: number): boolean | null {
    switch (key.kind) {
      case "and":
      case "or": {
        const decisive = key.kind === "or";
        let found: boolean | null = !decisive;
        for (const child of key.keys) {
          const one = this.decide(child, bodyId);
          if (one === decisive) return decisive;
          if (one === null) found = null;
        }
        return found;
      }
      case "not": {
        const inner = this.decide(key.key, bodyId);
        return inner === null ? null : !inner;
      }
      case "all":
        return true;
      case "none":
        return false;
      default:
        return this.knows(key, bodyId);
    }
  }
}

export class IndexLookup {
  readonly #address: IndexAddress;
  readonly #onDamage: (reason: string) => void;

  constructor(address: IndexAddress, onDamage: (reason: string) => void) {
    this.#address = address;
    this.#onDamage = onDamage;
  }

  /**
   * Asks the index for all text keys of a search; null when it can say nothing. It is opened for this alone, so that one
   * that was built anew is met the next time, and nothing is held while nobody searches. `messages` is how many will be asked for.
   */
  *consult(key: SearchKey, messages: number): Generator<number, IndexAnswers | null> {
    const keys = textKeys(key);
    if (keys.length === 0) return null;
    let db: Database | null = null;
    try {
      db = openIndexForReading(this.#address.path);
      if (readState<string>(db, "token") !== this.#address.token) return null;
      return yield* consultIndex(db, keys, messages);
    } catch (error) {
      // Not there yet, most likely. Without it the search reads the messages.
      if (isDamage(error)) this.#onDamage(error instanceof Error ? error.message : String(error));
      return null;
    } finally {
      db?.close();
    }
  }
}

/**
 * The mark and the list of the unsure are read first: a body may leave that list, and the mark pass it, only after its texts are
 * in, so what is read later holds them.
 */
function* consultIndex(
  db: Database,
  keys: readonly TextKey[],
  messages: number,
): Generator<number, IndexAnswers | null> {
  const mark = readState<number>(db, "mark") ?? 0;
  const unsure = readIds(db, "SELECT json_group_array(body_id) FROM unsure");
  const answers = new Map<SearchKey, Answer>();
  for (const key of keys) {
    const answer = yield* ask(db, key, { mark, messages });
    if (answer !== null) answers.set(key, answer);
  }
  return answers.size === 0 ? null : new IndexAnswers(mark, unsure, answers);
}

interface Extent {
  readonly mark: number;
  readonly messages: number;
}

function* ask(db: Database, key: TextKey, extent: Extent): Generator<number, Answer | null> {
  const needle = foldText(key.text);
  yield QUERY_COST;
  if (key.kind !== "header") return askTexts(db, needle, key.kind === "body" ? ["b"] : ["b", "h"]);
  const field = key.field.toLowerCase();
  if (isField(field) && isStorable(needle) && !needle.includes(SEPARATOR)) {
    return yield* askField(db, { field, needle }, extent);
  }
  const grams = gramQuery(needle);
  return grams === null ? null : { sure: new IdSet(), possible: matches(db, "head_grams", grams) };
}

/** A word is surely where the index has it; anywhere else the groups of letters say where the text may be. */
function askTexts(db: Database, needle: string, places: readonly WordPlace[]): Answer | null {
  const grams = gramQuery(needle);
  if (grams === null) return null;
  const sure = new IdSet();
  const possible = new IdSet();
  for (const place of places) {
    possible.addAll(matches(db, place === "b" ? "body_grams" : "head_grams", grams));
    const words = wordQuery(place, needle);
    if (words !== null) sure.addAll(matches(db, "words", words));
  }
  return { sure, possible };
}

/** The field itself decides; the groups of letters only spare reading all of them. */
function* askField(
  db: Database,
  { field, needle }: { readonly field: FieldName; readonly needle: string },
  { mark, messages }: Extent,
): Generator<number, Answer | null> {
  const grams = gramQuery(needle);
  if (grams !== null) {
    const sure = readIds(
      db,
      `SELECT json_group_array(g.rowid) FROM head_grams g JOIN fields f ON f.body_id = g.rowid
       WHERE g.head_grams MATCH ? AND instr(f."${field}", ?) > 0`,
      grams,
      needle,
    );
    return { sure, possible: new IdSet() };
  }
  // For a mailbox that is a small part of all mail it is cheaper to look into its messages.
  if (mark > messages * 50) return null;
  const sure = new IdSet();
  for (let from = 0; from <= mark; from += FIELD_STEP) {
    sure.addAll(readIds(
      db,
      `SELECT json_group_array(body_id) FROM fields WHERE body_id BETWEEN ? AND ? AND instr("${field}", ?) > 0`,
      from,
      from + FIELD_STEP - 1,
      needle,
    ));
    yield QUERY_COST;
  }
  return { sure, possible: new IdSet() };
}

function matches(db: Database, table: "head_grams" | "body_grams" | "words", query: string): IdSet {
  return readIds(db, `SELECT json_group_array(rowid) FROM ${table} WHERE ${table} MATCH ?`, query);
}

/** One JSON text instead of a row for each. */
function readIds(db: Database, sql: string, ...values: (string | number)[]): IdSet {
  const [found] = db.arrays<[string]>(sql, ...values);
  return IdSet.of(JSON.parse(found![0]) as number[]);
}

function textKeys(key: SearchKey): TextKey[] {
  const found: TextKey[] = [];
  const waiting: SearchKey[] = [key];
  for (let next = waiting.pop(); next !== undefined && found.length < MAX_KEYS; next = waiting.pop()) {
    if (next.kind === "and" || next.kind === "or") waiting.push(...next.keys);
    else if (next.kind === "not") waiting.push(next.key);
    else if (next.kind === "header" || next.kind === "body" || next.kind === "text") found.push(next);
  }
  return found;
}
