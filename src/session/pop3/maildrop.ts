import { Refusal } from "../../core/errors.ts";
import type { Mailbox, MessageRow, Store, UidRanges } from "../../store/mod.ts";

/** One message of the maildrop, under the number that it has for this session. */
export interface MaildropEntry {
  readonly number: number;
  readonly size: number;
  /** RFC 1939 section 7, UIDL: the same in every session, and never used for another message. */
  readonly uniqueId: string;
  readonly bodyId: number;
}

/**
 * INBOX as it was when the session opened it: a fixed numbering with sizes and unique ids, and which messages are marked
 * as deleted. It keeps three numbers per message, so that a maildrop of a hundred thousand costs little.
 */
export class Maildrop {
  readonly mailboxId: number;
  readonly #uidValidity: number;
  readonly #uids: number[] = [];
  readonly #sizes: number[] = [];
  readonly #bodyIds: number[] = [];
  /** Message numbers. */
  readonly #deleted = new Set<number>();
  #bytes = 0;

  constructor(mailbox: Pick<Mailbox, "id" | "uidValidity">) {
    this.mailboxId = mailbox.id;
    this.#uidValidity = mailbox.uidValidity;
  }

  /** Messages that are not marked as deleted, and their bytes. */
  get count(): number {
    return this.#uids.length - this.#deleted.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get deletedCount(): number {
    return this.#deleted.size;
  }

  /** Adds messages at the end; only while the maildrop is being opened. */
  add(rows: readonly Pick<MessageRow, "uid" | "size" | "bodyId">[]): void {
    for (const row of rows) {
      this.#uids.push(row.uid);
      this.#sizes.push(row.size);
      this.#bodyIds.push(row.bodyId);
      this.#bytes += row.size;
    }
  }

  /** The message of this number; null when there is none, or none any more. */
  get(number: number): MaildropEntry | null {
    if (number < 1 || number > this.#uids.length || this.#deleted.has(number)) return null;
    return this.#entry(number);
  }

  /** All that are not marked, in order. */
  *entries(): Generator<MaildropEntry> {
    for (let number = 1; number <= this.#uids.length; number++) {
      if (!this.#deleted.has(number)) yield this.#entry(number);
    }
  }

  markDeleted(number: number): void {
    this.#bytes -= this.#sizes[number - 1]!;
    this.#deleted.add(number);
  }

  /** Takes all marks back. */
  unmarkAll(): void {
    for (const number of this.#deleted) this.#bytes += this.#sizes[number - 1]!;
    this.#deleted.clear();
  }

  /** The UIDs of what is marked, neighbours joined to ranges. */
  deletedUids(): UidRanges {
    const ranges: [number, number][] = [];
    let previous = 0;
    for (const number of [...this.#deleted].sort((a, b) => a - b)) {
      const uid = this.#uids[number - 1]!;
      // No message lies between two whose numbers follow each other, so one range covers both.
      if (number === previous + 1 && ranges.length > 0) ranges.at(-1)![1] = uid;
      else ranges.push([uid, uid]);
      previous = number;
    }
    return ranges;
  }

  #entry(number: number): MaildropEntry {
    const index = number - 1;
    return {
      number,
      size: this.#sizes[index]!,
      uniqueId: `${this.#uidValidity}.${this.#uids[index]!}`,
      bodyId: this.#bodyIds[index]!,
    };
  }
}

const ALL_UIDS: UidRanges = [[1, 0xffffffff]];

/** Reads the account's INBOX. */
export async function openMaildrop(store: Store, account: string): Promise<Maildrop> {
  let mailbox = await store.mailboxes.get(account, "INBOX");
  if (mailbox === null) {
    // The account is in the configuration and has never had mail.
    await store.accounts.ensure(account);
    mailbox = await store.mailboxes.get(account, "INBOX");
  }
  if (mailbox === null) throw Refusal.of(451, "4.3.0", "The mailbox cannot be opened now, try again later");
  const maildrop = new Maildrop(mailbox);
  for await (const rows of store.messages.rows(mailbox.id, ALL_UIDS)) maildrop.add(rows);
  return maildrop;
}
