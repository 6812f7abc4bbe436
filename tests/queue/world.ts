/** A queue with everything around it in the test's hands: a store in memory, a courier that does as told, a clock that stands. */
import { setImmediate } from "node:timers";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import type { Envelope } from "../../src/core/envelope.ts";
import type { Outcome } from "../../src/core/outcome.ts";
import type { Submit, SubmitContext } from "../../src/core/ports.ts";
import type { Attempt, Courier } from "../../src/queue/courier.ts";
import {
  defaultQueueSettings,
  makeQueueRunner,
  type QueueRunner,
  type QueueSettings,
} from "../../src/queue/mod.ts";
import { openMemoryStore } from "../../src/store/memory/mod.ts";
import type { SenderWishes, Store } from "../../src/store/mod.ts";
import { ManualClock, RecordingLog, RecordingMetrics, seededRandom } from "../support/fakes.ts";
import { address, outcome } from "./support.ts";

export interface Report {
  readonly envelope: Envelope;
  readonly context: SubmitContext;
  readonly text: string;
}

/** Decides about one recipient: a reply, as in `450 4.2.0 Later`; in front of it `us: ` when no host said it. */
export type Answer = (to: string, attempt: Attempt) => string | Promise<string>;

export interface QueueWorldOptions {
  readonly answer?: Answer;
  readonly settings?: Partial<QueueSettings>;
  readonly submit?: Submit;
  /** To put something between the queue and its store. */
  readonly wrap?: (store: Store) => Store;
  readonly destinationOf?: (domain: string) => Promise<string>;
}

export interface QueueWorld extends AsyncDisposable {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  readonly runner: QueueRunner;
  /** Every recipient of every attempt that was made, in order. */
  readonly tried: string[];
  readonly reports: Report[];
  /** Aborted when the queue gives up its attempts. */
  readonly signals: AbortSignal[];
  put(id: string, to: readonly string[], options?: PutOptions): Promise<void>;
  until(condition: () => boolean, what?: string): Promise<void>;
  /** Until nothing happens any more without the clock going on. */
  calm(): Promise<void>;
  /** Moves the clock on in steps and lets things happen after each. */
  pass(ms: number, step?: number): Promise<void>;
}

export interface PutOptions {
  readonly sender?: string | null;
  readonly text?: string;
  readonly skip?: number;
  readonly dueAt?: number;
  readonly wishes?: SenderWishes;
}

export const TEXT = "Subject: Lunch\r\n\r\nAt noon?\r\n";

export function makeQueueWorld(options: QueueWorldOptions = {}): QueueWorld {
  const clock = new ManualClock();
  const random = seededRandom();
  const store = openMemoryStore({ clock, random });
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const tried: string[] = [];
  const reports: Report[] = [];
  const signals: AbortSignal[] = [];
  const courier: Courier = {
    ...(options.destinationOf === undefined ? {} : { destinationOf: options.destinationOf }),
    deliver(attempt, signal) {
      signals.push(signal);
      return Promise.all(attempt.recipients.map(async (to): Promise<Outcome> => {
        const text = `${to.local}@${to.domain}`;
        tried.push(text);
        const said = await (options.answer ?? (() => "250 2.0.0 OK"))(text, attempt);
        return said.startsWith("us: ") ? outcome(to, said.slice(4), null) : outcome(to, said);
      }));
    },
  };
  const submit: Submit = async (envelope, message, context) => {
    const parts: Uint8Array[] = [];
    for await (const part of message) parts.push(part);
    reports.push({ envelope, context, text: decodeUtf8(concatBytes(parts)) });
    return envelope.recipients.map((to) => ({ ...outcome(to, "250 2.0.0 OK"), kind: "stored" }));
  };
  const runner = makeQueueRunner({
    store: options.wrap?.(store) ?? store,
    courier,
    submit: options.submit ?? submit,
    hostname: "mx.here.test",
    clock,
    random,
    log,
    metrics,
    settings: { current: { ...defaultQueueSettings, jitter: 0, ...options.settings } },
  });
  const calm = async () => {
    for (let quiet = 0, before = ""; quiet < 10;) {
      const now = `${tried.length} ${log.entries.length} ${clock.sleepers} ${store.stats().writes}`;
      quiet = now === before ? quiet + 1 : 0;
      before = now;
      await turn();
    }
  };
  return {
    store,
    clock,
    log,
    metrics,
    runner,
    tried,
    reports,
    signals,
    async put(id, to, options = {}) {
      const { sender = "alice@here.test", text = TEXT, skip = 0, dueAt = clock.now(), wishes } = options;
      const stage = store.bodies.stage();
      await stage.write(encodeUtf8(text));
      await store.accept({
        id,
        body: stage.seal(),
        receivedAt: clock.now(),
        local: [],
        queued: {
          sender: sender === null ? null : address(sender),
          recipients: to.map(address),
          smtputf8: false,
          eightBit: false,
          skip,
          dueAt,
          ...(wishes === undefined ? {} : { wishes }),
        },
      });
    },
    async until(condition, what = "what the test waits for") {
      for (let i = 0; !condition(); i++) {
        if (i > 5000) throw new Error(`Waited too long for ${what}`);
        await turn();
      }
    },
    calm,
    async pass(ms, step = ms) {
      for (let passed = 0; passed < ms; passed += step) {
        await clock.advance(Math.min(step, ms - passed));
        await calm();
      }
    },
    async [Symbol.asyncDispose]() {
      const stopping = runner.stop();
      let stopped = false;
      stopping.then(() => stopped = true);
      while (!stopped) await clock.advance(60_000);
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
