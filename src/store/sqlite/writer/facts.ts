import { counterValue } from "../../facts_page.ts";
import type { Fact, SpacedFact } from "../../mod.ts";
import type { Command, WriteContext } from "./context.ts";

export const putFact: Command<"putFact"> = (context, { space, fact }) => put(context, space, fact);

export const addToFact: Command<"addToFact"> = (context, { space, key, by, expiresAt }) => {
  const { db, now } = context;
  const known = db.get<{ value: string; expires_at: number }>(
    "SELECT value, expires_at FROM facts WHERE space = ? AND key = ? AND expires_at > ?",
    space,
    key,
    now,
  );
  const value = by + (known === undefined ? 0 : counterValue(known.value));
  put(context, space, { key, value: String(value), expiresAt: known?.expires_at ?? expiresAt });
  return value;
};

export const removeFact: Command<"removeFact"> = ({ db }, { space, key }) => {
  db.run("DELETE FROM facts WHERE space = ? AND key = ?", space, key);
};

/** Forgets what has expired; how many went. */
export function purgeFacts({ db, now }: WriteContext, limit: number): number {
  return db.run(
    `DELETE FROM facts WHERE (space, key) IN
     (SELECT space, key FROM facts WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    now,
    limit,
  );
}

/** Puts facts that belong to something else that is being written. */
export function putFacts(context: WriteContext, facts: readonly SpacedFact[]): void {
  for (const fact of facts) put(context, fact.space, fact);
}

function put({ db }: WriteContext, space: string, { key, value, expiresAt }: Fact): void {
  db.run(
    `INSERT INTO facts (space, key, value, expires_at) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
    space,
    key,
    value,
    expiresAt,
  );
}
