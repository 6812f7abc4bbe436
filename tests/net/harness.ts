/** A listener of ours with everything it needs, and a raw client. */
import { makeCertificate } from "../support/certificate.ts";
import { live, RecordingLog, RecordingMetrics } from "../support/fakes.ts";
import { decodeUtf8, encodeUtf8 } from "../../src/core/bytes.ts";
import type { Conn } from "../../src/core/ports.ts";
import {
  defaultListenLimits,
  listen,
  type Listener,
  type ListenLimits,
  type ListenOptions,
} from "../../src/net/listen.ts";
import { systemClock } from "../../src/net/system.ts";
import { openServerTls, type ServerTls } from "../../src/net/tls/mod.ts";
import { silentLog } from "../support/fakes.ts";
import { PATIENCE_MS } from "../support/patience.ts";

export interface Harness extends AsyncDisposable {
  readonly listener: Listener;
  readonly port: number;
  readonly log: RecordingLog;
  readonly metrics: RecordingMetrics;
  /** Resolves when all sessions are over and their descriptors closed. */
  idle(): Promise<void>;
}

export type HarnessOptions = Partial<Omit<ListenOptions, "limits">> & {
  readonly limits?: Partial<ListenLimits>;
};

export async function startListener(
  onConnection: (conn: Conn) => Promise<void>,
  options: HarnessOptions = {},
): Promise<Harness> {
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const { limits, ...rest } = options;
  const listener = await listen({
    endpoint: { host: "127.0.0.1", port: 0 },
    tls: null,
    implicitTls: false,
    limits: live({ ...defaultListenLimits, ...limits }),
    log,
    metrics,
    name: "test",
    refusal: (why) => encodeUtf8(`421 ${why}\r\n`),
    onConnection,
    ...rest,
  });
  const idle = async () => {
    while (listener.sessions > 0) await systemClock.sleep(5);
  };
  return {
    listener,
    port: listener.endpoint.port,
    log,
    metrics,
    idle,
    async [Symbol.asyncDispose]() {
      listener.close();
      await idle();
    },
  };
}

/** A certificate for `localhost`, in a folder that goes away. */
export async function testTls(): Promise<ServerTls & AsyncDisposable> {
  const directory = await Deno.makeTempDir();
  const pair = await makeCertificate({ names: ["localhost"] });
  await Deno.writeTextFile(`${directory}/a.crt`, pair.certificate);
  await Deno.writeTextFile(`${directory}/a.key`, pair.key);
  const tls = await openServerTls({
    certificate: `${directory}/a.crt`,
    key: `${directory}/a.key`,
    directory,
    hostname: "localhost",
    clock: systemClock,
    log: silentLog,
  });
  return Object.assign(tls, {
    async [Symbol.asyncDispose]() {
      tls.close();
      await Deno.remove(directory, { recursive: true });
    },
  });
}

/** Everything until the end of the stream. */
export async function readAll(conn: Conn, timeoutMs = PATIENCE_MS): Promise<string> {
  let text = "";
  for (;;) {
    const chunk = await conn.read(timeoutMs);
    if (chunk === null) return text;
    text += decodeUtf8(chunk);
  }
}

/** The same from a raw socket; a reset counts as the end. */
export async function readRaw(socket: Deno.Conn): Promise<string> {
  let text = "";
  const buffer = new Uint8Array(65536);
  for (;;) {
    const length = await socket.read(buffer).catch(() => null);
    if (length === null) return text;
    text += decodeUtf8(buffer.subarray(0, length));
  }
}

/** Says back whatever it is told. */
export async function echo(conn: Conn): Promise<void> {
  for (;;) {
    const chunk = await conn.read(PATIENCE_MS);
    if (chunk === null) return;
    await conn.write(chunk);
  }
}

/** A wire that can be cut: hands one connection's bytes on, until `cut` drops both ends without a word. */
export async function startRelay(
  target: number,
): Promise<AsyncDisposable & { readonly port: number; cut(): void }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ends: Deno.TcpConn[] = [];
  const pumping = (async () => {
    const near = await listener.accept();
    ends.push(near);
    const far = await Deno.connect({ hostname: "127.0.0.1", port: target });
    ends.push(far);
    await Promise.all([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
  })().catch(() => {});
  const cut = () => {
    for (const end of ends.splice(0)) {
      try {
        end.close();
      } catch {
        // The pump has closed it.
      }
    }
  };
  return {
    port: listener.addr.port,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await pumping;
    },
  };
}
