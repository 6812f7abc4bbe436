import type { Log } from "../core/ports.ts";

export interface SignalOptions {
  readonly log: Log;
  /** On SIGHUP. It reports its own failures; what it throws is not lost but logged. */
  readonly onReload: () => Promise<void>;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

export interface SignalWatch {
  /** Resolves with the name of the first SIGTERM or SIGINT. */
  readonly stopping: Promise<Deno.Signal>;
  close(): void;
}

/** By custom, 128 and the signal's number. */
const EXIT_CODES: Readonly<Partial<Record<Deno.Signal, number>>> = { SIGINT: 130, SIGTERM: 143 };

/** SIGHUP reloads, the first SIGTERM or SIGINT stops with grace, the second one at once. */
export function watchSignals(options: SignalOptions): SignalWatch {
  const { promise: stopping, resolve } = Promise.withResolvers<Deno.Signal>();
  let stops = 0;
  const stop = (signal: Deno.Signal) => () => {
    stops += 1;
    if (stops > 1) options.exit(EXIT_CODES[signal] ?? 1);
    resolve(signal);
  };
  const handlers: readonly (readonly [Deno.Signal, () => void])[] = [
    ["SIGTERM", stop("SIGTERM")],
    ["SIGINT", stop("SIGINT")],
    ["SIGHUP", () => {
      options.onReload().catch((error) => options.log.error("reload-failed", { error: String(error) }));
    }],
  ];
  for (const [signal, handler] of handlers) Deno.addSignalListener(signal, handler);
  return {
    stopping,
    close: () => {
      for (const [signal, handler] of handlers) Deno.removeSignalListener(signal, handler);
    },
  };
}
