import type { Clock } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import type { ControlHandlers } from "../running.ts";

/** The operator's work done on a store. The queue learns of it by the store's bus. */
export function makeControlHandlers(deps: { readonly store: Store; readonly clock: Clock }): ControlHandlers {
  const { store: { accounts, spool }, clock } = deps;
  return {
    accounts: () => accounts.list(),
    ensureAccount: (account) => accounts.ensure(account),
    setCredential: (account, hash) => accounts.setCredential(account, hash),
    removeAccount: (account) => accounts.remove(account),
    queueList: (filter, page) => spool.list(filter, page),
    queueShow: (id) => spool.get(id),
    queueFlush: (filter) => spool.flush(filter, clock.now()),
    queueHold: (filter, held) => spool.hold(filter, held),
    queueDrop: (filter) => spool.drop(filter),
  };
}
