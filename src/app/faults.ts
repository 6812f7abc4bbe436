import type { Log } from "../core/ports.ts";

/**
 * Logs what nobody caught and lets the server go on: a mistake in one session must not end the others, and what was
 * acknowledged is on disk in any case. Returns how to stop it.
 */
export function catchFaults(log: Log): () => void {
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    log.error("uncaught", { error: describe(event.reason) });
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    log.error("uncaught", { error: describe(event.error) });
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return () => {
    globalThis.removeEventListener("unhandledrejection", onRejection);
    globalThis.removeEventListener("error", onError);
  };
}

function describe(reason: unknown): string {
  return reason instanceof Error ? reason.stack ?? reason.message : String(reason);
}
