import type { Fact } from "../../mod.ts";
import type { Query } from "./query.ts";

interface FactRecord {
  readonly key: string;
  readonly value: string;
  readonly expires_at: number;
}

export const fact: Query<"fact"> = (db, { space, key, now }) => {
  const record = db.get<FactRecord>(
    "SELECT key, value, expires_at FROM facts WHERE space = ? AND key = ? AND expires_at > ?",
    space,
    key,
    now,
  );
  return record === undefined ? null : toFact(record);
};

export const listFacts: Query<"listFacts"> = (db, { space, now, after, limit }) =>
  db.all<FactRecord>(
    `SELECT key, value, expires_at FROM facts
     WHERE space = ?1 AND (?2 IS NULL OR key > ?2) AND expires_at > ?3 ORDER BY key LIMIT ?4`,
    space,
    after,
    now,
    limit,
  ).map(toFact);

function toFact({ key, value, expires_at }: FactRecord): Fact {
  return { key, value, expiresAt: expires_at };
}
