import type { Conn, Log } from "../../core/ports.ts";
import type { ScriptStore } from "../../store/scripts.ts";
import type { Response } from "../../wire/managesieve/mod.ts";
import { Input } from "../input.ts";
import { Output } from "../output.ts";
import type { ManageSieveDeps, SieveLanguage } from "./deps.ts";
import type { ManageSieveLimits } from "./limits.ts";

export type ManageSieveState = "not-authenticated" | "authenticated";

/** One session: all that its commands share and change. */
export class ManageSieveSession {
  readonly deps: ManageSieveDeps;
  readonly conn: Conn;
  readonly limits: ManageSieveLimits;
  readonly input: Input;
  readonly out: Output;
  readonly log: Log;
  loginFailures = 0;
  #account: string | null = null;
  #farewell: Response | null = null;
  #onLogin: () => void = () => {};
  #onLogout: () => void = () => {};

  constructor(conn: Conn, deps: ManageSieveDeps) {
    this.conn = conn;
    this.deps = deps;
    this.limits = deps.limits.current;
    this.out = new Output(conn);
    this.input = new Input(conn, {
      timeoutMs: this.limits.loginTimeoutMs,
      beforeReading: () => this.out.flush(),
    });
    this.log = deps.log.with({ session: conn.id, service: "managesieve" });
  }

  get scripts(): ScriptStore {
    return this.deps.store.scripts;
  }

  get language(): SieveLanguage {
    return this.deps.language.current;
  }

  // ---- Log-in ----

  get state(): ManageSieveState {
    return this.#account === null ? "not-authenticated" : "authenticated";
  }

  get isLoggedIn(): boolean {
    return this.#account !== null;
  }

  /** The account of a session that has logged in, which the command table guarantees. */
  get account(): string {
    if (this.#account === null) throw new Error("The command table let a command in before log-in");
    return this.#account;
  }

  logIn(account: string): void {
    this.#account = account;
    this.input.timeoutMs = this.limits.idleTimeoutMs;
    this.#onLogin();
  }

  /** RFC 5804 section 2.14: TLS stays, and everything else is as it was after the greeting. */
  logOut(): void {
    this.#account = null;
    this.input.timeoutMs = this.limits.loginTimeoutMs;
    this.#onLogout();
  }

  onLogin(listener: () => void): void {
    this.#onLogin = listener;
  }

  onLogout(listener: () => void): void {
    this.#onLogout = listener;
  }

  // ---- The end ----

  /** The farewell that the loop shall say, as soon as it is between two commands. */
  get farewell(): Response | null {
    return this.#farewell;
  }

  /** Asks the session to end. One that waits for its client ends now. */
  stop(farewell: Response): void {
    this.#farewell ??= farewell;
    this.input.wake();
  }
}
