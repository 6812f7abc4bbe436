import type { MailboxPlace } from "../../mod.ts";

/** When there are more, all are forgotten. */
const MOST = 20_000;

/**
 * Which mailboxes bear the names that were asked for lately: whoever puts mail somewhere asks for each message anew, and the way to
 * a reader and back is as long as the commit that follows. Every write that takes a name from its mailbox passes the same side of
 * the store, which forgets them all then, before anybody hears that it is done.
 */
export class KnownPlaces {
  readonly #places = new Map<string, MailboxPlace>();
  #changes = 0;

  async find(
    account: string,
    name: string,
    look: () => Promise<MailboxPlace | null>,
  ): Promise<MailboxPlace | null> {
    const key = `${account}\0${name}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const before = this.#changes;
    const found = await look();
    // What was read before a change must not be remembered after it.
    if (found !== null && before === this.#changes) this.#remember(key, found);
    return found;
  }

  forget(): void {
    this.#places.clear();
    this.#changes++;
  }

  #remember(key: string, { id, account, name }: MailboxPlace): void {
    if (this.#places.size >= MOST) this.#places.clear();
    this.#places.set(key, { id, account, name });
  }
}
