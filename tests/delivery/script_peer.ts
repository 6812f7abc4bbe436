/** A server that answers each line as a script says: by the first pattern that fits, or by a function; null closes. */
import { decodeLatin1, encodeUtf8 } from "../../src/core/bytes.ts";

export type Script =
  | readonly (readonly [pattern: RegExp, reply: string | null])[]
  | ((line: string) => string | null);

export interface ScriptPeer extends AsyncDisposable {
  readonly port: number;
  /** Everything the client sent, but for the lines of messages. */
  readonly lines: readonly string[];
  readonly connections: number;
}

export function startScriptPeer(script: Script, greeting = "220 script.test ESMTP"): ScriptPeer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const lines: string[] = [];
  const open = new Set<Deno.Conn>();
  let connections = 0;

  async function serve(conn: Deno.Conn): Promise<void> {
    await conn.write(encodeUtf8(`${greeting}\r\n`));
    const buffer = new Uint8Array(65536);
    let input = "";
    let inData = false;
    for (;;) {
      const count = await conn.read(buffer);
      if (count === null) return;
      input += decodeLatin1(buffer.subarray(0, count));
      for (let end = input.indexOf("\r\n"); end >= 0; end = input.indexOf("\r\n")) {
        const line = input.slice(0, end);
        input = input.slice(end + 2);
        if (inData && line !== ".") continue;
        if (!inData) lines.push(line);
        inData = false;
        const reply = typeof script === "function"
          ? script(line)
          : script.find(([pattern]) => pattern.test(line))?.[1] ?? null;
        if (reply === null) return;
        inData = reply.startsWith("354");
        await conn.write(encodeUtf8(`${reply}\r\n`));
      }
    }
  }

  const accepting = (async () => {
    for await (const conn of listener) {
      connections++;
      open.add(conn);
      serve(conn).catch(() => {}).finally(() => {
        open.delete(conn);
        conn.close();
      });
    }
  })();

  return {
    port: listener.addr.port,
    lines,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      for (const conn of open) await conn.closeWrite().catch(() => {});
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  };
}
