/**
 * Tells the bus what happens to an account's mailboxes as such. It stands around the ports of both stores, on the side of
 * those who call, since every write passes here and is told of only after its commit.
 */
import type { AnnotationStore } from "./annotations.ts";
import type { ChangeBus } from "./bus.ts";
import type { HiddenStore } from "./hidden.ts";
import type { AccountNotice, Delivery, MailboxStore } from "./mod.ts";
import { INBOX } from "./names.ts";

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
    create: (account, name, role) => after(inner.create(account, name, role), account, "mailboxes"),
    rename: (account, from, to) => after(inner.rename(account, from, to), account, "mailboxes"),
    remove: (account, name) => after(inner.remove(account, name), account, "mailboxes"),
    subscriptions: (account) => inner.subscriptions(account),
    subscribe: (account, name, on) => after(inner.subscribe(account, name, on), account, "subscriptions"),
  };
}

/** The same annotations; what is changed is told to the account that sees it. */
export function tellingAnnotations(inner: AnnotationStore, bus: ChangeBus): AnnotationStore {
  return {
    list: (scope) => inner.list(scope),
    set: async (scope, changes, limits) => {
      await inner.set(scope, changes, limits);
      const entries = changes.map(({ entry }) => entry);
      const { account, mailboxId } = scope;
      bus.tellAccount({ account, what: "annotations", mailboxId, entries });
    },
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
