import type { Database } from "../database.ts";
import type { IndexLookup } from "../index/lookup.ts";
import type { ReadKind, Reads } from "../protocol.ts";
import type { OrderCache } from "./order_cache.ts";

/** A read that is done in one go. */
export type Query<K extends ReadKind> = (db: Database, args: Reads[K]["args"]) => Reads[K]["result"];

/** Hears how many of how many messages a long read has looked at. */
export type Report = (done: number, total: number) => void;

/** What a long read may use besides the database. */
export interface ReadContext {
  readonly report: Report;
  /** Null: there is no full-text index. */
  readonly index: IndexLookup | null;
  readonly orders: OrderCache;
}

/** A read that may take long: it yields the cost of its steps (see `slices.ts`). */
export type SlicedQuery<K extends ReadKind> = (
  db: Database,
  args: Reads[K]["args"],
  context: ReadContext,
) => Generator<number, Reads[K]["result"]>;
