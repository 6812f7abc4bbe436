/** A thin ManageSieve client for tests. Text is ISO 8859-1, one character a byte, as with every client here. */
import assert from "node:assert/strict";
import { type ConnectOptions, TestSocket } from "./test_socket.ts";

export interface ManageSieveAnswer {
  /** The lines before the response; a script's are its own. */
  readonly lines: readonly string[];
  readonly kind: string;
  /** As it stands behind the kind; of a literal the text. */
  readonly text: string;
}

export class ManageSieveClient {
  readonly socket: TestSocket;
  greeting: ManageSieveAnswer = { lines: [], kind: "", text: "" };

  constructor(socket: TestSocket) {
    this.socket = socket;
  }

  /** Connects and reads the greeting, whatever it is. */
  static async connect(options: ConnectOptions): Promise<ManageSieveClient> {
    const client = new ManageSieveClient(await TestSocket.connect(options));
    client.greeting = await client.answer();
    return client;
  }

  async answer(): Promise<ManageSieveAnswer> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      const match = /^(OK|NO|BYE)(?: ([^]*))?$/.exec(line);
      if (match !== null) return { lines, kind: match[1]!, text: match[2] ?? "" };
      lines.push(line);
    }
  }

  async command(line: string): Promise<ManageSieveAnswer> {
    await this.socket.write(`${line}\r\n`);
    return await this.answer();
  }

  /** A command that must succeed; its lines. */
  async ok(line: string): Promise<readonly string[]> {
    const answer = await this.command(line);
    assert.equal(answer.kind, "OK", this.socket.failure(`Wanted OK for ${line}: ${answer.text}`).message);
    return answer.lines;
  }

  /** A command that must fail; what is said about it. */
  async no(line: string): Promise<string> {
    const answer = await this.command(line);
    assert.equal(answer.kind, "NO", this.socket.failure(`Wanted NO for ${line}: ${answer.text}`).message);
    return answer.text;
  }

  /** Begins TLS; the capabilities that come after it, unasked. */
  async startTls(): Promise<readonly string[]> {
    await this.ok("STARTTLS");
    await this.socket.startTls();
    return (await this.answer()).lines;
  }

  async login(user: string, password: string): Promise<void> {
    await this.ok(`AUTHENTICATE "PLAIN" "${btoa(`\0${user}\0${password}`)}"`);
  }

  async put(name: string, script: string): Promise<ManageSieveAnswer> {
    return await this.command(`PUTSCRIPT "${name}" {${script.length}+}\r\n${script}`);
  }

  async get(name: string): Promise<string> {
    const [script = ""] = await this.ok(`GETSCRIPT "${name}"`);
    return script;
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** A line in which each literal stands in place of its announcement. */
  async #line(): Promise<string> {
    let whole = "";
    for (;;) {
      const line = await this.socket.line();
      const literal = /\{(\d+)\}$/.exec(line);
      if (literal === null) return whole + line;
      const bytes = await this.socket.readBytes(Number(literal[1]));
      whole += line.slice(0, literal.index) + String.fromCharCode(...bytes);
    }
  }
}
