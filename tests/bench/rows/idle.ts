/** Memory of a server that has nothing to do, and of one with many connections that wait in IDLE. */
import { type Bench, type Figure, loadProcess, PASSWORD, READER, startServer } from "../bench.ts";
import { cpuSeconds, memoryMegabytes } from "../process.ts";

const SETTLE_MS = 3000;

export async function* idle(bench: Bench): AsyncGenerator<Figure> {
  await using server = await startServer(bench);
  await settle();
  const before = memoryMegabytes(server.pid, "VmRSS");
  yield {
    row: "idle server",
    name: "RSS",
    value: before,
    unit: "MB",
    aim: { text: "below 150 MB", reached: before < 150 },
  };
  const count = bench.idleConnections;
  const load = loadProcess({
    mode: "idle",
    host: server.host,
    port: server.ports.imap,
    user: READER,
    password: PASSWORD,
    connections: count,
  }, "piped").spawn();
  try {
    const started = performance.now();
    await firstOutput(load.stdout);
    const row = `${count} idle IMAP connections`;
    yield { row, name: "to open them all", value: (performance.now() - started) / 1000, unit: "s" };
    const cpu = cpuSeconds(server.pid);
    await settle();
    const more = memoryMegabytes(server.pid, "VmRSS") - before;
    yield {
      row,
      name: "RSS besides",
      value: more,
      unit: "MB",
      aim: { text: "below +60 MB", reached: more < 60 },
    };
    const share = (cpuSeconds(server.pid) - cpu) / (SETTLE_MS / 1000) * 100;
    yield { row, name: "CPU while idle", value: share, unit: "%" };
  } finally {
    await load.stdin.close();
    await Promise.all([load.stderr.cancel(), load.status]);
  }
}

/** Waits until the load says that all connections are in IDLE, and reads on, so that it can end. */
async function firstOutput(stdout: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stdout.getReader();
  const { done } = await reader.read();
  if (done) throw new Error("The load ended before its connections were idle");
  reader.releaseLock();
  void stdout.cancel();
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
