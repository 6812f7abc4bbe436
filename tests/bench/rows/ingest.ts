/** SMTP to a durable mailbox, for each number of connections and each size, with a new server each time. */
import type { Mailden } from "../../support/mailden.ts";
import { fdatasyncPerSecond } from "../baseline.ts";
import { type Bench, type Figure, lastLine, runLoad, startServer, USERS } from "../bench.ts";
import type { SmtpResult } from "../load/smtp.ts";
import { cpuSeconds, memoryMegabytes, resetPeak } from "../process.ts";

export async function* ingest(bench: Bench): AsyncGenerator<Figure> {
  for (const size of bench.sizes) {
    for (const connections of bench.connections) {
      await using server = await startServer(bench);
      yield* measure(bench, server, { size, connections });
    }
  }
}

async function* measure(
  bench: Bench,
  server: Mailden,
  { size, connections }: { readonly size: number; readonly connections: number },
): AsyncGenerator<Figure> {
  const load = {
    mode: "smtp" as const,
    host: server.host,
    port: server.ports.smtp,
    connections,
    messages: bench.messages,
    seconds: bench.seconds,
    size,
    recipients: USERS,
    sender: "sender@foreign.test",
  };
  // What is compiled and cached at the first messages is not part of the figures.
  await runLoad({ ...load, messages: 300, seconds: 5 });
  // Disks of virtual machines change from one moment to the next, so each row has its own baseline around it.
  const before = await fdatasyncPerSecond(bench.folder, 1);
  const pid = server.pid;
  resetPeak(pid);
  const cpu = cpuSeconds(pid);
  const result = bench.mb === null ? await runLoad<SmtpResult>(load) : await runMb(bench.mb, load);
  const used = cpuSeconds(pid) - cpu;
  const row = `ingest ${size / 1024} KiB, ${connections} connections`;
  if (result.error !== null || result.errors > 0) throw new Error(`${row}: ${result.error}`);
  const syncs = (before + await fdatasyncPerSecond(bench.folder, 1)) / 2;
  const aimed = connections === 50 && size === 4096;
  const share = result.perSecond / syncs;
  yield {
    row,
    name: "durable messages",
    value: result.perSecond,
    unit: "/s",
    ratio: { to: "fdatasyncPerSecond", value: share },
    ...aimed
      ? { aim: { text: "2,500/s, or one per fdatasync", reached: result.perSecond >= Math.min(2500, syncs) } }
      : {},
  };
  yield { row, name: "fdatasync beside it", value: syncs, unit: "/s" };
  yield { row, name: "p50 of the final 250", value: result.p50, unit: "ms" };
  yield {
    row,
    name: "p99 of the final 250",
    value: result.p99,
    unit: "ms",
    ...aimed ? { aim: { text: "below 60 ms", reached: result.p99 < 60 } } : {},
  };
  yield { row, name: "CPU per 1,000 messages", value: used / result.accepted * 1000, unit: "s" };
  yield { row, name: "peak RSS", value: memoryMegabytes(pid, "VmHWM"), unit: "MB" };
}

/** The same load by the `mb` program, which takes less of the machine for itself. */
async function runMb(
  mb: string,
  load: { host: string; port: number; connections: number; messages: number; size: number },
): Promise<SmtpResult> {
  const flags = {
    host: load.host,
    port: load.port,
    conns: load.connections,
    msgs: load.messages,
    size: load.size,
    users: USERS.length,
    rcpt: "u%d@bench.test",
  };
  const { stdout } = await new Deno.Command(mb, {
    args: ["smtp", ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)])],
    stdout: "piped",
    stderr: "inherit",
  }).output();
  const figures = JSON.parse(lastLine(stdout));
  return {
    accepted: figures.accepted,
    errors: figures.errors,
    error: figures.errors > 0 ? `mb counted ${figures.errors} errors` : null,
    seconds: figures.secs,
    perSecond: figures.msg_s,
    p50: figures.p50_ms,
    p99: figures.p99_ms,
    clientCpuSeconds: figures.client_cpu_s,
  };
}
