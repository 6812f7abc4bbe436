import { decodeLatin1 } from "../../core/bytes.ts";
import { accountKey } from "../../store/names.ts";
import type { MessageRowWithDigest } from "../../store/mod.ts";
import { type ImapUrl, no, parseImapUrl } from "../../wire/imap/mod.ts";
import { openAccess } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { faultOf, Rejection } from "./errors.ts";
import { cut, locate, type Located } from "./sections.ts";

/** The bytes that a URL stands for. */
export interface UrlSource {
  readonly size: number;
  read(): AsyncIterable<Uint8Array>;
}

/** How much of a URL is repeated to the client. */
const MAX_SHOWN = 200;

/**
 * Finds what a URL in CATENATE means (RFC 4469 section 3): a message of this server that the session may read, or a section of one.
 * Throws NO [BADURL].
 */
export async function openUrl(session: ImapSession, text: Uint8Array): Promise<UrlSource> {
  const url = parseImapUrl(text);
  if (url === null || !isOurs(session, url)) throw badUrl(text);
  const row = await findMessage(session, url);
  const located = row === null ? null : locate(url.section, row);
  if (row === null || located === null) throw badUrl(text);
  return await openSection(session, { url, row, located });
}

function badUrl(text: Uint8Array): Rejection {
  // RFC 4469 section 5: what stands in the code can hold no bracket, and is not empty.
  const shown = decodeLatin1(text.subarray(0, MAX_SHOWN)).replace(/[^\x20-\x5c\x5e-\x7e]/g, "?");
  const data = shown === "" ? '""' : shown;
  return new Rejection(no("That URL names nothing that can be read here", { code: "BADURL", data }));
}

/** Whether a URL that names a server names this one, and a user, this one. */
function isOurs({ deps, conn, account }: ImapSession, { server }: ImapUrl): boolean {
  if (server === null) return true;
  const names = [deps.hostname, conn.tls?.servername ?? null, conn.local.host];
  if (!names.some((name) => name !== null && name.toLowerCase() === server.host)) return false;
  return server.user === null || accountKey(server.user) === accountKey(account);
}

async function findMessage(session: ImapSession, url: ImapUrl): Promise<MessageRowWithDigest | null> {
  const mailbox = await findMailbox(session, url);
  if (mailbox === null) return null;
  if (url.uidValidity !== null && url.uidValidity !== mailbox.uidValidity) return null;
  for await (const rows of session.store.messages.rowsWithDigest(mailbox.id, [[url.uid, url.uid]])) {
    return rows[0] ?? null;
  }
  return null;
}

async function findMailbox(
  session: ImapSession,
  { mailbox: name }: ImapUrl,
): Promise<{ readonly id: number; readonly uidValidity: number } | null> {
  if (name === null) {
    // Of somebody else's mailbox the right to read it may have been taken back since it was selected (RFC 4314).
    await session.refreshRights();
    return session.selectedOrNull?.view.mailbox ?? null;
  }
  try {
    return (await openAccess(session, name, { needs: ["r"] })).mailbox;
  } catch (error) {
    const fault = faultOf(error);
    // No such mailbox, or no right to it: the client hears of its URL.
    if (fault.kind === "answer" && !fault.isOurs) return null;
    throw error;
  }
}

interface Found {
  readonly url: ImapUrl;
  readonly row: MessageRowWithDigest;
  readonly located: Located;
}

async function openSection({ store }: ImapSession, { url, row, located }: Found): Promise<UrlSource> {
  const { pick } = located;
  if (pick === null) {
    const { range } = located;
    const size = range.end - range.start;
    return { size, read: () => size === 0 ? nothing() : store.bodies.read(row.bodyId, range) };
  }
  // Picked where it lies: a header of so many bytes is no work for the thread that serves everybody.
  const [fields] = await store.bodies.readMany([{ bodyId: row.bodyId, range: located.range }], pick);
  if (fields === undefined || fields === null) {
    throw new Error(`The header of body ${row.bodyId} cannot be read`);
  }
  const range = cut(
    { start: 0, end: fields.length },
    url.section.partial ?? { start: 0, length: fields.length },
  );
  return { size: range.end - range.start, read: () => once(fields.subarray(range.start, range.end)) };
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
