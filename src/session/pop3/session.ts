import { decodeLatin1 } from "../../core/bytes.ts";
import { ConnectionLostError, ProtocolError, TimeoutError } from "../../core/errors.ts";
import { LineReader } from "../../core/line_reader.ts";
import type { Conn } from "../../core/ports.ts";
import {
  DotStuffer,
  encodeContinuation,
  encodeLines,
  encodeReply,
  err,
  ok,
  parseCommand,
} from "../../wire/pop3/mod.ts";
import { decodeBase64, encodeBase64 } from "../../wire/sasl/mod.ts";
import { COMMANDS } from "./commands.ts";
import type { Answer, Pop3Deps, Pop3Session } from "./context.ts";
import { describeError, faultOf } from "./errors.ts";
import { Output } from "../output.ts";
import { LogInTime } from "../log_in_time.ts";
import { Pace } from "../pace.ts";

/** The end of the session as the log tells it. */
type Ending = "quit" | "lost" | "idle" | "errors" | "shutdown" | "login-failures" | "failed";

/** Reads commands, has them answered, and is the only place that writes, counts errors and closes. */
export class SessionLoop {
  readonly #conn: Conn;
  readonly #deps: Pop3Deps;
  readonly #reader: LineReader;
  readonly #output: Output;
  readonly #pace: Pace;
  readonly #session: Pop3Session;
  #errors = 0;
  #commands = 0;
  /** Ends the wait for the next command when the server shuts down. */
  #wake: (() => void) | null = null;

  constructor(conn: Conn, deps: Pop3Deps) {
    this.#conn = conn;
    this.#deps = deps;
    this.#reader = new LineReader(conn);
    this.#output = new Output(conn);
    this.#pace = new Pace(deps.clock);
    this.#session = {
      deps,
      conn,
      state: "authorization",
      user: null,
      login: null,
      loginFailures: 0,
      log: deps.log.with({ session: conn.id, service: "pop3" }),
      ask: (challenge) => this.#ask(challenge),
    };
  }

  /** Talks until one side ends it, and closes. Never throws. */
  async run(): Promise<void> {
    const { clock, shutdown } = this.#deps;
    const { remote, tls } = this.#conn;
    const startedAt = clock.now();
    this.#session.log.info("session-begin", { client: remote.host, tls: tls?.version ?? null });
    const logInTime = new LogInTime({
      clock,
      ms: this.#deps.limits.current.loginTimeoutMs,
      onTooLate: () => this.#endUnlogged(),
    });
    const onShutdown = () => this.#wake?.();
    shutdown.addEventListener("abort", onShutdown, { once: true });
    logInTime.begin();
    const reason = await this.#converse().catch((error) => this.#endingOf(error));
    logInTime.end();
    shutdown.removeEventListener("abort", onShutdown);
    this.#session.login?.readAhead.close();
    this.#session.login?.release();
    this.#conn.close();
    this.#session.log.info("session-end", {
      reason,
      seconds: (clock.now() - startedAt) / 1000,
      commands: this.#commands,
      sent: this.#output.bytesSent,
    });
  }

  #endUnlogged(): void {
    if (this.#session.state === "authorization") this.#conn.close();
  }

  async #converse(): Promise<Ending> {
    await this.#output.add(encodeReply(ok(`${this.#deps.hostname} POP3 ready`)));
    for (;;) {
      // As long as whole commands have arrived, their answers are collected (RFC 2449 section 6.6, PIPELINING).
      if (this.#reader.hasLine) await this.#pace.rest();
      else {
        await this.#output.flush();
        await this.#nextInput();
        this.#pace.begin();
      }
      if (this.#deps.shutdown.aborted) {
        return await this.#farewell(err("The server is shutting down", "SYS/TEMP"), "shutdown");
      }
      const answer = await this.#answerNext();
      if (answer === null) return "lost";
      const ending = await this.#send(answer);
      if (ending !== null) return ending;
      if (this.#errors >= this.#deps.limits.current.errors) {
        return await this.#farewell(err("Too many errors"), "errors");
      }
    }
  }

  /** Waits for input or the server's shutdown, whichever is first. */
  async #nextInput(): Promise<void> {
    if (this.#deps.shutdown.aborted) return;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      this.#reader.wait(this.#timeoutMs).then(() => resolve(), reject);
    });
    this.#wake = null;
  }

  get #timeoutMs(): number {
    const limits = this.#deps.limits.current;
    return this.#session.state === "authorization" ? limits.loginTimeoutMs : limits.idleTimeoutMs;
  }

  /** Reads one command and has it answered; null at the end of the stream. */
  async #answerNext(): Promise<Answer | null> {
    try {
      const line = await this.#reader.line(this.#deps.limits.current.commandLength, this.#timeoutMs);
      if (line === null) return null;
      this.#commands++;
      return await this.#dispatch(line);
    } catch (error) {
      return this.#answerTo(error);
    }
  }

  async #dispatch(line: Uint8Array): Promise<Answer> {
    const { verb, rest } = parseCommand(line);
    const command = COMMANDS.get(verb);
    if (command === undefined) throw new ProtocolError("Unknown command");
    if (!command.states.includes(this.#session.state)) {
      throw new ProtocolError(
        this.#session.state === "authorization" ? "Log in first" : "Not possible after log-in",
      );
    }
    if (!command.takesArguments && rest !== "") throw new ProtocolError(`${verb} takes no arguments`);
    const answer = await command.run(this.#session, rest);
    if (answer.next !== "start-tls" || this.#reader.buffered === 0) return answer;
    // What was sent behind STLS may have been put there by someone between us and the client (RFC 2595 section 4): it
    // is not obeyed, and not taken for the handshake.
    this.#reader.discardBuffered();
    throw new ProtocolError("Wait for the answer to STLS before sending more");
  }

  /** RFC 5034 section 4: a response is a line of base64, or `*` to give up. */
  async #ask(challenge: Uint8Array): Promise<Uint8Array> {
    await this.#output.add(encodeContinuation(encodeBase64(challenge)));
    await this.#output.flush();
    const line = await this.#reader.line(this.#deps.limits.current.authLength, this.#timeoutMs);
    if (line === null) throw new ConnectionLostError("The connection ended during AUTH");
    const text = decodeLatin1(line).replace(/\r?\n$/, "");
    if (text === "*") throw new ProtocolError("Log-in cancelled");
    return decodeBase64(text);
  }

  /** What ends the connection is thrown on. */
  #answerTo(error: unknown): Answer {
    const fault = faultOf(error);
    if (fault.kind === "over") throw error;
    if (fault.kind === "situation") {
      if (fault.reason !== null) this.#session.log.warn("pop3-refused", { reason: fault.reason });
      return { reply: fault.reply };
    }
    this.#errors++;
    this.#deps.metrics.count("mailden_pop3_errors_total", { kind: fault.kind });
    if (fault.kind === "ours") {
      this.#session.log.error("pop3-command-failed", { error: describeError(error) });
    }
    return { reply: fault.reply };
  }

  /** Sends an answer and does what follows from it; the ending when it was the last one. */
  async #send(answer: Answer): Promise<Ending | null> {
    if (answer.message !== undefined) await this.#sendMessage(answer, answer.message);
    else {
      // A client that has read the last answer may log in again at once.
      if (answer.next === "close") this.#session.login?.release();
      await this.#output.add(encodeReply(answer.reply));
      for (const piece of answer.lines === undefined ? [] : encodeLines(answer.lines)) {
        await this.#output.add(piece);
      }
    }
    if (answer.next === undefined) return null;
    await this.#output.flush();
    if (answer.next === "close") return answer.reply.code === "AUTH" ? "login-failures" : "quit";
    return await this.#startTls();
  }

  async #startTls(): Promise<Ending | null> {
    try {
      await this.#conn.startTls();
    } catch (error) {
      // Mostly a client that does not like our certificate.
      this.#session.log.info("tls-failed", { error: String(error) });
      return "lost";
    }
    // RFC 2595 section 4: nothing that was said before TLS counts.
    this.#session.user = null;
    return null;
  }

  async #sendMessage(answer: Answer, message: AsyncIterable<Uint8Array>): Promise<void> {
    const chunks = message[Symbol.asyncIterator]();
    try {
      const first = await this.#firstChunk(chunks);
      if (first === null) return;
      await this.#output.add(encodeReply(answer.reply));
      const stuffer = new DotStuffer();
      for (let chunk = first; !chunk.done; chunk = await chunks.next()) {
        await this.#output.add(stuffer.write(chunk.value));
      }
      await this.#output.add(stuffer.finish());
    } finally {
      await chunks.return?.();
    }
  }

  /** Reads the first chunk before +OK is said: a message that cannot be read can still be answered -ERR. */
  async #firstChunk(chunks: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array> | null> {
    try {
      return await chunks.next();
    } catch (error) {
      this.#session.log.error("pop3-read-failed", { error: describeError(error) });
      await this.#output.add(encodeReply(err("The message cannot be read now", "SYS/TEMP")));
      return null;
    }
  }

  async #farewell(reply: ReturnType<typeof err>, ending: Ending): Promise<Ending> {
    await this.#output.add(encodeReply(reply));
    await this.#output.flush();
    return ending;
  }

  /** RFC 1939 section 3: at a time-out the connection is closed without a word, and nothing is removed. */
  #endingOf(error: unknown): Ending {
    if (error instanceof TimeoutError) return "idle";
    if (error instanceof ConnectionLostError) return "lost";
    this.#session.log.error("session-failed", { error: describeError(error) });
    return "failed";
  }
}
