import {
  AWAY_NAME,
  NoSuchScript,
  refuseTooManyScripts,
  scriptBytes,
  ScriptExists,
  ScriptIsActive,
} from "../../scripts.ts";
import { accountId, knownAccountId } from "./accounts.ts";
import type { Command, WriteContext } from "./context.ts";

/** What is put gets a new id, which is its version. */
export const putScript: Command<"putScript"> = (context, { account, name, text, limits }) => {
  const { db } = context;
  const owner = accountId(context, account);
  const bytes = scriptBytes(text);
  if (limits !== null) {
    const others = db.get<{ n: number; bytes: number | null }>(
      "SELECT count(*) AS n, sum(bytes) AS bytes FROM scripts WHERE account_id = ? AND name NOT IN (?, ?)",
      owner,
      name,
      AWAY_NAME,
    )!;
    if (others.n + 1 > limits.count || (others.bytes ?? 0) + bytes > limits.bytes) refuseTooManyScripts();
  }
  const replaced = db.get<{ active: number }>(
    "DELETE FROM scripts WHERE account_id = ? AND name = ? RETURNING active",
    owner,
    name,
  );
  db.run(
    "INSERT INTO scripts (account_id, name, text, bytes, active) VALUES (?, ?, ?, ?, ?)",
    owner,
    name,
    text,
    bytes,
    replaced?.active ?? 0,
  );
};

export const removeScript: Command<"removeScript"> = (context, { account, name }) => {
  const { id, active } = requireScript(context, account, name);
  if (active !== 0) throw new ScriptIsActive();
  context.db.run("DELETE FROM scripts WHERE id = ?", id);
};

export const renameScript: Command<"renameScript"> = (context, { account, from, to }) => {
  const { id } = requireScript(context, account, from);
  if (from === to) return;
  if (findScript(context, account, to) !== undefined) throw new ScriptExists();
  context.db.run("UPDATE scripts SET name = ? WHERE id = ?", to, id);
};

export const activateScript: Command<"activateScript"> = (context, { account, name }) => {
  const { db } = context;
  const chosen = name === null ? 0 : requireScript(context, account, name).id;
  db.run(
    "UPDATE scripts SET active = (id = ?1) WHERE account_id = ?2 AND active <> (id = ?1)",
    chosen,
    knownAccountId(context, account),
  );
};

interface ScriptRow {
  readonly id: number;
  readonly active: number;
}

function findScript(context: WriteContext, account: string, name: string): ScriptRow | undefined {
  return context.db.get<ScriptRow>(
    "SELECT id, active FROM scripts WHERE account_id = ? AND name = ?",
    knownAccountId(context, account),
    name,
  );
}

function requireScript(context: WriteContext, account: string, name: string): ScriptRow {
  const found = findScript(context, account, name);
  if (found === undefined) throw new NoSuchScript();
  return found;
}
