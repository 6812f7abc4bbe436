import type { Conn } from "../../core/ports.ts";
import { bye, encodeResponse, type Response } from "../../wire/managesieve/mod.ts";
import { LogInTime } from "../log_in_time.ts";
import { Pace } from "../pace.ts";
import { Patience } from "../patience.ts";
import { capabilityAnswer } from "./capabilities.ts";
import type { Answer } from "./command.ts";
import { type IncomingCommand, readCommand } from "./command_reader.ts";
import { COMMANDS } from "./commands.ts";
import { ManageSieveSession } from "./context.ts";
import type { ManageSieveDeps } from "./deps.ts";
import { describeError, faultOf, SessionOver } from "./errors.ts";

/** Serves one connection to its end. Never rejects. */
export async function serveManageSieve(conn: Conn, deps: ManageSieveDeps): Promise<void> {
  const session = new ManageSieveSession(conn, deps);
  const loop = new Loop(session);
  const stop = () => session.stop(bye("The server is shutting down", { code: "TRYLATER" }));
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
  session.log.info("session-begin", { client: conn.remote.host, tls: conn.tls?.version ?? null });
  try {
    await loop.run();
  } finally {
    logInTime.end();
    deps.shutdown.removeEventListener("abort", stop);
    conn.close();
    session.log.info("session-end", {
      account: session.isLoggedIn ? session.account : null,
      commands: loop.commands,
      reason: loop.reason,
    });
  }
}

/** Somebody who has not logged in in time. One whose command is under way, a literal perhaps, is not waited for. */
function endUnlogged(session: ManageSieveSession): void {
  const wasWaiting = session.input.isWaiting;
  session.stop(bye("That took too long: log in sooner"));
  if (!wasWaiting) session.conn.close();
}

/** Reads commands, has them answered, and is the only place that writes answers, counts errors and ends the session. */
class Loop {
  readonly #session: ManageSieveSession;
  readonly #pace: Pace;
  readonly #patience: Patience;
  commands = 0;
  reason = "closed by the client";

  constructor(session: ManageSieveSession) {
    this.#session = session;
    this.#pace = new Pace(session.deps.clock);
    this.#patience = new Patience(session.limits);
  }

  async run(): Promise<void> {
    const { log, deps } = this.#session;
    try {
      // RFC 5804 section 1.7: the greeting.
      await this.#send(capabilityAnswer(this.#session, `${deps.hostname} Mailden is ready`));
      while (await this.#step());
      await this.#session.out.flush();
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === "ours") log.error("session-error", { error: describeError(error) });
      this.reason = error instanceof Error ? error.message : "an error";
      await this.#sayFarewell(fault.kind === "over" ? fault.farewell : bye(fault.response.text));
    }
  }

  /** The last words, behind the answers that have not gone out yet. */
  async #sayFarewell(farewell: Response | null): Promise<void> {
    const { out } = this.#session;
    try {
      if (farewell !== null) await out.add(encodeResponse(farewell));
      await out.flush();
    } catch {
      // The client is gone, or does not read: there is nobody left to be told.
    }
  }

  /** One command; false when it was the last. */
  async #step(): Promise<boolean> {
    const session = this.#session;
    // The answers to commands that came together go out together, as soon as the client is waited for; nor must such
    // commands hold up the other sessions.
    if (session.input.buffered === 0) await session.out.flush();
    else await this.#pace.rest();
    if (session.farewell === null) await session.input.wait();
    if (session.farewell !== null) throw new SessionOver(session.farewell);
    const incoming = await readCommand(session, (name) => COMMANDS.get(name) ?? null);
    if (incoming === null) return false;
    this.commands++;
    const answer = await this.#answer(incoming);
    this.#note(incoming, answer.response);
    await this.#send(answer);
    return await this.#after(answer);
  }

  async #answer(incoming: IncomingCommand): Promise<Answer & { readonly isWrong?: true }> {
    const { command, args, problem } = incoming;
    try {
      if (problem !== null || command === null) {
        throw problem ?? new Error("A command without a row in the table");
      }
      return await command.prepare(args)(this.#session);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === "over") throw error;
      if (fault.kind === "ours") {
        this.#session.log.error("command-error", { command: incoming.name, error: describeError(error) });
      }
      return fault.kind === "situation" ? fault : { response: fault.response, isWrong: true };
    }
  }

  #note({ command, name }: IncomingCommand, { kind, code, text }: Response): void {
    const { deps, log } = this.#session;
    const known = command === null || name === null ? "unknown" : name;
    deps.metrics.count("mailden_managesieve_commands_total", { command: known, result: kind.toLowerCase() });
    if (kind === "OK") return;
    // What is wrong with a script would show something of it.
    const shown = command?.takesScript ? null : text;
    log.info("command-failed", { command: known, result: kind, code: code?.name ?? null, text: shown });
  }

  /** A client that does not read holds us here, and nothing collects. */
  async #send({ data = [], response }: Answer): Promise<void> {
    const { out } = this.#session;
    for (const piece of data) await out.add(piece);
    await out.add(encodeResponse(response));
  }

  async #after(answer: Answer & { readonly isWrong?: true }): Promise<boolean> {
    if (answer.next === "close" || answer.response.kind === "BYE") {
      this.reason = "closed by us";
      return false;
    }
    if (answer.next === "start-tls" && !await this.#startTls()) return false;
    const { isLoggedIn } = this.#session;
    const enough = this.#patience.note({ isWrong: answer.isWrong ?? false, isLoggedIn });
    if (enough !== null) throw new SessionOver(bye(enough));
    return true;
  }

  /** False when there is no going on: mostly a client that does not like our certificate. */
  async #startTls(): Promise<boolean> {
    const { conn, out, log } = this.#session;
    await out.flush();
    try {
      await conn.startTls();
    } catch (error) {
      log.info("tls-failed", { error: String(error) });
      this.reason = "TLS failed";
      return false;
    }
    // Section 2.2: what was told before TLS may have been somebody else's.
    await this.#send(capabilityAnswer(this.#session, "TLS is on"));
    return true;
  }
}
