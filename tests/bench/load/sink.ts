/** A fast SMTP sink: accepts everything, counts, and says how many came in how long once nothing more comes. */
import { LoadConn } from "./line.ts";

export interface SinkLoad {
  readonly mode: "sink";
  readonly host: string;
  readonly port: number;
  /** Ends when so many messages have come, or after so many seconds. */
  readonly messages: number;
  readonly seconds: number;
}

export interface SinkResult {
  readonly messages: number;
  readonly connections: number;
  /** From the first message to the last. */
  readonly seconds: number;
  readonly perSecond: number;
}

export async function runSink(load: SinkLoad): Promise<SinkResult> {
  const listener = Deno.listen({ hostname: load.host, port: load.port });
  const sink = new Sink(load.messages);
  const timer = setTimeout(sink.finish, load.seconds * 1000);
  void accept(listener, sink);
  await sink.finished;
  clearTimeout(timer);
  listener.close();
  const seconds = (sink.last - sink.first) / 1000;
  return {
    messages: sink.messages,
    connections: sink.connections,
    seconds,
    perSecond: seconds > 0 ? (sink.messages - 1) / seconds : 0,
  };
}

async function accept(listener: Deno.TcpListener, sink: Sink): Promise<void> {
  try {
    for await (const conn of listener) {
      sink.connections++;
      sink.serve(LoadConn.accepted(conn)).catch(() => {
        // The sender went away.
      });
    }
  } catch {
    // The listener was closed.
  }
}

class Sink {
  messages = 0;
  connections = 0;
  first = 0;
  last = 0;
  readonly finished: Promise<void>;
  finish: () => void = () => {};
  readonly #wanted: number;

  constructor(wanted: number) {
    this.#wanted = wanted;
    this.finished = new Promise((resolve) => this.finish = resolve);
  }

  async serve(conn: LoadConn): Promise<void> {
    await conn.write("220 sink.test ESMTP\r\n");
    for (;;) {
      const line = await conn.line();
      if (line === null) return;
      const verb = String.fromCharCode(...line.subarray(0, 4)).toUpperCase();
      if (verb === "EHLO") {
        await conn.write("250-sink.test\r\n250-PIPELINING\r\n250-SIZE 99999999\r\n250 8BITMIME\r\n");
      } else if (verb === "DATA") await this.#data(conn);
      else if (verb === "QUIT") {
        await conn.write("221 Bye\r\n");
        return conn.close();
      } else await conn.write("250 OK\r\n");
    }
  }

  async #data(conn: LoadConn): Promise<void> {
    await conn.write("354 Go on\r\n");
    for (;;) {
      const line = await conn.line();
      if (line === null) return;
      if (line.length === 3 && line[0] === 46) break;
    }
    this.last = performance.now();
    if (this.messages++ === 0) this.first = this.last;
    await conn.write("250 Sunk\r\n");
    if (this.messages >= this.#wanted) this.finish();
  }
}
