import { AWAY_NAME, type StoredScript } from "../../scripts.ts";
import type { Query } from "./query.ts";

const OF_ACCOUNT = "account_id = (SELECT id FROM accounts WHERE name = ?)";

export const listScripts: Query<"listScripts"> = (db, { account }) =>
  db.all<{ name: string; bytes: number; active: number }>(
    `SELECT name, bytes, active FROM scripts WHERE ${OF_ACCOUNT} AND name <> ?`,
    account,
    AWAY_NAME,
  ).map(({ name, bytes, active }) => ({ name, bytes, isActive: active !== 0 }));

export const script: Query<"script"> = (db, { account, name }) => {
  const row = name === null
    ? db.get<StoredScript>(
      `SELECT name, text, id AS version FROM scripts WHERE ${OF_ACCOUNT} AND active = 1`,
      account,
    )
    : db.get<StoredScript>(
      `SELECT name, text, id AS version FROM scripts WHERE ${OF_ACCOUNT} AND name = ?`,
      account,
      name,
    );
  return row === undefined ? null : { name: row.name, text: row.text, version: row.version };
};

export const standingScripts: Query<"standingScripts"> = (db, { account }) => {
  const rows = db.all<{ id: number; active: number }>(
    `SELECT id, active FROM scripts WHERE ${OF_ACCOUNT} AND (active = 1 OR name = ?)`,
    account,
    AWAY_NAME,
  );
  return {
    active: rows.find(({ active }) => active === 1)?.id ?? null,
    away: rows.find(({ active }) => active === 0)?.id ?? null,
  };
};
