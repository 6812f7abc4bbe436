import type { AclEntry, AclStore, SharedMailbox } from "../../acl.ts";
import { sortShared } from "../../acl.ts";
import { accountKey } from "../../names.ts";
import type { Link } from "./link.ts";

export class SqliteAcl implements AclStore {
  readonly #link: Link;

  constructor(link: Link) {
    this.#link = link;
  }

  get(mailboxId: number): Promise<AclEntry[]> {
    return this.#link.read("listAcl", { mailboxId });
  }

  set(mailboxId: number, { identifier, rights }: AclEntry): Promise<void> {
    return this.#link.write("setAcl", { mailboxId, identifier: accountKey(identifier), rights });
  }

  async sharedWith(account: string, identifiers: readonly string[]): Promise<SharedMailbox[]> {
    const found = await this.#link.read("sharedWith", {
      account: accountKey(account),
      identifiers: identifiers.map(accountKey),
    });
    const shared = new Map<number, SharedMailbox & { readonly entries: AclEntry[] }>();
    for (const { mailbox, entry } of found) {
      const known = shared.get(mailbox.id) ?? { mailbox, entries: [] };
      known.entries.push(entry);
      shared.set(mailbox.id, known);
    }
    return sortShared([...shared.values()]);
  }
}
