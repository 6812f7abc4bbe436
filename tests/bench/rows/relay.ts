/** Out through the queue: an account submits, the server finds the MX in our DNS and sends to a sink. */
import { freePort, loopbackAddress } from "../../support/ports.ts";
import { startDnsAuthority } from "../../support/dns_authority.ts";
import { type Bench, type Figure, PASSWORD, ratio, READER, runLoad, startServer } from "../bench.ts";
import type { SinkResult } from "../load/sink.ts";
import type { SmtpResult } from "../load/smtp.ts";
import { cpuSeconds } from "../process.ts";

const SIZE = 4096;

export async function* relay(bench: Bench): AsyncGenerator<Figure> {
  const sinkHost = loopbackAddress();
  const sinkPort = freePort(sinkHost);
  const dns = await startDnsAuthority({
    zones: {
      "sink.test": { MX: [{ preference: 10, exchange: "mx.sink.test" }] },
      "mx.sink.test": { A: [sinkHost] },
    },
  });
  try {
    await using server = await startServer(bench, {
      dns: { servers: [dns.address] },
      outbound: { port: sinkPort },
      submission: { recipients_per_day: null, new_recipients_per_day: null },
    });
    const messages = Math.min(bench.messages, 5000);
    const sunk = runLoad<SinkResult>({
      mode: "sink",
      host: sinkHost,
      port: sinkPort,
      messages,
      seconds: 120,
    });
    const cpu = cpuSeconds(server.pid);
    const sent = await runLoad<SmtpResult>({
      mode: "smtp",
      host: server.host,
      port: server.ports.submission,
      connections: 20,
      messages,
      seconds: 120,
      size: SIZE,
      recipients: ["rcpt@sink.test"],
      sender: READER,
      login: { user: READER, password: PASSWORD },
    });
    const received = await sunk;
    const row = `relay ${SIZE / 1024} KiB`;
    if (received.messages < messages) {
      throw new Error(`${row}: ${received.messages} of ${messages} arrived; ${sent.error ?? "no error"}`);
    }
    const rate = (value: number) => ({
      value,
      unit: "/s",
      ratio: ratio(bench, "fdatasyncPerSecond", value),
    });
    yield { row, name: "submitted and queued", ...rate(sent.perSecond) };
    yield { row, name: "delivered to the sink", ...rate(received.perSecond) };
    const used = cpuSeconds(server.pid) - cpu;
    yield { row, name: "CPU per 1,000 messages", value: used / messages * 1000, unit: "s" };
  } finally {
    await dns.close();
  }
}
