/** A thin POP3 client for tests. */
import assert from "node:assert/strict";
import { type ConnectOptions, TestSocket } from "./test_socket.ts";

export interface Pop3Reply {
  readonly ok: boolean;
  /** Behind +OK or -ERR. */
  readonly text: string;
}

export class Pop3Client {
  readonly socket: TestSocket;
  greeting: Pop3Reply = { ok: false, text: "" };

  constructor(socket: TestSocket) {
    this.socket = socket;
  }

  /** Connects and reads the greeting, whatever it is. */
  static async connect(options: ConnectOptions): Promise<Pop3Client> {
    const client = new Pop3Client(await TestSocket.connect(options));
    client.greeting = await client.reply();
    return client;
  }

  async reply(): Promise<Pop3Reply> {
    const line = await this.socket.line();
    const match = /^(\+OK|-ERR)(?: (.*))?$/.exec(line);
    if (match === null) throw this.socket.failure(`Not a POP3 reply: ${line}`);
    return { ok: match[1] === "+OK", text: match[2] ?? "" };
  }

  async command(line: string): Promise<Pop3Reply> {
    await this.socket.write(`${line}\r\n`);
    return await this.reply();
  }

  /** A command that must succeed; its text. */
  async ok(line: string): Promise<string> {
    const reply = await this.command(line);
    if (!reply.ok) assert.fail(this.socket.failure(`Wanted +OK for "${line}", got "${reply.text}"`).message);
    return reply.text;
  }

  /** A command that must fail; its text. */
  async err(line: string): Promise<string> {
    const reply = await this.command(line);
    if (reply.ok) assert.fail(this.socket.failure(`Wanted -ERR for "${line}", got "${reply.text}"`).message);
    return reply.text;
  }

  /** A command with a multi-line answer that must succeed: the lines, dots removed. */
  async lines(line: string): Promise<string[]> {
    await this.ok(line);
    const lines: string[] = [];
    for (;;) {
      const next = await this.socket.line();
      if (next === ".") return lines;
      lines.push(next.startsWith(".") ? next.slice(1) : next);
    }
  }

  async startTls(): Promise<void> {
    await this.ok("STLS");
    await this.socket.startTls();
  }

  async login(user: string, password: string): Promise<void> {
    await this.ok(`USER ${user}`);
    await this.ok(`PASS ${password}`);
  }

  async stat(): Promise<{ messages: number; bytes: number }> {
    const [messages, bytes] = (await this.ok("STAT")).split(" ").map(Number);
    return { messages: messages!, bytes: bytes! };
  }

  /** Unique ids by message number. */
  async uidl(): Promise<Map<number, string>> {
    return new Map((await this.lines("UIDL")).map((line) => {
      const [number, id] = line.split(" ");
      return [Number(number), id!];
    }));
  }

  /** The message with CR LF line ends, one character a byte. */
  async retr(number: number): Promise<string> {
    return (await this.lines(`RETR ${number}`)).map((line) => `${line}\r\n`).join("");
  }

  async quit(): Promise<void> {
    await this.ok("QUIT");
    await this.socket.close();
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
