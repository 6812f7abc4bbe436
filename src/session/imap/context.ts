import type { Conn, Log } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import type { SequenceSet, StatusResponse } from "../../wire/imap/mod.ts";
import type { Access } from "./access.ts";
import type { ImapDeps } from "./deps.ts";
import { Input } from "./input.ts";
import type { ImapLimits } from "./limits.ts";
import { Output } from "./output.ts";
import { Pace } from "../pace.ts";
import { SelectedMailbox, type SyncOptions } from "./selected.ts";
import { resolveSet } from "./resolve.ts";
import type { Selection } from "./tracker.ts";

/** RFC 3501 section 3; the logout state is the end of the loop. */
export type ImapState = "not-authenticated" | "authenticated" | "selected";

/** One session: all that its commands share and change. */
export class ImapSession {
  readonly deps: ImapDeps;
  readonly conn: Conn;
  readonly limits: ImapLimits;
  readonly input: Input;
  readonly out: Output;
  readonly pace: Pace;
  readonly log: Log;
  /** Extensions switched on by ENABLE (RFC 5161). */
  readonly enabled = new Set<string>();
  loginFailures = 0;
  #account: string | null = null;
  #selected: SelectedMailbox | null = null;
  #farewell: StatusResponse | null = null;
  #onLogin: () => void = () => {};

  constructor(conn: Conn, deps: ImapDeps) {
    this.conn = conn;
    this.deps = deps;
    this.limits = deps.limits.current;
    this.out = new Output(conn);
    this.input = new Input(conn, {
      timeoutMs: this.limits.loginTimeoutMs,
      beforeReading: () => this.out.isEmpty ? null : this.out.flush(),
    });
    this.pace = new Pace(deps.clock);
    this.log = deps.log.with({ session: conn.id, protocol: "imap" });
  }

  get store(): Store {
    return this.deps.store;
  }

  get state(): ImapState {
    if (this.#account === null) return "not-authenticated";
    return this.#selected === null ? "authenticated" : "selected";
  }

  // ---- Log-in ----

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

  onLogin(listener: () => void): void {
    this.#onLogin = listener;
  }

  // ---- The selected mailbox ----

  /** The mailbox of a session in the selected state, which the command table guarantees. */
  get selected(): SelectedMailbox {
    if (this.#selected === null) throw new Error("The command table let a command in without a mailbox");
    return this.#selected;
  }

  get selectedOrNull(): SelectedMailbox | null {
    return this.#selected;
  }

  /** Throws `NoSuchMailbox`; then none is selected (RFC 3501 section 6.3.1). */
  async select(access: Access, options: { readonly readOnly: boolean }): Promise<SelectedMailbox> {
    this.deselect();
    const onChange = () => this.#onChange();
    this.#selected = await SelectedMailbox.open(this.store, access, { ...options, onChange });
    return this.#selected;
  }

  deselect(): void {
    this.#selected?.close();
    this.#selected = null;
  }

  /** Tells the client what happened in the selected mailbox, if one is selected. */
  async sync(options: SyncOptions): Promise<void> {
    await this.#selected?.sync(this, options);
  }

  /** What a set in a command means in the view. Throws `ProtocolError` for sequence numbers that there are not. */
  resolve(set: SequenceSet, by: "sequence" | "uid"): Selection {
    return resolveSet(this.selected.tracker, set, by);
  }

  // ---- Being woken ----

  /** Set while IDLE runs: changes are told at once. */
  isIdling = false;

  #onChange(): void {
    if (this.isIdling) this.input.wake();
  }

  /** The farewell that the loop shall say, as soon as it is between two commands. */
  get farewell(): StatusResponse | null {
    return this.#farewell;
  }

  /** Asks the session to end. One that waits for its client ends now. */
  stop(farewell: StatusResponse): void {
    this.#farewell ??= farewell;
    this.input.wake();
  }
}
