/** Out through the queue: an account submits, the server finds the MX in our DNS and sends to a sink. */
import { freePort, loopbackAddress } from "../../support/ports.ts";
import { startDnsAuthority } from "../../support/dns_authority.ts";
import { type Bench, type Figure, PASSWORD, ratio, READER, runLoad, startServer } from "../bench.ts";
import type { SinkResult } from "../load/sink.ts";
import type { SmtpLoad, SmtpResult } from "../load/smtp.ts";
import { treeCpuSeconds } from "../process.ts";

export interface Relayed {
  readonly submitted: number;
  readonly delivered: number;
  readonly cpuPerThousand: number;
}

/** A server that sends what it is given to the sink. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  readonly login?: SmtpLoad["login"];
  cpuSeconds(): number;
}

export const SINK_DOMAIN = "sink.test";
const SIZE = 4096;
const MESSAGES = 5000;

export async function* relay(bench: Bench): AsyncGenerator<Figure> {
  const { submitted, delivered, cpuPerThousand } = await relayByMailden(bench);
  const row = `relay ${SIZE / 1024} KiB`;
  const rate = (value: number) => ({ value, unit: "/s", ratio: ratio(bench, "fdatasyncPerSecond", value) });
  yield { row, name: "submitted and queued", ...rate(submitted) };
  yield { row, name: "delivered to the sink", ...rate(delivered) };
  yield { row, name: "CPU per 1,000 messages", value: cpuPerThousand, unit: "s" };
}

export async function relayByMailden(bench: Bench): Promise<Relayed> {
  const sink = { host: loopbackAddress(), port: 0 };
  sink.port = freePort(sink.host);
  const dns = await startDnsAuthority({
    zones: {
      [SINK_DOMAIN]: { MX: [{ preference: 10, exchange: `mx.${SINK_DOMAIN}` }] },
      [`mx.${SINK_DOMAIN}`]: { A: [sink.host] },
    },
  });
  try {
    await using server = await startServer(bench, {
      dns: { servers: [dns.address] },
      outbound: { port: sink.port },
      submission: { recipients_per_day: null, new_recipients_per_day: null },
    });
    return await measureRelay(bench, sink, {
      host: server.host,
      port: server.ports.submission,
      login: { user: READER, password: PASSWORD },
      cpuSeconds: () => treeCpuSeconds(server.pid),
    });
  } finally {
    await dns.close();
  }
}

export async function measureRelay(
  bench: Bench,
  sink: { readonly host: string; readonly port: number },
  { host, port, login, cpuSeconds }: Relay,
): Promise<Relayed> {
  const messages = Math.min(bench.messages, MESSAGES);
  const sunk = runLoad<SinkResult>({ mode: "sink", ...sink, messages, seconds: 120 });
  const cpu = cpuSeconds();
  const sent = await runLoad<SmtpResult>({
    mode: "smtp",
    host,
    port,
    connections: 20,
    messages,
    seconds: 120,
    size: SIZE,
    recipients: [`rcpt@${SINK_DOMAIN}`],
    sender: READER,
    ...login === undefined ? {} : { login },
  });
  const received = await sunk;
  if (received.messages < messages) {
    throw new Error(`${received.messages} of ${messages} arrived at the sink; ${sent.error ?? "no error"}`);
  }
  return {
    submitted: sent.perSecond,
    delivered: received.perSecond,
    cpuPerThousand: (cpuSeconds() - cpu) / messages * 1000,
  };
}
