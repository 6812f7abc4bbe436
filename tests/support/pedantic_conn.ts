/** A connection in memory under the eyes of `PedanticImap`: what the server says wrong, the client's next read throws. */
import { encodeUtf8 } from "../../src/core/bytes.ts";
import type { Conn } from "../../src/core/ports.ts";
import type { ConnPair, FakeClient } from "./fake_conn.ts";
import { PedanticImap } from "./pedantic_imap.ts";

/** With `mayBreakOff` the server may close inside a response: when it cannot keep the promise of a literal. */
export function watched(
  { server, client }: ConnPair,
  { mayBreakOff = false }: { readonly mayBreakOff?: boolean } = {},
): ConnPair {
  const eyes = new Eyes(mayBreakOff);
  return { server: watchedConn(server, eyes), client: new WatchedClient(client, eyes) };
}

class Eyes {
  readonly #pedant = new PedanticImap();
  readonly #mayBreakOff: boolean;
  #failure: unknown = null;

  constructor(mayBreakOff: boolean) {
    this.#mayBreakOff = mayBreakOff;
  }

  /** The server has closed. */
  end(): void {
    if (!this.#mayBreakOff) this.look((pedant) => pedant.ended());
  }

  /** Looks; what is wrong is kept for the client, since the server must not notice. */
  look(see: (pedant: PedanticImap) => void): void {
    if (this.#failure !== null) return;
    try {
      see(this.#pedant);
    } catch (error) {
      this.#failure = error;
    }
  }

  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

function watchedConn(server: Conn, eyes: Eyes): Conn {
  return {
    id: server.id,
    local: server.local,
    remote: server.remote,
    get tls() {
      return server.tls;
    },
    read: (timeoutMs) => server.read(timeoutMs),
    write: (bytes) => {
      const copy = bytes.slice();
      eyes.look((pedant) => pedant.heard(copy));
      return server.write(bytes);
    },
    startTls: () => server.startTls(),
    close: () => {
      eyes.end();
      server.close();
    },
  };
}

class WatchedClient implements FakeClient {
  readonly #client: FakeClient;
  readonly #eyes: Eyes;

  constructor(client: FakeClient, eyes: Eyes) {
    this.#client = client;
    this.#eyes = eyes;
  }

  write(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? encodeUtf8(data) : data.slice();
    this.#eyes.look((pedant) => pedant.sent(bytes));
    this.#client.write(data);
  }

  readLine(): Promise<string | null> {
    return this.#read(this.#client.readLine());
  }

  readBytes(length: number): Promise<Uint8Array> {
    return this.#read(this.#client.readBytes(length));
  }

  readSome(): Promise<Uint8Array | null> {
    return this.#read(this.#client.readSome());
  }

  readAll(): Promise<string> {
    return this.#read(this.#client.readAll());
  }

  close(): void {
    this.#client.close();
  }

  reset(): void {
    this.#client.reset();
  }

  get closed(): boolean {
    return this.#client.closed;
  }

  get writes(): readonly string[] {
    return this.#client.writes;
  }

  async #read<T>(reading: Promise<T>): Promise<T> {
    const result = await reading;
    this.#eyes.check();
    return result;
  }
}
