import type { Log } from "../../core/ports.ts";
import type { ControlHandlers } from "../running.ts";
import { BULK_COMMANDS } from "../transfer/mod.ts";
import {
  type ControlRequest,
  type ControlResponse,
  MAX_REQUEST,
  readLines,
  requestSchema,
  type ServerStatus,
  writeLine,
} from "./protocol.ts";

export interface ControlServerOptions {
  readonly path: string;
  readonly handlers: ControlHandlers;
  readonly status: () => ServerStatus;
  /** Reads the configuration again; rejects with what is wrong in it. */
  readonly reload: () => Promise<void>;
  readonly log: Log;
  /** How long a client may say nothing. */
  readonly idleMs?: number;
}

export interface ControlServer {
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 16;
const IDLE_MS = 60_000;

/** Listens on the control socket. The caller holds the data folder's lock, so a socket that is there is a dead one. */
export async function startControl(options: ControlServerOptions): Promise<ControlServer> {
  await removeStaleSocket(options.path);
  const listener = Deno.listen({ transport: "unix", path: options.path });
  // Whoever may connect may do everything. The folder is ours alone (0700) in the moment before this.
  await Deno.chmod(options.path, 0o600);
  const server = new Server(options, listener);
  const accepting = server.accept();
  return {
    close: async () => {
      listener.close();
      server.closeConnections();
      await accepting;
    },
  };
}

async function removeStaleSocket(path: string): Promise<void> {
  try {
    const { isSocket } = await Deno.lstat(path);
    if (!isSocket) {
      throw new Error(
        `${path} is there and is no socket; move it away, the control socket must be made there`,
      );
    }
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

class Server {
  readonly #options: ControlServerOptions;
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();

  constructor(options: ControlServerOptions, listener: Deno.UnixListener) {
    this.#options = options;
    this.#listener = listener;
  }

  async accept(): Promise<void> {
    for (;;) {
      let conn: Deno.UnixConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (error instanceof Deno.errors.BadResource) return;
        this.#options.log.warn("control-accept-failed", { error: String(error) });
        // Out of file descriptors, most likely: a tight loop would make it worse.
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      if (this.#connections.size >= MAX_CONNECTIONS) {
        conn.close();
        continue;
      }
      this.#connections.add(conn);
      this.#serve(conn);
    }
  }

  closeConnections(): void {
    for (const conn of this.#connections) this.#end(conn);
  }

  async #serve(conn: Deno.UnixConn): Promise<void> {
    const idleMs = this.#options.idleMs ?? IDLE_MS;
    let timer = setTimeout(() => this.#end(conn), idleMs);
    try {
      for await (const line of readLines(conn, MAX_REQUEST)) {
        clearTimeout(timer);
        const response = await this.#answer(line);
        // From here on the client has the time to take the answer and to ask again.
        timer = setTimeout(() => this.#end(conn), idleMs);
        await writeLine(conn, response);
      }
    } catch (error) {
      // The client broke off, or sent no lines at all: only its own connection ends.
      await writeLine(conn, { ok: false, error: String(error) }).catch(() => {});
    } finally {
      clearTimeout(timer);
      this.#end(conn);
    }
  }

  async #answer(line: string): Promise<ControlResponse> {
    const request = parseRequest(line);
    if (request === null) return { ok: false, error: "This is not a request that this version knows" };
    try {
      return { ok: true, result: await this.#run(request) ?? null };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.warn("control-failed", { command: request.command, error: message });
      return { ok: false, error: message };
    }
  }

  #run(request: ControlRequest): unknown {
    const { handlers, status, reload } = this.#options;
    const isLogged = request.command !== "status" && !BULK_COMMANDS.has(request.command);
    if (isLogged) this.#options.log.info("control", { command: request.command });
    switch (request.command) {
      case "status":
        return status();
      case "reload":
        return reload();
      case "accounts":
        return handlers.accounts();
      case "ensure-account":
        return handlers.ensureAccount(request.account);
      case "set-credential":
        return handlers.setCredential(request.account, request.hash);
      case "remove-account":
        return handlers.removeAccount(request.account);
      case "queue-list":
        return handlers.queueList(request.filter, request.page);
      case "queue-show":
        return handlers.queueShow(request.id);
      case "queue-flush":
        return handlers.queueFlush(request.filter);
      case "queue-hold":
        return handlers.queueHold(request.filter, request.held);
      case "queue-drop":
        return handlers.queueDrop(request.filter);
      case "queue-bounce":
        return handlers.queueBounce(request.filter);
      case "hold-rules":
        return handlers.holdRules();
      case "add-hold-rule":
        return handlers.addHoldRule(request.rule);
      case "remove-hold-rule":
        return handlers.removeHoldRule(request.rule);
      case "trace-message":
        return handlers.traceOfMessage(request.id, request.page);
      case "trace-session":
        return handlers.traceOfSession(request.id, request.page);
      case "trace-find":
        return handlers.traceFind(request.key, request.options);
      case "index-status":
        return handlers.indexStatus();
      case "hidden-list":
        return handlers.hiddenList(request.account, request.filter, request.page);
      case "undelete":
        return handlers.undelete(request.account, request.filter);
      case "folders":
        return handlers.folders(request.account);
      case "ensure-folder":
        return handlers.ensureFolder(request.account, request.name);
      case "message-rows":
        return handlers.messageRows(request.mailboxId, request.after);
      case "identities":
        return handlers.identities(request.mailboxId, request.after);
      case "body-piece":
        return handlers.bodyPiece(request.bodyId, request.start, request.end);
      case "put-piece":
        return handlers.putPiece(request.upload, request.data);
      case "drop-upload":
        return handlers.dropUpload(request.upload);
      case "append-messages":
        return handlers.appendMessages(request.mailboxId, request.messages);
      case "index-rebuild":
        return handlers.indexRebuild();
      case "script-list":
        return handlers.scripts.list(request.account);
      case "script-get":
        return request.name === null
          ? handlers.scripts.active(request.account)
          : handlers.scripts.get(request.account, request.name);
      case "script-put":
        return handlers.scripts.put(request.account, request.script, request.limits);
      case "script-remove":
        return handlers.scripts.remove(request.account, request.name);
      case "script-activate":
        return handlers.scripts.activate(request.account, request.name);
      case "sight":
        return handlers.sight(request.account);
      case "away-get":
        return handlers.scripts.away(request.account);
      case "away-set":
        return handlers.scripts.setAway(request.account, request.note);
      case "retrieval-status":
        return handlers.retrievalStatus(request.account);
      case "retrieve-now":
        return handlers.retrieveNow(request.account);
      case "set-retrieval-secret":
        return handlers.setRetrievalSecret(request.key, request.secret);
    }
  }

  #end(conn: Deno.UnixConn): void {
    if (!this.#connections.delete(conn)) return;
    conn.close();
  }
}

function parseRequest(line: string): ControlRequest | null {
  try {
    return requestSchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}
