import type { Clock } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import type { ControlHandlers } from "../running.ts";

export interface ControlDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Makes a running queue forget which destinations it took for dead: the operator says try now. */
  readonly wakeQueue?: () => void;
}

/** The operator's work done on a store. */
export function makeControlHandlers(deps: ControlDeps): ControlHandlers {
  const { store: { accounts, spool }, clock } = deps;
  return {
    accounts: () => accounts.list(),
    ensureAccount: (account) => accounts.ensure(account),
    setCredential: (account, hash) => accounts.setCredential(account, hash),
    removeAccount: (account) => accounts.remove(account),
    queueList: (filter, page) => spool.list(filter, page),
    queueShow: (id) => spool.get(id),
    queueFlush: async (filter) => {
      const count = await spool.flush(filter, clock.now());
      deps.wakeQueue?.();
      return count;
    },
    queueHold: (filter, held) => spool.hold(filter, held),
    queueDrop: (filter) => spool.drop(filter),
  };
}
