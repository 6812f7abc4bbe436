/**
 * Tells the bus what happens to an account's mailboxes as such. It stands around the ports of both stores, on the side of
 * those who call, since every write passes here and is told of only after its commit.
 */
import type { AclStore } from "./acl.ts";
import type { AnnotationStore } from "./annotations.ts";
import type { ChangeBus } from "./bus.ts";
import type { HiddenStore } from "./hidden.ts";
import type { AccountNotice, Delivery, MailboxStore } from "./mod.ts";
import { accountKey, INBOX } from "./names.ts";

type What = Exclude<AccountNotice["what"], "annotations">;

/** The same mailboxes; what is done to them is told. */
export function tellingMailboxes(inner: MailboxStore, bus: ChangeBus): MailboxStore {
  const after = async <T>(work: Promise<T>, account: string, what: What): Promise<T> => {
    const result = await work;
    bus.tellAccount({ account, what });
    return result;
  };
  return {
    list: (account) => inner.list(account),
    get: (account, name) => inner.get(account, name),
    byId: (mailboxId) => inner.byId(mailboxId),
    find: (account, name) => inner.find(account, name),
    create: (account, name, role) => after(inner.create(account, name, role), account, "mailboxes"),
    rename: (account, from, to) => after(inner.rename(account, from, to), account, "mailboxes"),
    remove: (account, name) => after(inner.remove(account, name), account, "mailboxes"),
    subscriptions: (account) => inner.subscriptions(account),
    subscribe: (account, name, on) => after(inner.subscribe(account, name, on), account, "subscriptions"),
  };
}

const SHARED_ENTRY = "/shared/";

/** The same annotations; what is changed is told to the account that did it, and what others see to the mailbox's owner, too. */
export function tellingAnnotations(
  inner: AnnotationStore,
  bus: ChangeBus,
  mailboxes: Pick<MailboxStore, "byId">,
): AnnotationStore {
  return {
    list: (scope) => inner.list(scope),
    set: async (scope, changes, limits) => {
      await inner.set(scope, changes, limits);
      const entries = changes.map(({ entry }) => entry);
      const { account, mailboxId } = scope;
      bus.tellAccount({ account, what: "annotations", mailboxId, entries });
      const shared = entries.filter((entry) => entry.startsWith(SHARED_ENTRY));
      if (mailboxId === null || shared.length === 0) return;
      const owner = (await mailboxes.byId(mailboxId))?.account;
      if (owner === undefined || owner === accountKey(account)) return;
      bus.tellAccount({ account: owner, what: "annotations", mailboxId, entries: shared, by: account });
    },
  };
}

/** The same rights; whose they are is told, since mailboxes come and go by them. */
export function tellingAcl(inner: AclStore, bus: ChangeBus): AclStore {
  return {
    get: (mailboxId) => inner.get(mailboxId),
    set: async (mailboxId, entry) => {
      await inner.set(mailboxId, entry);
      bus.tellAccount({ account: entry.identifier.replace(/^-/, ""), what: "mailboxes" });
    },
    sharedWith: (account, identifiers) => inner.sharedWith(account, identifiers),
  };
}

/** The same hidden messages; to bring some back may make a mailbox, so whoever cares looks. */
export function tellingHidden(inner: HiddenStore, bus: ChangeBus): HiddenStore {
  return {
    list: (account, filter, page) => inner.list(account, filter, page),
    restore: async (account, filter) => {
      const restored = await inner.restore(account, filter);
      bus.tellAccount({ account, what: "mailboxes" });
      return restored;
    },
  };
}

/** A delivery makes the mailbox that it names when it is missing; whoever cares looks. */
export function tellDelivered(
  bus: ChangeBus,
  { local, edited = [] }: Pick<Delivery, "local" | "edited">,
): void {
  for (const { account, mailbox = INBOX } of [...local, ...edited.flatMap((one) => one.local)]) {
    if (mailbox !== INBOX) bus.tellAccount({ account, what: "mailboxes" });
  }
}
