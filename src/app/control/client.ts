import type {
  AccountRow,
  AwayNote,
  QueuedMessage,
  ScriptInfo,
  SearchIndexStatus,
  StoredScript,
  TraceEvent,
} from "../../store/mod.ts";
import type { SightSnapshot } from "../../delivery/filter/mod.ts";
import type { HoldRule } from "../../queue/mod.ts";
import type { SourceStatus } from "../../retrieval/mod.ts";
import type { ControlHandlers, ScriptHandlers } from "../running.ts";
import {
  type ControlRequestInput,
  type ControlResponse,
  MAX_RESPONSE,
  readLines,
  type ServerStatus,
  writeLine,
} from "./protocol.ts";

/** The running server, seen from a command. */
export interface ControlClient extends ControlHandlers {
  status(): Promise<ServerStatus>;
  /** Makes the server read its configuration again; rejects with what is wrong in it. */
  reload(): Promise<void>;
  close(): void;
}

/** The server answered that it could not do it; `message` is the server's. */
export class ControlError extends Error {
  override readonly name = "ControlError";
}

/** How long a server may take for one request; to remove a large account takes a while. */
const TIMEOUT_MS = 600_000;

/** Connects to a running server; null when none listens there. */
export async function connectControl(
  path: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<ControlClient | null> {
  let conn: Deno.UnixConn;
  try {
    conn = await Deno.connect({ transport: "unix", path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused) return null;
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new ControlError(
        `No permission for ${path}: run this as the user that runs the server, or as root`,
      );
    }
    throw error;
  }
  return makeClient(new Exchange(conn, options.timeoutMs ?? TIMEOUT_MS));
}

function makeClient(exchange: Exchange): ControlClient {
  const ask = <T>(request: ControlRequestInput) => exchange.ask(request) as Promise<T>;
  return {
    status: () => ask<ServerStatus>({ command: "status" }),
    reload: async () => void await ask({ command: "reload" }),
    accounts: () => ask<AccountRow[]>({ command: "accounts" }),
    ensureAccount: async (account) => void await ask({ command: "ensure-account", account }),
    setCredential: async (account, hash) => void await ask({ command: "set-credential", account, hash }),
    removeAccount: (account) => ask<boolean>({ command: "remove-account", account }),
    queueList: (filter, page) => ask<QueuedMessage[]>({ command: "queue-list", filter, page }),
    queueShow: (id) => ask<QueuedMessage | null>({ command: "queue-show", id }),
    queueFlush: (filter) => ask<number>({ command: "queue-flush", filter }),
    queueHold: (filter, held) => ask<number>({ command: "queue-hold", filter, held }),
    queueDrop: (filter) => ask<number>({ command: "queue-drop", filter }),
    queueBounce: (filter) => ask<number>({ command: "queue-bounce", filter }),
    holdRules: () => ask<HoldRule[]>({ command: "hold-rules" }),
    addHoldRule: async (rule) => void await ask({ command: "add-hold-rule", rule }),
    removeHoldRule: (rule) => ask<boolean>({ command: "remove-hold-rule", rule }),
    traceOfMessage: (id, page) => ask<TraceEvent[]>({ command: "trace-message", id, page }),
    traceOfSession: (id, page) => ask<TraceEvent[]>({ command: "trace-session", id, page }),
    traceFind: (key, options) => ask<TraceEvent[]>({ command: "trace-find", key, options }),
    indexStatus: () => ask<SearchIndexStatus>({ command: "index-status" }),
    indexRebuild: async () => void await ask({ command: "index-rebuild" }),
    scripts: makeScripts(exchange),
    sight: (account) => ask<SightSnapshot>({ command: "sight", account }),
    retrievalStatus: (account) => ask<SourceStatus[]>({ command: "retrieval-status", account }),
    retrieveNow: (account) => ask<number>({ command: "retrieve-now", account }),
    setRetrievalSecret: async (key, secret) =>
      void await ask({ command: "set-retrieval-secret", key, secret }),
    hiddenList: (account, filter, page) => ask({ command: "hidden-list", account, filter, page }),
    undelete: (account, filter) => ask({ command: "undelete", account, filter }),
    folders: (account) => ask({ command: "folders", account }),
    ensureFolder: (account, name) => ask({ command: "ensure-folder", account, name }),
    messageRows: (mailboxId, after) => ask({ command: "message-rows", mailboxId, after }),
    identities: (mailboxId, after) => ask({ command: "identities", mailboxId, after }),
    bodyPiece: (bodyId, start, end) => ask({ command: "body-piece", bodyId, start, end }),
    putPiece: async (upload, data) => void await ask({ command: "put-piece", upload, data }),
    dropUpload: async (upload) => void await ask({ command: "drop-upload", upload }),
    appendMessages: async (mailboxId, messages) => {
      const plain = messages.map((message) => ({ ...message, flags: [...message.flags] }));
      await ask({ command: "append-messages", mailboxId, messages: plain });
    },
    close: () => exchange.close(),
  };
}

function makeScripts(exchange: Exchange): ScriptHandlers {
  const ask = <T>(request: ControlRequestInput) => exchange.ask(request) as Promise<T>;
  return {
    list: (account) => ask<ScriptInfo[]>({ command: "script-list", account }),
    get: (account, name) => ask<StoredScript | null>({ command: "script-get", account, name }),
    active: (account) => ask<StoredScript | null>({ command: "script-get", account, name: null }),
    put: async (account, script, limits) =>
      void await ask({ command: "script-put", account, script, limits }),
    remove: async (account, name) => void await ask({ command: "script-remove", account, name }),
    activate: async (account, name) => void await ask({ command: "script-activate", account, name }),
    away: (account) => ask<AwayNote | null>({ command: "away-get", account }),
    setAway: async (account, note) => void await ask({ command: "away-set", account, note }),
  };
}

/** One request after the other on one connection. */
class Exchange {
  readonly #conn: Deno.UnixConn;
  readonly #lines: AsyncGenerator<string>;
  readonly #timeoutMs: number;
  #closed = false;
  /** The exchange before: the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(conn: Deno.UnixConn, timeoutMs: number) {
    this.#conn = conn;
    this.#lines = readLines(conn, MAX_RESPONSE);
    this.#timeoutMs = timeoutMs;
  }

  async ask(request: ControlRequestInput): Promise<unknown> {
    const turn = this.#last.then(() => this.#exchange(request));
    this.#last = turn.catch(() => {});
    const response = await turn;
    if (response.ok) return response.result;
    throw new ControlError(response.error);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  async #exchange(request: ControlRequestInput): Promise<ControlResponse> {
    const timer = setTimeout(() => this.close(), this.#timeoutMs);
    try {
      await writeLine(this.#conn, request);
      const { value, done } = await this.#lines.next();
      if (done) throw new ControlError("The server closed the connection; see its log");
      return JSON.parse(value) as ControlResponse;
    } catch (error) {
      if (error instanceof ControlError) throw error;
      throw new ControlError(`The server did not answer: ${error instanceof Error ? error.message : error}`);
    } finally {
      clearTimeout(timer);
    }
  }
}
