/** A thin SMTP client for tests: it says what it is told to, right or wrong, and shows what came back. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ConnectOptions, TestSocket } from "./test_socket.ts";

export interface SmtpReply {
  readonly code: number;
  /** As in `5.1.1`; null when there is none. */
  readonly enhanced: string | null;
  /** The text of each line, without code and without enhanced code. */
  readonly lines: readonly string[];
  /** The whole reply as it came, lines joined with LF. */
  readonly text: string;
}

export interface SmtpMessage {
  /** Without angle brackets; empty for the null sender. */
  readonly from: string;
  readonly to: string | readonly string[];
  /** With CR LF line ends, not dot-stuffed. */
  readonly message: string | Uint8Array;
  /** Put behind MAIL FROM:<...>, as in `BODY=8BITMIME`. */
  readonly mailParams?: string;
}

export class SmtpClient {
  readonly socket: TestSocket;
  greeting: SmtpReply = { code: 0, enhanced: null, lines: [], text: "" };
  /** The EHLO keywords in capitals, with what stands behind them. */
  extensions: Map<string, string> = new Map();

  constructor(socket: TestSocket) {
    this.socket = socket;
  }

  /** Connects and waits for the greeting, whatever it is. */
  static async connect(options: ConnectOptions): Promise<SmtpClient> {
    const client = new SmtpClient(await TestSocket.connect(options));
    client.greeting = await client.reply();
    return client;
  }

  async reply(): Promise<SmtpReply> {
    const raw: string[] = [];
    for (;;) {
      const line = await this.socket.line();
      raw.push(line);
      const match = /^(\d{3})([ -]|$)/.exec(line);
      if (match === null) throw this.socket.failure(`Not a reply line: ${line}`);
      if (match[2] !== "-") return parseReply(Number(match[1]), raw);
    }
  }

  async command(line: string | Uint8Array): Promise<SmtpReply> {
    await this.socket.write(typeof line === "string" ? `${line}\r\n` : line);
    return await this.reply();
  }

  /** Sends a line and insists on the code of the answer (a number, or a class such as "2xx"). */
  async expect(line: string | Uint8Array, code: number | `${number}xx`): Promise<SmtpReply> {
    const reply = await this.command(line);
    this.#insist(reply, code, typeof line === "string" ? line : "(bytes)");
    return reply;
  }

  async ehlo(name = "client.test"): Promise<SmtpReply> {
    const reply = await this.expect(`EHLO ${name}`, 250);
    this.extensions = new Map(
      reply.lines.slice(1).map((line) => {
        const [keyword = "", ...rest] = line.split(" ");
        return [keyword.toUpperCase(), rest.join(" ")];
      }),
    );
    return reply;
  }

  /** STARTTLS, the handshake, and a new EHLO. */
  async startTls(): Promise<void> {
    await this.expect("STARTTLS", 220);
    await this.socket.startTls();
    await this.ehlo();
  }

  async authPlain(user: string, password: string): Promise<SmtpReply> {
    return await this.command(`AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString("base64")}`);
  }

  /** AUTH PLAIN that must succeed. */
  async login(user: string, password: string): Promise<void> {
    this.#insist(await this.authPlain(user, password), 235, "AUTH PLAIN");
  }

  /** DATA with dot-stuffing; the answer to the final dot. */
  async data(message: string | Uint8Array): Promise<SmtpReply> {
    await this.expect("DATA", 354);
    await this.socket.write(dotStuffed(message));
    return await this.reply();
  }

  /** One transaction whose MAIL and RCPT must succeed; the answer to the final dot. */
  async send(mail: SmtpMessage): Promise<SmtpReply> {
    await this.expect(`MAIL FROM:<${mail.from}>${mail.mailParams ? ` ${mail.mailParams}` : ""}`, 250);
    for (const to of typeof mail.to === "string" ? [mail.to] : mail.to) {
      await this.expect(`RCPT TO:<${to}>`, 250);
    }
    return await this.data(mail.message);
  }

  async quit(): Promise<void> {
    await this.expect("QUIT", 221);
    await this.socket.close();
  }

  async close(): Promise<void> {
    await this.socket.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #insist(reply: SmtpReply, code: number | `${number}xx`, line: string): void {
    const good = typeof code === "number"
      ? reply.code === code
      : `${Math.floor(reply.code / 100)}xx` === code;
    if (!good) {
      assert.fail(this.socket.failure(`Wanted ${code} for "${line}", got "${reply.text}"`).message);
    }
  }
}

/** The message with dots doubled at line starts and the final dot. */
export function dotStuffed(message: string | Uint8Array): Uint8Array {
  const text = Buffer.from(message as string, "utf8").toString("latin1");
  const ended = text === "" || text.endsWith("\r\n") ? text : `${text}\r\n`;
  return Buffer.from(`${ended.replace(/^\./gm, "..")}.\r\n`, "latin1");
}

/** A small message; further header lines and the text can be given. */
export function sampleMessage(
  options: { from?: string; to?: string; subject?: string; headers?: readonly string[]; text?: string } = {},
): string {
  return [
    `From: ${options.from ?? "sender@foreign.test"}`,
    `To: ${options.to ?? "alice@example.test"}`,
    `Subject: ${options.subject ?? "A sample"}`,
    "Date: Fri, 02 Jan 2026 03:04:05 +0000",
    `Message-ID: <${crypto.randomUUID()}@foreign.test>`,
    ...options.headers ?? [],
    "",
    options.text ?? "Hello.",
    "",
  ].join("\r\n");
}

function parseReply(code: number, raw: readonly string[]): SmtpReply {
  const texts = raw.map((line) => line.slice(4));
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(texts[0] ?? "")?.[1] ?? null;
  const lines = texts.map((text) =>
    enhanced !== null && text.startsWith(enhanced) ? text.slice(enhanced.length + 1) : text
  );
  return { code, enhanced, lines, text: raw.join("\n") };
}
