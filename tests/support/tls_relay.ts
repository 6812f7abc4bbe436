/**
 * Between a client and a TLS server, with a certificate of the test's own: it reads what both say, lets everything pass up to a
 * place that the test names, and then nothing more in either direction.
 */
import { decodeLatin1 } from "../../src/core/bytes.ts";
import type { TestCertificate } from "./certificate.ts";

export interface Cut {
  readonly side: "client" | "server";
  /** In what that side has said on one connection, one character a byte. */
  readonly at: RegExp;
  /** Whether the text that matches still passes. */
  readonly passes: boolean;
}

export interface TlsRelayOptions {
  readonly identity: TestCertificate;
  readonly upstream: { readonly host: string; readonly port: number; readonly caCerts: readonly string[] };
  readonly serverName: string;
}

export class TlsRelay implements AsyncDisposable {
  readonly port: number;
  readonly #listener: Deno.TlsListener;
  readonly #options: TlsRelayOptions;
  readonly #open = new Set<Deno.TlsConn>();
  #cut: Cut | null = null;
  #reached = Promise.withResolvers<void>();

  constructor(options: TlsRelayOptions) {
    const { certificate, key } = options.identity;
    this.#options = options;
    this.#listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: certificate, key });
    this.port = this.#listener.addr.port;
    void this.#serve();
  }

  /** From now on; resolves when a connection has come to that place. Null lets everything pass. */
  cut(cut: Cut | null): Promise<void> {
    this.#cut = cut;
    this.#reached = Promise.withResolvers<void>();
    return this.#reached.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const conn of this.#open) closeQuietly(conn);
    return Promise.resolve();
  }

  async #serve(): Promise<void> {
    for (;;) {
      let client: Deno.TlsConn;
      try {
        client = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) return;
        continue;
      }
      void this.#relay(client).catch(() => {});
    }
  }

  async #relay(client: Deno.TlsConn): Promise<void> {
    this.#open.add(client);
    const { upstream, serverName } = this.#options;
    const socket = await Deno.connect({ hostname: upstream.host, port: upstream.port });
    const server = await Deno.startTls(socket, { hostname: serverName, caCerts: [...upstream.caCerts] });
    this.#open.add(server);
    const held = { now: false };
    try {
      // Who ends first ends both: the other side must not wait for a process that was killed.
      await Promise.race([
        this.#pass(client, server, { side: "client", held }),
        this.#pass(server, client, { side: "server", held }),
      ]);
    } finally {
      for (const conn of [client, server]) {
        closeQuietly(conn);
        this.#open.delete(conn);
      }
    }
  }

  async #pass(
    from: Deno.TlsConn,
    to: Deno.TlsConn,
    { side, held }: { readonly side: Cut["side"]; readonly held: { now: boolean } },
  ): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    let said = "";
    for (;;) {
      const got = await from.read(chunk);
      if (got === null) return;
      if (held.now) continue;
      const before = said.length;
      said += decodeLatin1(chunk.subarray(0, got));
      const cut = this.#cut;
      const match = cut?.side === side ? cut.at.exec(said) : null;
      const end = match === null ? said.length : match.index + (cut!.passes ? match[0].length : 0);
      if (end > before) await writeAll(to, chunk.slice(0, end - before));
      if (match === null) continue;
      held.now = true;
      this.#reached.resolve();
    }
  }
}

async function writeAll(conn: Deno.TlsConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}

function closeQuietly(conn: Deno.TlsConn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}
