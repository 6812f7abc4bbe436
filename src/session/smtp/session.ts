import { LineReader, LineTooLongError } from "../../core/line_reader.ts";
import type { Conn } from "../../core/ports.ts";
import { Reply, reply } from "../../core/reply.ts";
import { ConnectionLostError, TimeoutError } from "../../core/errors.ts";
import { BareLineFeedError, type CommandLine, decodeLine, parseCommandLine } from "../../wire/smtp/mod.ts";
import { answerTo, isMistake, malformed } from "./answers.ts";
import { obey } from "./commands.ts";
import type { SmtpDeps, SmtpService } from "./deps.ts";
import { farewellFor, ShutdownError } from "./farewell.ts";
import { IncomingMessage } from "./incoming_message.ts";
import { Interrupt } from "./interrupt.ts";
import { Outbox } from "./outbox.ts";
import { Pace } from "../pace.ts";
import { SmtpState } from "./state.ts";
import { type Ask, type Chunk, type Close, hangUp, type Receive, type Replies, type Step } from "./step.ts";

/** A line from the client with its end; too long ones were read and dropped. */
type Line = Uint8Array | "too-long";

/** The loop of one session: the only place that reads, writes, counts errors and closes. */
export class SmtpSession {
  readonly #conn: Conn;
  readonly #deps: SmtpDeps;
  readonly #state: SmtpState;
  readonly #outbox: Outbox;
  readonly #interrupt: Interrupt;
  readonly #startedAt: number;
  readonly #pace: Pace;
  #reader: LineReader;
  #talkedEarly = false;
  /** Permanent refusals and mistakes so far. */
  #denials = 0;

  constructor(conn: Conn, service: SmtpService, deps: SmtpDeps) {
    this.#conn = conn;
    this.#deps = deps;
    this.#state = new SmtpState(conn, service, deps);
    this.#outbox = new Outbox(conn);
    this.#interrupt = new Interrupt(deps.shutdown);
    this.#startedAt = deps.clock.now();
    this.#reader = new LineReader(conn);
    this.#pace = new Pace(deps.clock);
  }

  /** Talks until one side ends it, and closes. Never throws. */
  async run(): Promise<void> {
    const { log } = this.#state;
    log.info("session-begin", { client: this.#conn.remote.host, tls: this.#conn.tls?.version ?? null });
    let reason: string;
    try {
      reason = await this.#welcome() ? await this.#converse() : "early-talker";
    } catch (error) {
      reason = await this.#breakOff(error);
    } finally {
      this.#state.endTransaction();
      this.#interrupt.dispose();
      this.#conn.close();
    }
    const seconds = (this.#deps.clock.now() - this.#startedAt) / 1000;
    log.info("session-end", { reason, seconds, ...this.#state.counts });
  }

  /**
   * Says the banner. On port 25 it may be kept back for a moment: programs that send spam often talk before their turn
   * (RFC 5321 section 4.3.1). False when the client did.
   */
  async #welcome(): Promise<boolean> {
    const { service, limits, isLmtp, log } = this.#state;
    if (service === "smtp" && limits.bannerDelayMs > 0 && await this.#talksBefore(limits.bannerDelayMs)) {
      log.info("early-talker", { client: this.#conn.remote.host, command: null });
      this.#outbox.put(reply(554, "5.5.1", "Wait for the banner before you talk"));
      await this.#outbox.flush();
      return false;
    }
    this.#outbox.put(reply(220, null, `${this.#deps.hostname} ${isLmtp ? "LMTP" : "ESMTP"} Mailden`));
    return true;
  }

  async #talksBefore(ms: number): Promise<boolean> {
    let talked = false;
    const talking = this.#reader.wait(this.#patience(this.#state.limits.commandTimeoutMs)).then(
      () => talked = true,
      // It comes again with the next read.
      () => {},
    );
    await Promise.race([talking, this.#deps.clock.sleep(ms, this.#deps.shutdown)]);
    return talked;
  }

  /** Returns why the session ended. */
  async #converse(): Promise<string> {
    for (;;) {
      const line = await this.#line(this.#state.limits.commandLength);
      if (line === null) return "closed-by-client";
      const closed = await this.#perform(line);
      if (closed !== null) return closed;
    }
  }

  /** Does what one line asks for, with all steps it takes; returns why the session ends, or null. */
  async #perform(line: Line): Promise<string | null> {
    const command = parseLine(line);
    if (command instanceof Reply) return this.#finish(command);
    this.#noteEarlyTalker(command);
    let step = await this.#attempt(command, () => obey(this.#state, command));
    for (;;) {
      if (step instanceof Reply || step.kind === "close" || step.kind === "replies") {
        return this.#finish(step);
      }
      if (step.kind === "upgrade") return this.#upgrade(step.reply);
      const next: Step | null = step.kind === "ask"
        ? await this.#ask(command, step)
        : step.kind === "chunk"
        ? await this.#chunk(command, step)
        : await this.#receive(command, step);
      if (next === null) return "closed-by-client";
      step = next;
    }
  }

  /** Sends the answer to a command. Whoever made too many mistakes hears 421 instead (RFC 5321 section 4.3.2). */
  async #finish(step: Reply | Replies | Close): Promise<string | null> {
    const { counts, limits } = this.#state;
    let last: Reply | Close;
    if (!(step instanceof Reply) && step.kind === "replies") {
      for (const each of step.replies.slice(0, -1)) this.#outbox.put(each);
      last = step.replies.at(-1)!;
    } else last = step;
    if (last instanceof Reply) {
      if (isMistake(last)) counts.errors++;
      if (counts.errors > limits.errors) last = tooMany("errors");
      else if (counts.refusals > limits.refusals) last = tooMany("refusals");
    }
    if (last instanceof Reply) {
      this.#outbox.put(last);
      if (last.isPermanent) await this.#slowDown();
      return null;
    }
    this.#outbox.put(last.reply);
    await this.#outbox.flush();
    return last.reason;
  }

  /** Whoever goes on after several refusals, as one does who guesses addresses, waits longer and longer for the next answer. */
  async #slowDown(): Promise<void> {
    const { account, isLmtp, limits } = this.#state;
    const excess = ++this.#denials - limits.errorsBeforeDelay;
    if (excess <= 0 || account !== null || isLmtp) return;
    await this.#deps.clock.sleep(
      Math.min(limits.errorDelayMs * 2 ** (excess - 1), limits.errorDelayMaxMs),
      this.#deps.shutdown,
    );
  }

  async #attempt(command: CommandLine, action: () => Step | Promise<Step>): Promise<Step> {
    try {
      return await action();
    } catch (error) {
      return answerTo(error, this.#state, command);
    }
  }

  /** Sends a challenge and goes on with the response; null when the client closed instead. */
  async #ask(command: CommandLine, { prompt, answer }: Ask): Promise<Step | null> {
    this.#outbox.put(prompt);
    const line = await this.#line(this.#state.limits.authLength);
    if (line === null) return null;
    // RFC 4954 section 4.
    if (line === "too-long") return reply(500, "5.5.6", "The line is too long");
    let response: string;
    try {
      response = decodeLine(line);
    } catch (error) {
      // Nothing can be trusted that follows a bare LF: the session ends.
      if (error instanceof BareLineFeedError) throw error;
      return reply(501, "5.5.2", "The response is not valid");
    }
    return await this.#attempt(command, () => answer(response));
  }

  async #receive(command: CommandLine, { prompt, take }: Receive): Promise<Step> {
    const { limits } = this.#state;
    this.#outbox.put(prompt);
    await this.#outbox.flush();
    const message = new IncomingMessage(this.#reader, {
      maxSize: limits.messageSize,
      timeoutMs: () => this.#patience(limits.dataTimeoutMs),
    });
    let next: Step;
    try {
      next = await take(message);
    } catch (error) {
      if (message.lost) throw message.failure;
      next = answerTo(error, this.#state, command);
    }
    await message.drain();
    // The transaction is over, whatever came of it (RFC 5321 section 4.1.1.4).
    this.#state.endTransaction();
    return next;
  }

  /** Reads the octets behind a BDAT, all of them. */
  async #chunk(command: CommandLine, { octets, take, finish }: Chunk): Promise<Step> {
    const { limits } = this.#state;
    for (let left = octets; left > 0;) {
      // The rest may not come before the client has heard what it waits for.
      if (this.#reader.buffered === 0) await this.#outbox.flush();
      const block = await this.#reader.some(left, this.#patience(limits.dataTimeoutMs));
      if (block === null) throw new ConnectionLostError("The client closed the connection within a chunk");
      left -= block.length;
      // A copy where the next command lies in the same memory: the block belongs to its taker.
      await take(this.#reader.buffered > 0 ? block.slice() : block);
    }
    return await this.#attempt(command, finish);
  }

  /** RFC 3207 section 4. */
  async #upgrade(go: Reply): Promise<string | null> {
    const { log } = this.#state;
    if (this.#reader.buffered > 0) {
      // Somebody put commands behind STARTTLS, to be taken for the client's own once TLS is active (CVE-2011-0411).
      log.warn("starttls-injection", { client: this.#conn.remote.host });
      const answer = reply(554, "5.5.1", "Nothing may be sent behind STARTTLS before the reply");
      return this.#finish(hangUp(answer, "starttls-injection"));
    }
    this.#outbox.put(go);
    await this.#outbox.flush();
    try {
      await this.#conn.startTls();
    } catch (error) {
      log.info("tls-failed", { error: error instanceof Error ? error.message : String(error) });
      return "tls-failed";
    }
    this.#reader = new LineReader(this.#conn);
    this.#state.forgetAll();
    log.debug("tls-begin", { version: this.#conn.tls?.version ?? null });
    return null;
  }

  /**
   * The next line. Replies wait as long as whole lines are there, so that a group of pipelined commands is answered in
   * one write (RFC 2920 section 3.2); they are sent before anything is waited for.
   */
  async #line(limit: number): Promise<Line | null> {
    try {
      // Asked for each read, so that a line of one octet now and then cannot outlive the session's time.
      const patience = () => this.#patience(this.#state.limits.commandTimeoutMs);
      if (this.#reader.hasLine && !this.#deps.shutdown.aborted) {
        await this.#outbox.flushWhenLarge();
        // Nor may commands that came together hold up the other sessions.
        await this.#pace.rest();
        return await this.#reader.line(limit, patience);
      }
      await this.#outbox.flush();
      const line = await this.#interrupt.race(this.#reader.line(limit, patience));
      if (line === "stopped") throw new ShutdownError();
      this.#pace.begin();
      return line;
    } catch (error) {
      if (error instanceof LineTooLongError) return "too-long";
      throw error;
    }
  }

  /** How long to wait at most: the time for this step, or what is left of the session. */
  #patience(ms: number): number {
    const left = this.#startedAt + this.#state.limits.sessionMs - this.#deps.clock.now();
    if (left <= 0) throw new TimeoutError("The session took too long");
    return Math.min(ms, left);
  }

  /** RFC 2920 section 3.1: a client must see PIPELINING offered before it uses it. Senders of spam often do not look. */
  #noteEarlyTalker({ verb }: CommandLine): void {
    if (this.#talkedEarly || this.#state.hello !== null || this.#reader.buffered === 0) return;
    // Once: a client must not fill the log with commands of six octets.
    this.#talkedEarly = true;
    this.#state.log.info("early-talker", { client: this.#conn.remote.host, command: verb });
  }

  /** Says why the session ends, if anybody still listens; returns the reason for the log. */
  async #breakOff(error: unknown): Promise<string> {
    const farewell = farewellFor(error);
    if (farewell === null) {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      this.#state.log.error("session-broken", { error: detail });
    }
    try {
      if (farewell?.last != null) this.#outbox.put(farewell.last);
      await this.#outbox.flush();
    } catch {
      // The connection is gone; there is nobody to tell.
    }
    return farewell?.reason ?? "error";
  }
}

/** The command, or the reply to what is none. */
function parseLine(line: Line): CommandLine | Reply {
  if (line === "too-long") return reply(500, "5.5.2", "The line is too long");
  try {
    return parseCommandLine(line);
  } catch (error) {
    return malformed(error);
  }
}

function tooMany(what: "errors" | "refusals"): Close {
  return hangUp(reply(421, "4.7.0", `Too many ${what}, closing`), `too-many-${what}`);
}
