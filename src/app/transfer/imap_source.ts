/**
 * Another server's account as a source, over IMAP. Folders are opened read only. First the headers are asked for, by which what is
 * there already is recognized (`identity.ts`): so a run that was broken off fetches no message again, also when the other server has
 * given them new numbers since.
 */
import { DigestBuilder } from "../../wire/mime/mod.ts";
import { decodeUtf7, parseDateTime } from "../../wire/imap/mod.ts";
import {
  clientQuoted,
  fetchItems,
  type ImapValue,
  numberOf,
  parseListed,
  textOf,
} from "../../wire/imap/client/mod.ts";
import type { DialDeps } from "../../retrieval/deps.ts";
import { MessageGoneError } from "../../retrieval/errors.ts";
import type { ImapConnection } from "../../retrieval/imap/connection.ts";
import { openImap } from "../../retrieval/imap/open.ts";
import type { SourceSpec } from "../../retrieval/mod.ts";
import type { MailboxRole } from "../../store/mod.ts";
import { identityOf } from "./identity.ts";
import { type SourceFolder, SourceLostError, type SourceMessage } from "./importer.ts";
import type { Progress } from "./progress.ts";

/** Messages whose headers are asked for at a time. */
const BATCH = 50;
/** How many lines about messages, or folders, one answer may have. */
const MOST_MESSAGES = 5_000_000;
const MOST_FOLDERS = 10_000;
const LIST_TIMEOUT_MS = 10 * 60_000;

export interface ImapPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: SourceSpec["tls"];
  readonly user: string;
  readonly password: string;
}

/** Connects and logs in. Throws `RetrievalError`. */
export async function openImapSource(place: ImapPlace, deps: DialDeps): Promise<ImapConnection> {
  const { host, port, tls, user, password } = place;
  const spec: SourceSpec = {
    account: "",
    name: host,
    protocol: "imap",
    host,
    port,
    tls,
    user,
    secret: null,
    oauth: null,
    everyMs: 0,
    idle: false,
    folders: [],
    keep: { kind: "leave" },
    into: "",
    filters: false,
    // Who types a host's name means it, also one of his own network.
    allowNetworks: ["0.0.0.0/0", "::/0"],
  };
  const signal = new AbortController().signal;
  return await openImap({ spec, credential: { kind: "password", password }, deps, signal });
}

/** RFC 6154 section 2, as far as there is such a mailbox here. */
const ROLES: ReadonlyMap<string, MailboxRole> = new Map([
  ["\\drafts", "drafts"],
  ["\\sent", "sent"],
  ["\\junk", "junk"],
  ["\\trash", "trash"],
  ["\\archive", "archive"],
]);

/** All folders that hold messages, INBOX first. */
export async function imapFolders(connection: ImapConnection, progress: Progress): Promise<SourceFolder[]> {
  const { capabilities } = connection;
  const prefix = capabilities.has("NAMESPACE") ? await personalPrefix(connection) : "";
  // Others say it of their own accord (RFC 6154 section 2).
  const mayAsk = capabilities.has("SPECIAL-USE") && capabilities.has("LIST-EXTENDED");
  const folders: ImapFolder[] = [];
  const roles = new Set<MailboxRole>();
  await connection.ok(`LIST "" "*"${mayAsk ? " RETURN (SPECIAL-USE)" : ""}`, {
    responses: MOST_FOLDERS,
    onData: ({ name, values }) => {
      if (name !== "LIST") return;
      const { wireName, selectable, attributes } = parseListed(values);
      if (!selectable) return;
      // Where several have the same use, the first has it.
      const uses = attributes.flatMap((attribute) => ROLES.get(attribute) ?? []);
      const role = uses.find((use) => !roles.has(use)) ?? null;
      if (role !== null) roles.add(role);
      const separator = textOf(values[1]);
      folders.push(new ImapFolder(connection, { wireName, separator, prefix, role, progress }));
    },
  });
  return folders.sort((a, b) => Number(b.name === "INBOX") - Number(a.name === "INBOX"));
}

/** What stands before the names of all folders but INBOX on some servers, as in `INBOX.` (RFC 2342). */
async function personalPrefix(connection: ImapConnection): Promise<string> {
  let prefix = "";
  await connection.ok("NAMESPACE", {
    onData: ({ name, values: [personal] }) => {
      const first = personal?.kind === "list" ? personal.items[0] : undefined;
      if (name === "NAMESPACE" && first?.kind === "list") prefix = textOf(first.items[0]) ?? "";
    },
  });
  return prefix;
}

interface Listed {
  readonly uid: number;
  readonly size: number;
  readonly flags: readonly string[];
  readonly internalDate: number;
}

class ImapFolder implements SourceFolder {
  readonly name: string;
  readonly role: MailboxRole | null;
  readonly #connection: ImapConnection;
  readonly #wireName: string;
  readonly #progress: Progress;

  constructor(
    connection: ImapConnection,
    { wireName, separator, prefix, role, progress }: {
      readonly wireName: string;
      readonly separator: string | null;
      readonly prefix: string;
      readonly role: MailboxRole | null;
      readonly progress: Progress;
    },
  ) {
    const isBelow = wireName.length > prefix.length && wireName.startsWith(prefix);
    const ownName = isBelow ? wireName.slice(prefix.length) : wireName;
    const name = decodeUtf7(ownName) ?? ownName;
    const levels = separator === null || separator === "" ? [name] : name.split(separator);
    this.name = levels.map((level) => level.replaceAll("/", "_")).join("/").replace(
      /^inbox(?=\/|$)/i,
      "INBOX",
    );
    this.role = this.name === "INBOX" ? null : role;
    this.#connection = connection;
    this.#wireName = wireName;
    this.#progress = progress;
  }

  async *messages(): AsyncGenerator<SourceMessage, void> {
    let exists = 0;
    const answer = await this.#connection.command(`EXAMINE ${clientQuoted(this.#wireName)}`, {
      onData: ({ name, number }) => {
        if (name === "EXISTS") exists = number ?? 0;
      },
    });
    if (answer.status !== "OK") {
      return this.#progress.problem(this.name, `It cannot be opened: ${answer.text}`);
    }
    // Of nothing `1:*` is a mistake, to some servers.
    if (exists === 0) return;
    const listed = await this.#list();
    for (let at = 0; at < listed.length; at += BATCH) {
      const batch = listed.slice(at, at + BATCH);
      const identities = await this.#identities(batch);
      for (const message of batch) yield this.#message(message, identities.get(message.uid));
    }
  }

  async #list(): Promise<Listed[]> {
    const found = new Map<number, Listed>();
    await this.#connection.ok("UID FETCH 1:* (UID RFC822.SIZE FLAGS INTERNALDATE)", {
      timeoutMs: LIST_TIMEOUT_MS,
      responses: MOST_MESSAGES,
      onData: ({ name, values }) => {
        if (name !== "FETCH") return;
        const items = fetchItems(values);
        const [uid, size] = [numberOf(items.get("UID")), numberOf(items.get("RFC822.SIZE"))];
        // What it tells of its own accord has no size.
        if (uid === null || size === null) return;
        const internalDate = parseDateTime(textOf(items.get("INTERNALDATE")) ?? "") ?? 0;
        found.set(uid, { uid, size, flags: flagsOf(items.get("FLAGS")), internalDate });
      },
    });
    return [...found.values()].sort((a, b) => a.uid - b.uid);
  }

  async #identities(batch: readonly Listed[]): Promise<Map<number, number>> {
    const sizes = new Map(batch.map(({ uid, size }) => [uid, size]));
    const identities = new Map<number, number>();
    await this.#connection.ok(`UID FETCH ${[...sizes.keys()].join(",")} (UID BODY.PEEK[HEADER])`, {
      timeoutMs: LIST_TIMEOUT_MS,
      onData: ({ name, values }) => {
        if (name !== "FETCH") return;
        const items = fetchItems(values);
        const uid = numberOf(items.get("UID"));
        const header = items.get("BODY[HEADER]");
        const size = uid === null ? undefined : sizes.get(uid);
        if (size === undefined || header?.kind !== "string") return;
        const digest = new DigestBuilder();
        digest.write(header.bytes);
        identities.set(uid!, identityOf(digest.finish(), size));
      },
    });
    return identities;
  }

  #message({ uid, size, flags, internalDate }: Listed, identity: number | undefined): SourceMessage {
    return {
      where: `${this.name}, UID ${uid}`,
      flags,
      internalDate,
      ...(identity === undefined ? {} : { hint: { identity, size } }),
      open: () => this.#content(uid),
    };
  }

  /** One that is gone is a pity; a connection that is lost is the end. */
  async *#content(uid: number): AsyncGenerator<Uint8Array, void> {
    let isWhole = false;
    try {
      yield* this.#connection.message(uid, Number.MAX_SAFE_INTEGER);
      isWhole = true;
    } catch (error) {
      isWhole = error instanceof MessageGoneError;
      if (isWhole) throw error;
      throw new SourceLostError(error instanceof Error ? error.message : String(error));
    } finally {
      // In the middle of a message nothing else can be asked.
      if (!isWhole) this.#connection.close();
    }
  }
}

/** `\Recent` is no flag that could be kept. */
function flagsOf(value: ImapValue | undefined): string[] {
  if (value?.kind !== "list") return [];
  return value.items.map(textOf).filter((flag) =>
    flag !== null && flag.toLowerCase() !== "\\recent"
  ) as string[];
}
