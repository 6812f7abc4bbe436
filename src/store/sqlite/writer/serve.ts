import { openForWriting, UnusableDatabase } from "../open.ts";
import type { Database } from "../database.ts";
import type { Batch, Close, Closed, Start, Started } from "../protocol.ts";
import type { WorkerPort } from "../worker_port.ts";
import { BatchRunner } from "./batch.ts";
import { Reserve } from "./reserve.ts";

/** Opens the database and from then on answers batches, one after the other. */
export function startWriter(port: WorkerPort, { path, settings }: Extract<Start, { role: "writer" }>): void {
  const reserve = new Reserve(`${path}-reserve`);
  let db: Database;
  try {
    db = openForWriting(path, settings.maxPages);
  } catch (error) {
    const reason = error instanceof UnusableDatabase
      ? error.message
      : `The database ${path} failed: ${error}`;
    port.postMessage({ ok: false, reason } satisfies Started);
    return;
  }
  const runner = new BatchRunner(db, {
    reserve,
    keepsExpunged: settings.keepsExpunged,
    seconds: () => performance.now() / 1000,
  });
  port.onmessage = ({ data }) => {
    const message = data as Batch | Close;
    if ("close" in message) {
      db.close();
      port.postMessage({ closed: true } satisfies Closed);
    } else {
      port.postMessage(runner.run(message));
    }
  };
  port.postMessage({ ok: true } satisfies Started);
}
