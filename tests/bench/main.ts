/**
 * `deno task bench`: starts the real program on a temporary folder on disk and measures it, next to what the disk and the
 * loopback can do in the same run, so that ratios can be compared between machines. Nothing here is a test: no figure fails.
 *
 *     deno task bench [--rows ingest,relay,backlog,imap,pop3,idle,push,others,peers,dovecot,dovecot-idle,dovecot-pop3]
 *                     [--connections 1,10,50,200] [--sizes 4096,65536] [--seconds 8] [--messages 20000]
 *                     [--mailbox 10000] [--backlog 100000] [--idle 1000] [--folder DIR] [--json FILE]
 *
 * The rows `peers`, `dovecot`, `dovecot-idle` and `dovecot-pop3` put Postfix with Dovecot, or Dovecot alone, beside it; they need root and Debian's
 * packages, so they are run only when asked for. `dovecot` is about one mailbox of --mailbox messages (10000 take a minute, 100000
 * six), `dovecot-idle` about --idle sessions (1000, 5000). An ingest row ends after --seconds or --messages, whichever is
 * first. With MB=/path/to/mb in the environment the ingest load comes from that program; it ends by --messages alone.
 */
import { parseArgs } from "node:util";
import { fdatasyncPerSecond, loopbackMegabytes } from "./baseline.ts";
import type { Bench, Figure } from "./bench.ts";
import { backlog } from "./rows/backlog.ts";
import { dovecot } from "./rows/dovecot.ts";
import { dovecotIdle } from "./rows/dovecot_idle.ts";
import { dovecotPop3 } from "./rows/dovecot_pop3.ts";
import { idle } from "./rows/idle.ts";
import { ingest } from "./rows/ingest.ts";
import { others } from "./rows/others.ts";
import { peers } from "./rows/peers.ts";
import { imap, pop3 } from "./rows/read.ts";
import { push } from "./rows/push.ts";
import { relay } from "./rows/relay.ts";
import { tableHead, tableRow } from "./table.ts";

const ROWS: Readonly<Record<string, (bench: Bench) => AsyncGenerator<Figure>>> = {
  ingest,
  relay,
  backlog,
  imap,
  pop3,
  idle,
  push,
  others,
  peers,
  dovecot,
  "dovecot-idle": dovecotIdle,
  "dovecot-pop3": dovecotPop3,
};

const { values } = parseArgs({
  args: Deno.args,
  options: {
    rows: { type: "string", default: "ingest,relay,imap,pop3,idle" },
    connections: { type: "string", default: "1,10,50,200" },
    sizes: { type: "string", default: "4096,65536" },
    seconds: { type: "string", default: "8" },
    messages: { type: "string", default: "20000" },
    mailbox: { type: "string", default: "10000" },
    backlog: { type: "string", default: "100000" },
    idle: { type: "string", default: "1000" },
    folder: { type: "string", default: "/var/tmp" },
    json: { type: "string" },
  },
});
const rows = values.rows.split(",");
const unknown = rows.filter((row) => !(row in ROWS));
if (unknown.length > 0) {
  console.error(`No such rows: ${unknown.join(", ")}; there are ${Object.keys(ROWS).join(", ")}.`);
  Deno.exit(2);
}

const folder = await Deno.makeTempDir({ dir: values.folder, prefix: "mailden-bench-" });
try {
  await run(folder);
} finally {
  await Deno.remove(folder, { recursive: true });
}

async function run(place: string): Promise<void> {
  const bench: Bench = {
    folder: place,
    connections: numbers(values.connections),
    sizes: numbers(values.sizes),
    seconds: Number(values.seconds),
    messages: Number(values.messages),
    backlog: Number(values.backlog),
    mailboxSize: Number(values.mailbox),
    idleConnections: Number(values.idle),
    mb: Deno.env.get("MB") ?? null,
    baseline: {
      fdatasyncPerSecond: await fdatasyncPerSecond(place, 2),
      loopbackMegabytes: await loopbackMegabytes(1),
    },
  };
  const { fdatasyncPerSecond: syncs, loopbackMegabytes: megabytes } = bench.baseline;
  console.log(
    `${navigator.hardwareConcurrency} cores; ${values.folder}: ${Math.round(syncs)} fdatasync/s of 4 KiB; ` +
      `loopback ${Math.round(megabytes)} MB/s; load by ${bench.mb ?? "our own generator"}`,
  );
  console.log(tableHead());
  const figures: Figure[] = [];
  for (const name of rows) {
    for await (const figure of ROWS[name]!(bench)) {
      figures.push(figure);
      console.log(tableRow(figure));
    }
  }
  const after = await fdatasyncPerSecond(place, 2);
  console.log(`the disk afterwards: ${Math.round(after)} fdatasync/s`);
  if (values.json !== undefined) {
    const report = { baseline: { ...bench.baseline, fdatasyncPerSecondAfter: after }, figures };
    await Deno.writeTextFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
  }
}

function numbers(text: string): number[] {
  return text.split(",").map(Number);
}
