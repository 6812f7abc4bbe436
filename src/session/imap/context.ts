import type { Conn, Log } from "../../core/ports.ts";
import type { Store } from "../../store/mod.ts";
import { bad, ok, type SequenceSet, type StatusResponse } from "../../wire/imap/mod.ts";
import { type Access, currentRights } from "./access.ts";
import type { DeflateStream } from "./deflate_stream.ts";
import type { ImapDeps } from "./deps.ts";
import { Enabled, type Extension } from "./enabled.ts";
import { Rejection } from "./errors.ts";
import { tellNew } from "./fetch_new.ts";
import { Input } from "../input.ts";
import type { ImapLimits } from "./limits.ts";
import { Notifier, type PutMessages } from "./notifier.ts";
import { type SelectedWish, USUAL_WISH } from "./notify_filter.ts";
import { Output } from "./output.ts";
import { Pace } from "../pace.ts";
import { searchEndsAt, searchInTime } from "./search_run.ts";
import { SelectedMailbox, type SyncMoment } from "./selected.ts";
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
  /** Extensions switched on by ENABLE (RFC 5161), or by a command that needs them. */
  readonly enabled = new Enabled();
  loginFailures = 0;
  /** How often it was given back (UNAUTHENTICATE). */
  logOuts = 0;
  /** Set by COMPRESS. */
  compression: DeflateStream | null = null;
  #account: string | null = null;
  #selected: SelectedMailbox | null = null;
  #farewell: StatusResponse | null = null;
  #onLogin: () => void = () => {};
  #onLogout: () => void = () => {};

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

  onLogout(listener: () => void): void {
    this.#onLogout = listener;
  }

  /** Everything that log-in brought is forgotten (RFC 8437 section 3): the connection is as it was after its greeting. */
  logOut(): void {
    this.logOuts++;
    this.deselect();
    this.notifyBy(null);
    this.enabled.clear();
    this.#account = null;
    this.input.timeoutMs = this.limits.loginTimeoutMs;
    this.#onLogout();
  }

  // ---- Extensions ----

  /**
   * Switches an extension on. Whoever begins to count changes with a mailbox open is told from where (RFC 7162 section
   * 3.1); false when it was on already.
   */
  enable(extension: Extension): boolean {
    const counted = this.enabled.has("CONDSTORE");
    const isNew = this.enabled.add(extension);
    if (!counted && this.enabled.has("CONDSTORE") && this.#selected !== null) {
      this.out.status(ok("From here on changes are counted", {
        code: "HIGHESTMODSEQ",
        data: String(this.#selected.knownModseq),
      }));
    }
    return isNew;
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
    const onChange = () => this.hasNews();
    const { store, enabled, limits: { keywords: keywordLimit } } = this;
    this.#selected = await SelectedMailbox.open(store, access, {
      ...options,
      enabled,
      keywordLimit,
      onChange,
    });
    return this.#selected;
  }

  /** Before the answer to a command (RFC 7162 section 3.2). */
  correctModseq(): void {
    const modseq = this.#selected?.takeModseqCorrection() ?? null;
    if (modseq === null) return;
    this.out.status(ok("All is told up to here", { code: "HIGHESTMODSEQ", data: String(modseq) }));
  }

  deselect(): void {
    this.#selected?.close();
    this.#selected = null;
  }

  /** The rights in another's mailbox as they are now (RFC 4314). Ends the session when it may not be read any more. */
  async refreshRights(): Promise<void> {
    const selected = this.#selected;
    if (selected === null || selected.view.mailbox.account === this.#account) return;
    const before = selected.rights;
    selected.rights = await currentRights(this, selected);
    // RFC 4314 section 5.1.1: which flags can be changed now.
    if (selected.rights !== before) selected.tellFlagList(this.out);
  }

  /** Tells the client what happened in the selected mailbox, if one is selected, and elsewhere if it asked for that. */
  async sync(options: SyncMoment): Promise<void> {
    await this.#syncSelected(options, this.#wish);
    if (await this.#notifier?.tell() === false) this.notifyBy(await Notifier.start(this, []));
  }

  async #syncSelected(moment: SyncMoment, { messages, flags, items }: SelectedWish): Promise<void> {
    if (this.#selected?.isBehind) await this.refreshRights();
    const selected = this.#selected;
    if (selected === null || !(messages || moment.force === true)) return;
    await selected.sync(this, {
      ...moment,
      flags,
      // RFC 5465 section 5.1.
      withUid: this.#notifier !== null,
      onNew: (rows, place) => tellNew(this, { rows, place }, items),
      inTime: (work) => searchInTime(this, searchEndsAt(this), work),
    });
  }

  // ---- NOTIFY (RFC 5465) ----

  #notifier: Notifier | null = null;

  get #wish(): SelectedWish {
    return this.#notifier?.selected ?? USUAL_WISH;
  }

  /** Whether the client hears of flags that others change, and so knows them all. */
  get followsFlags(): boolean {
    return this.#wish.flags;
  }

  /** Where what this session does itself is to be noted, so that its client is not told of it (RFC 5465 section 5). */
  get notifier(): Notifier | null {
    return this.#notifier;
  }

  /** Messages that this session put into a mailbox. */
  notePut(mailboxId: number, put: PutMessages): void {
    if (this.#selected?.id === mailboxId && this.#wish.messages) this.#selected.notePut(put.uids);
    this.#notifier?.ownMessages(mailboxId, put);
  }

  /** NOTIFY SET tells of all that has gathered in the selected mailbox, whatever it wants from then on (RFC 5465 section 3.1). */
  async catchUp(): Promise<void> {
    await this.#syncSelected({ expunge: true }, { ...this.#wish, messages: true, flags: true });
  }

  /** Replaces what the client asked to be told of; null is how every session begins. */
  notifyBy(notifier: Notifier | null): void {
    this.#notifier?.stop();
    this.#notifier = notifier;
  }

  /** Tells what there is to tell between two commands, which only a client that asked for it hears (section 3). */
  async push(): Promise<void> {
    if (this.#notifier !== null) await this.sync({ expunge: this.#wish.atOnce });
  }

  /** What a set in a command means in the view. Throws `ProtocolError` for sequence numbers that there are not. */
  resolve(set: SequenceSet, by: "sequence" | "uid"): Selection {
    if (by === "sequence" && this.enabled.has("UIDONLY")) throw uidRequired();
    return resolveSet(this.selected.tracker, set, by);
  }

  // ---- Being woken ----

  /** Set while IDLE runs: changes are told at once. */
  isIdling = false;

  /** There is something to tell, which waits for the next command unless the client is to hear of it at once. */
  hasNews(): void {
    if (this.isIdling || this.#notifier !== null) this.input.wake();
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

/** RFC 9586 section 3: the client has given sequence numbers up. */
export function uidRequired(): Rejection {
  return new Rejection(
    bad("Use the UID command: sequence numbers are switched off", { code: "UIDREQUIRED" }),
  );
}
