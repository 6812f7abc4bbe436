/** What an account's scripts may see of it: mailboxes and annotations, of a store or as they were at one moment. */
import { decodeUtf8 } from "../../core/bytes.ts";
import { type Mailbox, type MailboxRole, normalizeName, type Store } from "../../store/mod.ts";
import type { SieveMailboxes } from "../sieve/mod.ts";

export type SeenMailbox = Pick<Mailbox, "id" | "name" | "role">;

export interface SeenAnnotation {
  /** Null for the server's, as the account sees them. */
  readonly mailboxId: number | null;
  readonly entry: string;
  readonly value: string;
}

export interface Sight {
  mailboxes(): Promise<readonly SeenMailbox[]>;
  /** Those of one mailbox, or of the server. */
  annotations(mailboxId: number | null): Promise<readonly SeenAnnotation[]>;
}

/** The same, all of it, as plain values. */
export interface SightSnapshot {
  readonly mailboxes: readonly SeenMailbox[];
  readonly annotations: readonly SeenAnnotation[];
}

export type SightStore = Pick<Store, "mailboxes" | "annotations">;

export function sightOf({ mailboxes, annotations }: SightStore, account: string): Sight {
  return {
    mailboxes: () => mailboxes.list(account),
    annotations: async (mailboxId) => {
      const found = await annotations.list({ account, mailboxId });
      return found.map(({ entry, value }) => ({ mailboxId, entry, value: decodeUtf8(value) }));
    },
  };
}

export async function takeSnapshot(sight: Sight): Promise<SightSnapshot> {
  const mailboxes = await sight.mailboxes();
  const annotations: SeenAnnotation[] = [];
  for (const id of [null, ...mailboxes.map(({ id }) => id)]) annotations.push(...await sight.annotations(id));
  return { mailboxes: mailboxes.map(({ id, name, role }) => ({ id, name, role })), annotations };
}

export function sightFrom({ mailboxes, annotations }: SightSnapshot): Sight {
  return {
    mailboxes: () => Promise.resolve(mailboxes),
    annotations: (id) => Promise.resolve(annotations.filter(({ mailboxId }) => mailboxId === id)),
  };
}

/** An account's mailboxes as its script sees them, listed once for each run. */
export class SeenMailboxes implements SieveMailboxes {
  readonly #sight: Sight;
  #listed: Promise<readonly SeenMailbox[]> | null = null;

  constructor(sight: Sight) {
    this.#sight = sight;
  }

  async exists(name: string): Promise<boolean> {
    return await this.named(name) !== null;
  }

  async idExists(id: string): Promise<boolean> {
    return await this.withId(id) !== null;
  }

  async hasUse(use: string, name: string | null): Promise<boolean> {
    const found = await this.forUse(use);
    if (found === null || name === null) return found !== null;
    return (await this.named(name))?.id === found.id;
  }

  async annotation(mailbox: string | null, entry: string): Promise<string | null> {
    const found = mailbox === null ? null : await this.named(mailbox);
    if (mailbox !== null && found === null) return null;
    const wanted = entry.toLowerCase();
    const known = await this.#sight.annotations(found?.id ?? null);
    return known.find((one) => one.entry === wanted)?.value ?? null;
  }

  async named(name: string): Promise<SeenMailbox | null> {
    const wanted = normalizeName(name);
    return (await this.#all()).find((mailbox) => mailbox.name === wanted) ?? null;
  }

  /** RFC 9042: the id is that of RFC 8474, as in `F12`. */
  async withId(id: string): Promise<SeenMailbox | null> {
    return (await this.#all()).find((mailbox) => `F${mailbox.id}` === id) ?? null;
  }

  /** RFC 8579, as in `\Junk`. */
  async forUse(use: string): Promise<SeenMailbox | null> {
    const role = roleOf(use);
    if (role === null) return null;
    return (await this.#all()).find((mailbox) => mailbox.role === role) ?? null;
  }

  /** What was listed is not so any more. */
  protected forget(): void {
    this.#listed = null;
  }

  #all(): Promise<readonly SeenMailbox[]> {
    this.#listed ??= this.#sight.mailboxes();
    return this.#listed;
  }
}

/** RFC 6154 section 2, of those that mailboxes have here. */
const ROLES: readonly MailboxRole[] = ["drafts", "sent", "junk", "trash", "archive"];

export function roleOf(use: string): MailboxRole | null {
  return ROLES.find((role) => `\\${role}` === use.toLowerCase()) ?? null;
}
