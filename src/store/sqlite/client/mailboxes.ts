import type { Mailbox, MailboxPlace, MailboxRole, MailboxStore, UidRanges } from "../../mod.ts";
import { accountKey, compareNames, normalizeName, sortMailboxes } from "../../names.ts";
import type { KnownPlaces } from "./known_places.ts";
import type { Link } from "./link.ts";
import { transfer } from "./long_change.ts";

const ALL_UIDS: UidRanges = [[1, 0xffffffff]];

export class SqliteMailboxes implements MailboxStore {
  readonly #link: Link;
  readonly #places: KnownPlaces;

  constructor(link: Link, places: KnownPlaces) {
    this.#link = link;
    this.#places = places;
  }

  async list(account: string): Promise<Mailbox[]> {
    return sortMailboxes(await this.#link.read("listMailboxes", { account: accountKey(account) }));
  }

  get(account: string, name: string): Promise<Mailbox | null> {
    return this.#link.read("mailboxByName", { account: accountKey(account), name: normalizeName(name) });
  }

  byId(mailboxId: number): Promise<Mailbox | null> {
    return this.#link.read("mailboxById", { mailboxId });
  }

  find(account: string, name: string): Promise<MailboxPlace | null> {
    const args = { account: accountKey(account), name: normalizeName(name) };
    const look = () => this.#link.readers.do("mailboxByName", args);
    return this.#link.task(() => this.#places.find(args.account, args.name, look));
  }

  create(account: string, name: string, role?: MailboxRole | null): Promise<Mailbox> {
    return this.#link.write("createMailbox", { account: accountKey(account), name, role });
  }

  rename(account: string, from: string, to: string): Promise<void> {
    return this.#link.task(async () => {
      const args = { account: accountKey(account), from, to };
      const moving = await this.#link.writer.do("renameMailbox", args).finally(() => this.#places.forget());
      if (moving === null) return;
      const { from: mailboxId, to: toMailboxId } = moving;
      await transfer(this.#link, {
        mailboxId,
        uids: ALL_UIDS,
        toMailboxId,
        move: true,
        quota: null,
        keeps: null,
        keywordLimit: null,
      });
    });
  }

  remove(account: string, name: string): Promise<void> {
    return this.#link.write("removeMailbox", { account: accountKey(account), name })
      .finally(() => this.#places.forget());
  }

  async subscriptions(account: string): Promise<string[]> {
    return (await this.#link.read("subscriptions", { account: accountKey(account) })).sort(compareNames);
  }

  subscribe(account: string, name: string, on: boolean): Promise<void> {
    return this.#link.write("subscribe", { account: accountKey(account), name, on });
  }
}
