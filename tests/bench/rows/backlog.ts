/** A queue of 100,000 messages for 1,000 dead domains, put into the store directly: does a fresh letter to a live one notice? */
import { join } from "node:path";
import { silentLog } from "../../support/fakes.ts";
import { startDnsAuthority } from "../../support/dns_authority.ts";
import { Mailden } from "../../support/mailden.ts";
import { freePort, loopbackAddress } from "../../support/ports.ts";
import { SmtpSink } from "../../support/smtp_sink.ts";
import { systemClock, systemRandom } from "../../../src/net/system.ts";
import { openSqliteStore } from "../../../src/store/sqlite/mod.ts";
import { type Bench, type Figure, PASSWORD, READER } from "../bench.ts";
import { cpuSeconds, memoryMegabytes } from "../process.ts";

const DOMAINS = 1000;
const SIZE = 4096;
/** Letters, and how far apart. */
const LETTERS = 20;
const PAUSE_MS = 500;

export async function* backlog(bench: Bench): AsyncGenerator<Figure> {
  const [deadHost, liveHost] = [loopbackAddress(), loopbackAddress()];
  const port = freePort(deadHost, liveHost);
  const dead = Array.from({ length: DOMAINS }, (_, i) => `d${i}.dead.test`);
  const dns = await startDnsAuthority({
    zones: {
      "live.test": { MX: [{ preference: 10, exchange: "mx.live.test" }] },
      "mx.live.test": { A: [liveHost] },
      ...Object.fromEntries(dead.map((domain) => [domain, { A: [deadHost] }])),
    },
  });
  await using _dns = { [Symbol.asyncDispose]: () => dns.close() };
  await using sink = await SmtpSink.start({ host: liveHost, port });
  await using server = await Mailden.prepare({
    parent: bench.folder,
    discardOutput: true,
    hostname: "mx.bench.test",
    accounts: { [READER]: PASSWORD },
    config: {
      plaintext_auth: "loopback",
      dns: { servers: [dns.address] },
      outbound: { port },
    },
  });
  await fill(server, { domains: dead, messages: bench.backlog });
  const row = `backlog ${bench.backlog.toLocaleString("en")} for ${
    DOMAINS.toLocaleString("en")
  } dead domains`;
  const begun = performance.now();
  await server.serve();
  const startSeconds = (performance.now() - begun) / 1000;
  yield { row, name: "start-up", value: startSeconds, unit: "s", aim: aim("below 3 s", startSeconds < 3) };
  const waits = await sendLetters(server, sink);
  yield { row, name: "a letter leaves after (p50)", value: waits[LETTERS / 2]!, unit: "ms" };
  const worst = waits.at(-1)!;
  yield {
    row,
    name: "a letter leaves after (worst)",
    value: worst,
    unit: "ms",
    aim: aim("below 2 s", worst < 2000),
  };
  const peak = memoryMegabytes(server.pid, "VmHWM");
  yield { row, name: "peak RSS", value: peak, unit: "MB", aim: aim("below 300 MB", peak < 300) };
  yield { row, name: "CPU until then", value: cpuSeconds(server.pid), unit: "s" };
}

function aim(text: string, reached: boolean): NonNullable<Figure["aim"]> {
  return { text, reached };
}

/** Puts the messages into the database of a server that does not run yet; all of them are due. */
async function fill(
  server: Mailden,
  { domains, messages }: { readonly domains: readonly string[]; readonly messages: number },
): Promise<void> {
  const store = await openSqliteStore({
    directory: join(server.dataDirectory),
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    undeleteDays: 0,
  });
  const body = new TextEncoder().encode(
    `Subject: For nobody\r\n\r\n${"x".repeat(70)}\r\n`.padEnd(SIZE, `${"y".repeat(70)}\r\n`),
  );
  const now = systemClock.now();
  const put = async (index: number) => {
    const stage = store.bodies.stage();
    await stage.write(body);
    await store.accept({
      id: `b${String(index).padStart(8, "0")}`,
      body: stage.seal(),
      receivedAt: now - 60_000,
      local: [],
      queued: {
        sender: { local: `s${index % 50}`, domain: "bench.test" },
        recipients: [{ local: `r${index}`, domain: domains[index % domains.length]! }],
        smtputf8: false,
        eightBit: false,
        skip: 0,
        dueAt: now - 60_000 + index % 1000,
      },
    });
  };
  for (let at = 0; at < messages; at += 500) {
    await Promise.all(Array.from({ length: Math.min(500, messages - at) }, (_, i) => put(at + i)));
  }
  await store.close();
}

/** How long each letter took from the final 250 to the live host, in milliseconds, ascending. */
async function sendLetters(server: Mailden, sink: SmtpSink): Promise<number[]> {
  await using client = await server.submission(READER);
  const waits: number[] = [];
  for (let i = 0; i < LETTERS; i++) {
    const begun = performance.now();
    await client.send({ from: READER, to: "friend@live.test", message: `Subject: ${i}\r\n\r\nHello\r\n` });
    await sink.waitForAccepted(i + 1);
    waits.push(performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return waits.sort((a, b) => a - b);
}
