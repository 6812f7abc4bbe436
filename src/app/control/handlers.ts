import { type Address, addressKey } from "../../core/address.ts";
import type { Clock, Log } from "../../core/ports.ts";
import { HoldRules } from "../../queue/mod.ts";
import type { QueuedMessage, QueueFilter, SpoolStore, Store } from "../../store/mod.ts";
import type { ControlHandlers } from "../running.ts";

export interface ControlDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Makes a running queue forget which destinations it took for dead: the operator says try now. */
  readonly wakeQueue?: () => void;
  /** Where it is noted what was done to one message. */
  readonly log?: Log;
  /** Tells the sender of a message that it was taken out of the queue; false when that is not possible now. */
  readonly reportDropped?: (message: QueuedMessage) => Promise<boolean>;
  /** Those that new mail is measured by; without a server they are only kept. */
  readonly holdRules?: HoldRules;
  /** Brings the trace up to this moment. */
  readonly flushTrace?: () => Promise<void>;
}

/** The operator's work done on a store. */
export function makeControlHandlers(deps: ControlDeps): ControlHandlers {
  const { store: { accounts, spool, trace }, clock } = deps;
  const note = (event: string, { id }: QueueFilter, recipients: number) => {
    if (id !== undefined && recipients > 0) deps.log?.info(event, { message: id, recipients });
  };
  const traced = async <T>(read: () => Promise<T>): Promise<T> => {
    await deps.flushTrace?.();
    return await read();
  };
  const rules = deps.holdRules ?? new HoldRules(deps.store.facts);
  const hold = async (filter: QueueFilter, held: boolean) => {
    const count = await spool.hold(filter, held);
    note(held ? "queue-held" : "queue-released", filter, count);
    return count;
  };
  const drop = async (filter: QueueFilter) => {
    const count = await spool.drop(filter);
    note("queue-dropped", filter, count);
    return count;
  };
  return {
    accounts: () => accounts.list(),
    ensureAccount: (account) => accounts.ensure(account),
    setCredential: (account, hash) => accounts.setCredential(account, hash),
    removeAccount: (account) => accounts.remove(account),
    queueList: (filter, page) => spool.list(filter, page),
    queueShow: (id) => spool.get(id),
    queueFlush: async (filter) => {
      const count = await spool.flush(filter, clock.now());
      note("queue-flushed", filter, count);
      deps.wakeQueue?.();
      return count;
    },
    queueHold: hold,
    queueDrop: drop,
    queueBounce: async (filter) => {
      const { reportDropped } = deps;
      if (reportDropped === undefined) {
        throw new Error("Only a running server can write reports: start it, or drop without --report");
      }
      // Held first, so that nothing of it leaves between the report and the end.
      await hold(filter, true);
      return await bounceAll(spool, filter, async (message) => {
        if (!await reportDropped(message)) return false;
        return await drop({ ...filter, id: message.id }) > 0;
      });
    },
    holdRules: () => rules.list(),
    addHoldRule: (rule) => rules.add(rule),
    removeHoldRule: (rule) => rules.remove(rule),
    traceOfMessage: (id, page) => traced(() => trace.ofMessage(id, page)),
    traceOfSession: (id, page) => traced(() => trace.ofSession(id, page)),
    traceFind: (key, options) => traced(() => trace.find(key, options)),
  };
}

/** Goes through what matches, page by page; each message shows only the recipients that are meant. How many went. */
async function bounceAll(
  spool: SpoolStore,
  filter: QueueFilter,
  bounce: (message: QueuedMessage) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  let after: string | undefined;
  for (;;) {
    const page = await spool.list({ ...filter, held: true }, after === undefined ? {} : { after });
    for (const message of page) {
      const recipients = message.recipients.filter(({ address, held }) => held && isMeant(address, filter));
      if (recipients.length > 0 && await bounce({ ...message, recipients })) count++;
    }
    after = page.at(-1)?.id;
    if (after === undefined) return count;
  }
}

function isMeant(address: Address, { recipientDomain, recipient }: QueueFilter): boolean {
  return (recipientDomain === undefined || recipientDomain === address.domain) &&
    (recipient === undefined || recipient === addressKey(address));
}
