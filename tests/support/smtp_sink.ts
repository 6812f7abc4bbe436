/**
 * An SMTP server for tests that behaves as a script says, and keeps what it got. It is no model of a good server: it
 * accepts everything unless told otherwise, and shares no code with `src/`.
 */
import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { latin1 } from "./test_socket.ts";
import { PATIENCE_MS } from "./patience.ts";

/** Where the connection can be dropped without an answer. */
export type SinkStep = "connect" | "ehlo" | "starttls" | "mail" | "rcpt" | "data" | "final" | "quit";

/** What the sink does on one connection. A reply is the whole line without CR LF, as in `450 4.2.0 Later`. */
export interface SinkBehaviour {
  /** A greeting other than 220. */
  readonly greeting?: string;
  readonly ehlo?: string;
  /** A 220 with what is to follow it in clear, before the handshake. */
  readonly starttls?: string;
  readonly mail?: string | ((from: string) => string);
  /** By recipient, in lower case without brackets; `index` counts within the transaction. */
  readonly rcpt?: string | ((to: string, index: number) => string);
  readonly data?: string;
  /** The answer to the final dot. */
  readonly final?: string | ((message: SunkMessage) => string);
  /** Closes without a word when this step is reached. */
  readonly drop?: SinkStep;
  /** Says nothing more from this step on, and keeps the connection open. */
  readonly hang?: SinkStep;
  /** Waits so long before each answer. */
  readonly delayMs?: number;
  /** Extensions besides PIPELINING, 8BITMIME, ENHANCEDSTATUSCODES (and STARTTLS with a certificate). */
  readonly extensions?: readonly string[];
  /** Instead of all extensions. */
  readonly onlyExtensions?: readonly string[];
}

export interface SunkMessage {
  readonly from: string;
  /** What stood behind the path, as in `SIZE=100 BODY=8BITMIME`. */
  readonly mailParams: string;
  readonly to: readonly string[];
  /** What stood behind each recipient, as in `NOTIFY=NEVER`. */
  readonly rcptParams: readonly string[];
  /** How many BDAT commands brought it; 0 for DATA. */
  readonly chunks: number;
  readonly data: Uint8Array;
  /** `data`, one character a byte. */
  readonly text: string;
  readonly helo: string;
  readonly tls: boolean;
  /** Which connection it came on, from 0. */
  readonly connection: number;
  /** False when the final reply was no 250. */
  readonly accepted: boolean;
}

export interface SmtpSinkOptions {
  readonly host?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** One for all connections, or chosen by the connection's number from 0. */
  readonly behaviour?: SinkBehaviour | ((connection: number) => SinkBehaviour);
  /** PEM, issuers behind the certificate; with it STARTTLS is offered. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
}

export class SmtpSink {
  readonly messages: SunkMessage[] = [];
  /** The commands of all connections, each as `<connection>: <line>`. */
  readonly commands: string[] = [];
  connections = 0;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  readonly #options: SmtpSinkOptions;
  #watchers: (() => void)[] = [];

  private constructor(options: SmtpSinkOptions) {
    this.#options = options;
    this.#server = net.createServer((socket) => this.#serve(socket));
  }

  static async start(options: SmtpSinkOptions = {}): Promise<SmtpSink> {
    const sink = new SmtpSink(options);
    await new Promise<void>((resolve, reject) => {
      sink.#server.once("error", reject);
      sink.#server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
    });
    return sink;
  }

  get host(): string {
    return this.#options.host ?? "127.0.0.1";
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** The accepted messages. */
  get accepted(): SunkMessage[] {
    return this.messages.filter((message) => message.accepted);
  }

  /** Waits until so many messages were accepted. */
  async waitForAccepted(count: number, timeoutMs = PATIENCE_MS): Promise<SunkMessage[]> {
    await this.waitUntil(() => this.accepted.length >= count, `${count} accepted messages`, timeoutMs);
    return this.accepted;
  }

  async waitForConnections(count: number, timeoutMs = PATIENCE_MS): Promise<void> {
    await this.waitUntil(() => this.connections >= count, `${count} connections`, timeoutMs);
  }

  /** Waits for a condition on the sink; it is looked at after each event. */
  async waitUntil(condition: () => boolean, what: string, timeoutMs = PATIENCE_MS): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#watchers = this.#watchers.filter((other) => other !== watch);
        reject(
          new Error(`The sink waited ${timeoutMs} ms for ${what}; it got:\n${this.commands.join("\n")}`),
        );
      }, timeoutMs);
      const watch = () => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#watchers = this.#watchers.filter((other) => other !== watch);
        resolve();
      };
      this.#watchers.push(watch);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #serve(socket: net.Socket): void {
    const number = this.connections++;
    const { behaviour = {}, certificate } = this.#options;
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    new SinkSession(socket, {
      number,
      hostname: this.#options.hostname ?? "sink.test",
      behaviour: typeof behaviour === "function" ? behaviour(number) : behaviour,
      secureContext: certificate === undefined
        ? null
        : tls.createSecureContext({ cert: certificate.certificate, key: certificate.key }),
      onCommand: (line) => this.#event(() => this.commands.push(`${number}: ${line}`)),
      onMessage: (message) => this.#event(() => this.messages.push(message)),
    }).begin();
    this.#event(() => {});
  }

  #event(change: () => void): void {
    change();
    for (const watch of [...this.#watchers]) watch();
  }
}

interface SessionOptions {
  readonly number: number;
  readonly hostname: string;
  readonly behaviour: SinkBehaviour;
  readonly secureContext: tls.SecureContext | null;
  readonly onCommand: (line: string) => void;
  readonly onMessage: (message: SunkMessage) => void;
}

class SinkSession {
  readonly #options: SessionOptions;
  #socket: net.Socket;
  #input = "";
  #inData = false;
  #busy = false;
  #silent = false;
  #helo = "";
  #from: { path: string; params: string } | null = null;
  #to: string[] = [];
  #rcptParams: string[] = [];
  /** The BDAT command whose octets are being waited for. */
  #chunk: { readonly octets: number; readonly last: boolean } | null = null;
  #chunks: string[] = [];

  constructor(socket: net.Socket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
  }

  begin(): void {
    this.#attach();
    this.#step("connect", this.#options.behaviour.greeting ?? `220 ${this.#options.hostname} ESMTP sink`);
  }

  #attach(): void {
    this.#socket.on("data", (chunk: Uint8Array) => {
      this.#input += latin1(chunk);
      void this.#pump();
    });
    this.#socket.on("error", () => this.#socket.destroy());
    this.#socket.on("end", () => this.#socket.end());
  }

  /** Takes line after line; one at a time, so that a slow answer holds up the next. */
  async #pump(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (;;) {
      if (this.#silent) break;
      if (this.#inData) {
        const data = this.#takeData();
        if (data === null) break;
        await this.#delay();
        this.#finish(data);
        continue;
      }
      if (this.#chunk !== null) {
        if (this.#input.length < this.#chunk.octets) break;
        await this.#delay();
        this.#takeChunk(this.#chunk);
        continue;
      }
      const end = this.#input.indexOf("\r\n");
      if (end < 0) break;
      const line = this.#input.slice(0, end);
      this.#input = this.#input.slice(end + 2);
      await this.#delay();
      this.#command(line);
    }
    this.#busy = false;
  }

  #command(line: string): void {
    const { behaviour, onCommand } = this.#options;
    onCommand(line);
    const verb = (line.split(" ")[0] ?? "").toUpperCase();
    if (verb === "EHLO" || verb === "HELO") {
      this.#helo = line.slice(5);
      this.#step("ehlo", behaviour.ehlo ?? (verb === "EHLO" ? this.#ehloReply() : "250 Hello"));
    } else if (verb === "STARTTLS") this.#startTls();
    else if (verb === "MAIL") this.#mail(line);
    else if (verb === "RCPT") this.#rcpt(line);
    else if (verb === "DATA") {
      const reply = behaviour.data ?? (this.#to.length > 0 ? "354 Go on" : "554 5.5.1 No valid recipients");
      this.#inData = reply.startsWith("354");
      this.#step("data", reply);
    } else if (verb === "BDAT") {
      const [, octets = "0", last = ""] = line.split(" ");
      this.#chunk = { octets: Number(octets), last: last.toUpperCase() === "LAST" };
    } else if (verb === "RSET") {
      this.#reset();
      this.#write("250 2.0.0 OK");
    } else if (verb === "QUIT") {
      this.#step("quit", "221 2.0.0 Bye");
      if (!this.#silent) this.#socket.end();
    } else if (verb === "NOOP") this.#write("250 2.0.0 OK");
    else this.#write("502 5.5.2 Unknown command");
  }

  #ehloReply(): string {
    const { behaviour, hostname, secureContext } = this.#options;
    const offered = behaviour.onlyExtensions ?? [
      "PIPELINING",
      "8BITMIME",
      "ENHANCEDSTATUSCODES",
      ...secureContext !== null && !this.#isTls ? ["STARTTLS"] : [],
      ...behaviour.extensions ?? [],
    ];
    const lines = [hostname, ...offered];
    return lines.map((text, i) => `250${i < lines.length - 1 ? "-" : " "}${text}`).join("\r\n");
  }

  get #isTls(): boolean {
    return this.#socket instanceof tls.TLSSocket;
  }

  #mail(line: string): void {
    const match = /^MAIL FROM:\s*<([^>]*)>\s*(.*)$/i.exec(line);
    if (match === null) return this.#write("501 5.5.4 No path");
    const [, path = "", params = ""] = match;
    const { mail = "250 2.1.0 OK" } = this.#options.behaviour;
    const reply = typeof mail === "function" ? mail(path) : mail;
    this.#reset();
    if (reply.startsWith("2")) this.#from = { path, params };
    this.#step("mail", reply);
  }

  #rcpt(line: string): void {
    const match = /^RCPT TO:\s*<([^>]*)>\s*(.*)$/i.exec(line);
    if (match === null) return this.#write("501 5.5.4 No path");
    if (this.#from === null) return this.#write("503 5.5.1 MAIL first");
    const { rcpt = "250 2.1.5 OK" } = this.#options.behaviour;
    const to = match[1]!;
    const reply = typeof rcpt === "function" ? rcpt(to.toLowerCase(), this.#to.length) : rcpt;
    if (reply.startsWith("2")) {
      this.#to.push(to);
      this.#rcptParams.push(match[2]!);
    }
    this.#step("rcpt", reply);
  }

  /** The message without its final dot and with dots unstuffed; null when it is not complete yet. */
  #takeData(): string | null {
    const empty = this.#input.startsWith(".\r\n");
    const end = empty ? 0 : this.#input.indexOf("\r\n.\r\n");
    if (end < 0) return null;
    const text = empty ? "" : this.#input.slice(0, end + 2);
    this.#input = this.#input.slice(end + (empty ? 3 : 5));
    return text.replace(/^\./gm, "");
  }

  #takeChunk({ octets, last }: { readonly octets: number; readonly last: boolean }): void {
    this.#chunk = null;
    this.#chunks.push(this.#input.slice(0, octets));
    this.#input = this.#input.slice(octets);
    const { data = "250 2.0.0 Octets taken" } = this.#options.behaviour;
    if (last) this.#finish(this.#chunks.join(""));
    else this.#step("data", data);
  }

  #finish(text: string): void {
    this.#inData = false;
    const { behaviour, number, onMessage } = this.#options;
    const message: SunkMessage = {
      from: this.#from?.path ?? "",
      mailParams: this.#from?.params ?? "",
      to: this.#to,
      rcptParams: this.#rcptParams,
      chunks: this.#chunks.length,
      data: Buffer.from(text, "latin1"),
      text,
      helo: this.#helo,
      tls: this.#isTls,
      connection: number,
      accepted: true,
    };
    const { final = "250 2.0.0 Sunk" } = behaviour;
    const reply = typeof final === "function" ? final(message) : final;
    const lost = behaviour.drop === "final" || behaviour.hang === "final";
    onMessage({ ...message, accepted: reply.startsWith("2") && !lost });
    this.#reset();
    this.#step("final", reply);
  }

  #startTls(): void {
    const { secureContext, behaviour } = this.#options;
    if (secureContext === null || this.#isTls) return this.#write("502 5.5.1 Not offered");
    this.#step("starttls", behaviour.starttls ?? "220 2.0.0 Go ahead");
    if (behaviour.drop === "starttls" || behaviour.hang === "starttls") return;
    this.#socket.removeAllListeners("data");
    this.#socket.removeAllListeners("end");
    this.#socket = new tls.TLSSocket(this.#socket, { isServer: true, secureContext });
    this.#attach();
  }

  /** Answers a step, or does there what the script says. */
  #step(step: SinkStep, reply: string): void {
    if (this.#silent) return;
    const { drop, hang } = this.#options.behaviour;
    if (drop === step) {
      this.#silent = true;
      this.#socket.destroy();
    } else if (hang === step) this.#silent = true;
    else this.#write(reply);
  }

  #write(reply: string): void {
    if (!this.#socket.destroyed) this.#socket.write(`${reply}\r\n`);
  }

  #reset(): void {
    this.#from = null;
    this.#to = [];
    this.#rcptParams = [];
    this.#chunks = [];
  }

  async #delay(): Promise<void> {
    const ms = this.#options.behaviour.delayMs ?? 0;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  }
}
