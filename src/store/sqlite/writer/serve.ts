import { openForWriting, UnusableDatabase } from "../open.ts";
import type { Database } from "../database.ts";
import type { Batch, Close, Closed, Start, Started } from "../protocol.ts";
import type { WorkerPort } from "../worker_port.ts";
import { BatchRunner } from "./batch.ts";
import { HighMark } from "./mark.ts";
import { Reserve } from "./reserve.ts";

const OLDER_COPY =
  "The database is an older copy of what was here. Mail programs will read all mailboxes anew.";

/** Opens the database and from then on answers batches, one after the other. */
export function startWriter(port: WorkerPort, { path, settings }: Extract<Start, { role: "writer" }>): void {
  const reserve = new Reserve(`${path}-reserve`);
  let db: Database;
  let mark: HighMark;
  let isOlder: boolean;
  try {
    db = openForWriting(path, settings.maxPages);
    mark = new HighMark(`${path}-mark`, db);
    isOlder = mark.check();
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
      mark.close();
      db.close();
      port.postMessage({ closed: true } satisfies Closed);
    } else {
      port.postMessage(runner.run(message));
      mark.touch();
    }
  };
  port.postMessage({ ok: true, note: isOlder ? OLDER_COPY : null } satisfies Started);
}
