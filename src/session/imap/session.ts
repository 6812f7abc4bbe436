import type { Conn } from "../../core/ports.ts";
import { bye, ok, type StatusResponse } from "../../wire/imap/mod.ts";
import { capabilities } from "./capability.ts";
import type { Answer } from "./command.ts";
import { type IncomingCommand, readCommand } from "./command_reader.ts";
import { beginCompression, endCompression } from "./compression.ts";
import { COMMANDS } from "./commands.ts";
import { ImapSession, uidRequired } from "./context.ts";
import type { ImapDeps, SessionCount } from "./deps.ts";
import { LogInTime } from "../log_in_time.ts";
import { Pace } from "../pace.ts";
import { Patience } from "../patience.ts";
import { describeError, faultOf, SessionOver } from "./errors.ts";

/** Serves one connection to its end. Never rejects. */
export async function serveImap(conn: Conn, deps: ImapDeps): Promise<void> {
  const session = new ImapSession(conn, deps);
  const loop = new Loop(session);
  const stop = () => session.stop(bye("The server is shutting down", { code: "UNAVAILABLE" }));
  if (deps.shutdown.aborted) stop();
  deps.shutdown.addEventListener("abort", stop);
  const logInTime = new LogInTime({
    clock: deps.clock,
    ms: session.limits.loginTimeoutMs,
    onTooLate: () => endUnlogged(session),
  });
  session.onLogin(() => logInTime.end());
  session.onLogout(() => logInTime.begin());
  logInTime.begin();
  countSessions(deps, 1);
  session.log.info("session-begin", { client: conn.remote.host, tls: conn.tls?.version ?? null });
  try {
    await loop.run();
  } finally {
    logInTime.end();
    deps.shutdown.removeEventListener("abort", stop);
    session.deselect();
    session.notifyBy(null);
    endCompression(session);
    conn.close();
    countSessions(deps, -1);
    session.log.info("session-end", {
      account: session.isLoggedIn ? session.account : null,
      commands: loop.commands,
      reason: loop.reason,
    });
  }
}

function countSessions({ metrics, sessions = NOT_COUNTED }: ImapDeps, by: number): void {
  if (sessions === NOT_COUNTED) return;
  sessions.open += by;
  metrics.gauge("mailden_imap_sessions", sessions.open);
}

const NOT_COUNTED: SessionCount = Object.freeze({ open: 0, compressed: 0 });

/** Somebody who has not logged in in time. One whose command is under way, a literal perhaps, is not waited for. */
function endUnlogged(session: ImapSession): void {
  const wasWaiting = session.input.isWaiting;
  session.stop(bye("That took too long: log in sooner"));
  if (!wasWaiting) session.conn.close();
}

/** Whether the command has a brother that begins with UID; but EXPUNGE names no numbers (RFC 9586 section 3). */
function isBySequence(name: string | null): boolean {
  return name !== "EXPUNGE" && COMMANDS.has(`UID ${name}`);
}

class Loop {
  readonly #session: ImapSession;
  readonly #pace: Pace;
  readonly #patience: Patience;
  commands = 0;
  reason = "closed by the client";

  constructor(session: ImapSession) {
    this.#session = session;
    this.#pace = new Pace(session.deps.clock);
    this.#patience = new Patience(session.limits);
  }

  async run(): Promise<void> {
    const { out, log } = this.#session;
    try {
      this.#greet();
      while (await this.#step());
      await out.flush();
    } catch (error) {
      const fault = faultOf(error);
      if (fault.isOurs) log.error("session-error", { error: describeError(error) });
      const farewell = fault.kind === "over" ? fault.farewell : bye(fault.response.text);
      this.reason = error instanceof Error ? error.message : "an error";
      await this.#sayFarewell(farewell);
    }
  }

  #greet(): void {
    const { out, deps } = this.#session;
    out.status(ok(`${deps.hostname} Mailden is ready`, {
      code: "CAPABILITY",
      data: capabilities(this.#session),
    }));
  }

  /** The last words, behind the answers that have not gone out yet. */
  async #sayFarewell(farewell: StatusResponse | null): Promise<void> {
    const { out } = this.#session;
    if (farewell !== null) out.status(farewell);
    try {
      await out.flush();
    } catch {
      // The client is gone, or does not read: there is nobody left to be told.
    }
  }

  /** One command; false when it was the last. */
  async #step(): Promise<boolean> {
    const session = this.#session;
    // The answers to commands that came together go out together, as soon as the client is waited for.
    if (session.input.buffered === 0) await session.out.flush();
    else await session.out.room();
    // Nor must commands that came together hold up the other sessions.
    if (session.input.buffered > 0) await this.#pace.rest();
    const heard = session.farewell === null ? await session.input.wait() : "woken";
    if (session.farewell !== null) throw new SessionOver(session.farewell);
    if (heard === "woken") {
      await this.#push();
      return true;
    }
    const incoming = await readCommand(session, (name) => COMMANDS.get(name) ?? null);
    if (incoming === null) return false;
    this.commands++;
    const answer = await this.#answer(incoming);
    session.out.status(answer, incoming.tag);
    return await this.#after(answer);
  }

  /** Between two commands only NOTIFY speaks (RFC 5465). What goes wrong is noted and tried again with the next command. */
  async #push(): Promise<void> {
    const { log } = this.#session;
    try {
      await this.#session.push();
    } catch (error) {
      if (faultOf(error).kind === "over") throw error;
      log.error("notify-error", { error: describeError(error) });
    }
  }

  async #answer(incoming: IncomingCommand): Promise<Answer> {
    const session = this.#session;
    const answer: Answer = await this.#guard(incoming, () => this.#perform(incoming));
    const expunge = (answer.updates ?? incoming.command?.updates) === "all";
    const failed = await this.#guard(incoming, () => session.sync({ expunge }));
    session.correctModseq();
    const final = failed ?? answer;
    this.#note(incoming, final);
    return final;
  }

  async #perform(incoming: IncomingCommand): Promise<Answer> {
    const { tag, command, args, streamed, problem } = incoming;
    if (problem !== null || command === null) {
      throw problem ?? new Error("A command without a row in the table");
    }
    let answer: Answer;
    try {
      if (isBySequence(incoming.name) && this.#session.enabled.has("UIDONLY")) throw uidRequired();
      if (!command.states.includes("authenticated")) await this.#session.refreshRights();
      answer = await command.prepare(args)(this.#session, { tag: tag ?? "", streamed });
    } catch (error) {
      if (faultOf(error).kind !== "over") await streamed?.discard();
      throw error;
    }
    await streamed?.discard();
    return answer;
  }

  /** Turns what was thrown into an answer, unless the session cannot go on. */
  async #guard<T>(incoming: IncomingCommand, action: () => Promise<T>): Promise<T | StatusResponse> {
    try {
      return await action();
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === "over") throw error;
      if (fault.isOurs) {
        const { log, selectedOrNull } = this.#session;
        log.error("command-error", {
          command: incoming.name,
          mailbox: selectedOrNull?.id ?? null,
          error: describeError(error),
        });
      }
      return fault.response;
    }
  }

  #note({ command, name }: IncomingCommand, { kind, code, text }: StatusResponse): void {
    const { deps, log } = this.#session;
    deps.metrics.count("mailden_imap_commands_total", {
      command: command === null || name === null ? "unknown" : name,
      result: kind.toLowerCase(),
    });
    if (kind === "OK") return;
    log.info("command-failed", {
      command: command === null ? "unknown" : name,
      result: kind,
      code: code?.name ?? null,
      text,
    });
  }

  async #after(answer: Answer): Promise<boolean> {
    const session = this.#session;
    if (answer.next === "close") {
      this.reason = "closed by us";
      return false;
    }
    if (answer.next === "start-tls") {
      await session.out.flush();
      session.input.discardBuffered();
      await session.conn.startTls();
    }
    if (answer.next === "compress") {
      await session.out.flush();
      beginCompression(session);
    }
    const enough = this.#patience.note({ isWrong: answer.kind === "BAD", isLoggedIn: session.isLoggedIn });
    if (enough !== null) throw new SessionOver(bye(enough));
    return true;
  }
}
