import type { Database } from "../database.ts";
import type { ReadKind, Reads } from "../protocol.ts";

/** A read that is done in one go. */
export type Query<K extends ReadKind> = (db: Database, args: Reads[K]["args"]) => Reads[K]["result"];

/** A read that may take long: it yields the cost of its steps (see `slices.ts`). */
export type SlicedQuery<K extends ReadKind> = (
  db: Database,
  args: Reads[K]["args"],
) => Generator<number, Reads[K]["result"]>;
