import { addressKey } from "../../core/address.ts";
import type { Clock, Log } from "../../core/ports.ts";
import { sightOf, takeSnapshot } from "../../delivery/filter/mod.ts";
import { HoldRules } from "../../queue/mod.ts";
import type { QueuedMessage, QueueFilter, SpoolStore, Store } from "../../store/mod.ts";
import { keepSecret, type Retrieval } from "../../retrieval/mod.ts";
import type { ControlHandlers } from "../running.ts";
import { makeTransferHandlers } from "../transfer/mod.ts";

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
  /** What fetches from other providers; only a running server does. */
  readonly retrieval?: Pick<Retrieval, "status" | "now" | "secretChanged">;
}

/** The operator's work done on a store. */
export function makeControlHandlers(deps: ControlDeps): ControlHandlers {
  const { store: { accounts, spool, trace, searchIndex }, clock } = deps;
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
  const dropOne = async (filter: QueueFilter & { readonly id: string }, recipients: number) => {
    const count = await spool.drop(filter);
    if (count > 0) deps.log?.info("queue-dropped", { message: filter.id, recipients });
    return count;
  };
  // One by one, because each of them has a trace that has to say where it went.
  const drop = async (filter: QueueFilter) => {
    let count = 0;
    for await (const page of pagesOf(spool, filter)) {
      const dropped = await Promise.all(
        page.map(({ id, recipients }) => dropOne({ ...filter, id }, recipients.length)),
      );
      count += dropped.reduce((sum, one) => sum + one, 0);
    }
    return count;
  };
  return {
    ...makeTransferHandlers(deps.store, clock),
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
        return await dropOne({ ...filter, id: message.id }, message.recipients.length) > 0;
      });
    },
    holdRules: () => rules.list(),
    addHoldRule: (rule) => rules.add(rule),
    removeHoldRule: (rule) => rules.remove(rule),
    traceOfMessage: (id, page) => traced(() => trace.ofMessage(id, page)),
    traceOfSession: (id, page) => traced(() => trace.ofSession(id, page)),
    traceFind: (key, options) => traced(() => trace.find(key, options)),
    indexStatus: async () => searchIndex.status(),
    indexRebuild: () => searchIndex.rebuild(),
    scripts: deps.store.scripts,
    sight: (account) => takeSnapshot(sightOf(deps.store, account)),
    ...retrievalHandlers(deps),
  };
}

function retrievalHandlers(
  { store, retrieval }: ControlDeps,
): Pick<ControlHandlers, "retrievalStatus" | "retrieveNow" | "setRetrievalSecret"> {
  const running = () => {
    if (retrieval !== undefined) return retrieval;
    throw new Error("Only a running server fetches mail: start it");
  };
  return {
    retrievalStatus: async (account) => running().status(account ?? undefined),
    retrieveNow: async (account) => running().now(account ?? undefined),
    setRetrievalSecret: async (key, secret) => {
      await keepSecret(store.facts, key, secret);
      retrieval?.secretChanged(key);
    },
  };
}

/** Bounces what matches; how many messages went. */
async function bounceAll(
  spool: SpoolStore,
  filter: QueueFilter,
  bounce: (message: QueuedMessage) => Promise<boolean>,
): Promise<number> {
  let count = 0;
  for await (const page of pagesOf(spool, { ...filter, held: true })) {
    for (const message of page) if (await bounce(message)) count++;
  }
  return count;
}

/** Goes through what matches; each message shows only the recipients that are meant. */
async function* pagesOf(spool: SpoolStore, filter: QueueFilter): AsyncGenerator<readonly QueuedMessage[]> {
  let after: string | undefined;
  for (;;) {
    const page = await spool.list(filter, after === undefined ? {} : { after });
    yield page
      .map((message) => ({
        ...message,
        recipients: message.recipients.filter((one) => isMeant(one, filter)),
      }))
      .filter(({ recipients }) => recipients.length > 0);
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}

function isMeant(
  { address, held }: QueuedMessage["recipients"][number],
  filter: QueueFilter,
): boolean {
  const { recipientDomain, recipient } = filter;
  return (filter.held === undefined || filter.held === held) &&
    (recipientDomain === undefined || recipientDomain === address.domain) &&
    (recipient === undefined || recipient === addressKey(address));
}
