import { trouble } from "../errors.ts";
import { parseSizeLine, parseUidLine } from "../../wire/pop3/client.ts";
import type { Pop3Connection } from "./connection.ts";

export interface Listed {
  readonly number: number;
  /** By what it is remembered. */
  readonly uid: string;
  readonly size: number;
}

/** What is in the maildrop, in its order: the unique ids (RFC 1939 section 7, UIDL) and the sizes. At most `limit` messages. */
export async function listMaildrop(
  connection: Pop3Connection,
  { host, limit }: { readonly host: string; readonly limit: number },
): Promise<Listed[]> {
  const answer = await connection.command("UIDL");
  if (answer.kind !== "ok") {
    throw trouble(`${host} gives its messages no ids (UIDL), without which none is fetched`);
  }
  const uids = new Map<number, string>();
  await connection.lines(limit, (line) => {
    const { number, uid } = parseUidLine(line);
    uids.set(number, uid);
  });
  if (uids.size === 0) return [];
  const sizes = await connection.command("LIST");
  if (sizes.kind !== "ok") throw trouble(`${host} refuses LIST: ${sizes.text}`);
  const listed = new Map<number, Listed>();
  const names = new Names();
  await connection.lines(limit, (line) => {
    const { number, size } = parseSizeLine(line);
    const uid = uids.get(number);
    if (uid !== undefined && !listed.has(number)) listed.set(number, { number, uid: names.next(uid), size });
  });
  return [...listed.values()];
}

/** Two copies of a message may have one id (RFC 1939 section 7): the second is known by its number behind it. */
class Names {
  readonly #counts = new Map<string, number>();

  next(uid: string): string {
    const count = (this.#counts.get(uid) ?? 0) + 1;
    this.#counts.set(uid, count);
    return count === 1 ? uid : `${uid} ${count}`;
  }
}
