/** A thin IMAP client for tests: sends what it is told to, and shows the answers as text, literals in place. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ConnectOptions, latin1, TestSocket } from "./test_socket.ts";

export interface ImapResult {
  /** OK, NO or BAD. */
  readonly status: string;
  /** The tagged line behind the status. */
  readonly text: string;
  /** The untagged responses without `* `; a literal stands in its place, behind its `{n}` and CR LF. */
  readonly untagged: readonly string[];
}

export class ImapClient {
  readonly socket: TestSocket;
  greeting = "";
  #tags = 0;

  constructor(socket: TestSocket) {
    this.socket = socket;
  }

  /** Connects and reads the greeting, whatever it is. */
  static async connect(options: ConnectOptions): Promise<ImapClient> {
    const client = new ImapClient(await TestSocket.connect(options));
    client.greeting = await client.response();
    return client;
  }

  /** The next response with its literals. */
  async response(): Promise<string> {
    let text = "";
    for (;;) {
      const line = await this.socket.line();
      text += line;
      const literal = /\{(\d+)\}$/.exec(line);
      if (literal === null) return text;
      text += `\r\n${latin1(await this.socket.readBytes(Number(literal[1])))}`;
    }
  }

  /**
   * Sends a command and waits for its tagged answer. Byte parts go out as synchronising literals: the client waits
   * for `+` before each; when the server answers otherwise, the rest is not sent.
   */
  async command(...parts: (string | Uint8Array)[]): Promise<ImapResult> {
    const tag = `t${++this.#tags}`;
    const untagged: string[] = [];
    let out = `${tag} `;
    for (const part of parts) {
      if (typeof part === "string") {
        out += part;
        continue;
      }
      await this.socket.write(`${out}{${part.length}}\r\n`);
      const early = await this.#collect(tag, untagged, true);
      if (early !== null) return early;
      await this.socket.write(part);
      out = "";
    }
    await this.socket.write(`${out}\r\n`);
    return (await this.#collect(tag, untagged, false))!;
  }

  /** A command that must end in OK. */
  async ok(...parts: (string | Uint8Array)[]): Promise<ImapResult> {
    return await this.expect("OK", ...parts);
  }

  /** A command that must end in this status. */
  async expect(status: "OK" | "NO" | "BAD", ...parts: (string | Uint8Array)[]): Promise<ImapResult> {
    const result = await this.command(...parts);
    if (result.status !== status) {
      const what = parts.filter((part) => typeof part === "string").join(" ");
      assert.fail(
        this.socket.failure(`Wanted ${status} for "${what}", got ${result.status} ${result.text}`).message,
      );
    }
    return result;
  }

  async startTls(): Promise<void> {
    await this.ok("STARTTLS");
    await this.socket.startTls();
  }

  async login(user: string, password: string): Promise<void> {
    await this.ok(`LOGIN ${quoted(user)} ${quoted(password)}`);
  }

  /** Selects a mailbox; how many messages it has. */
  async select(mailbox = "INBOX"): Promise<number> {
    const result = await this.ok(`SELECT ${quoted(mailbox)}`);
    const exists = result.untagged.map((line) => /^(\d+) EXISTS$/.exec(line))
      // A second one follows when a message arrives meanwhile.
      .findLast((match) => match !== null);
    assert(exists, "SELECT gave no EXISTS");
    return Number(exists[1]);
  }

  async append(mailbox: string, message: string | Uint8Array, flags = ""): Promise<ImapResult> {
    const bytes = Buffer.from(message as string, "utf8");
    return await this.ok(`APPEND ${quoted(mailbox)} ${flags === "" ? "" : `(${flags}) `}`, bytes);
  }

  /** The body of one message by sequence number, without setting \Seen. */
  async body(sequence: number): Promise<string> {
    const { untagged } = await this.ok(`FETCH ${sequence} BODY.PEEK[]`);
    for (const line of untagged) {
      const match = /^\d+ FETCH \(.*?BODY\[\] \{(\d+)\}\r\n/.exec(line);
      if (match !== null) return line.slice(match[0].length, match[0].length + Number(match[1]));
    }
    throw this.socket.failure(`FETCH ${sequence} BODY.PEEK[] gave no body`);
  }

  /** Begins IDLE. `next` waits for an untagged response; `done` ends it and gives what came besides. */
  async idle(): Promise<{ next(): Promise<string>; done(): Promise<ImapResult> }> {
    const tag = `t${++this.#tags}`;
    await this.socket.write(`${tag} IDLE\r\n`);
    const untagged: string[] = [];
    const early = await this.#collect(tag, untagged, true);
    if (early !== null) throw this.socket.failure(`IDLE was refused: ${early.status} ${early.text}`);
    return {
      next: async () => (await this.response()).replace(/^\* /, ""),
      done: async () => {
        await this.socket.write("DONE\r\n");
        return (await this.#collect(tag, untagged, false))!;
      },
    };
  }

  async logout(): Promise<void> {
    await this.ok("LOGOUT");
    await this.socket.close();
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Reads up to the tagged answer; null when a continuation came and one was wanted. */
  async #collect(tag: string, untagged: string[], continuation: boolean): Promise<ImapResult | null> {
    for (;;) {
      const response = await this.response();
      if (response.startsWith("* ")) untagged.push(response.slice(2));
      else if (response.startsWith("+") && continuation) return null;
      else if (response.startsWith(`${tag} `)) {
        const [, status = "", text = ""] = /^\S+ (\S+) ?([^]*)$/.exec(response) ?? [];
        return { status, text, untagged };
      } else throw this.socket.failure(`Not an answer to ${tag}: ${response}`);
    }
  }
}

/** An IMAP quoted string. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}
