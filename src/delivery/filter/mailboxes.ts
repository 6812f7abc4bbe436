import { decodeUtf8 } from "../../core/bytes.ts";
import type { Mailbox, Store } from "../../store/mod.ts";
import type { SieveMailboxes } from "../sieve/mod.ts";

/** An account's mailboxes as its script sees them, listed once for each run. */
export class AccountMailboxes implements SieveMailboxes {
  readonly #store: Pick<Store, "mailboxes" | "annotations">;
  readonly #account: string;
  #listed: Promise<Mailbox[]> | null = null;

  constructor(store: Pick<Store, "mailboxes" | "annotations">, account: string) {
    this.#store = store;
    this.#account = account;
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
    const scope = { account: this.#account, mailboxId: found?.id ?? null };
    const wanted = entry.toLowerCase();
    const known = (await this.#store.annotations.list(scope)).find((one) => one.entry === wanted);
    return known === undefined ? null : decodeUtf8(known.value);
  }

  async named(name: string): Promise<Mailbox | null> {
    return await this.#store.mailboxes.get(this.#account, name);
  }

  /** RFC 9042: the id is that of RFC 8474, as in `F12`. */
  async withId(id: string): Promise<Mailbox | null> {
    return (await this.#all()).find((mailbox) => `F${mailbox.id}` === id) ?? null;
  }

  /** RFC 8579, as in `\Junk`. */
  async forUse(use: string): Promise<Mailbox | null> {
    const role = use.replace(/^\\/, "").toLowerCase();
    return (await this.#all()).find((mailbox) => mailbox.role === role) ?? null;
  }

  #all(): Promise<Mailbox[]> {
    this.#listed ??= this.#store.mailboxes.list(this.#account);
    return this.#listed;
  }
}
