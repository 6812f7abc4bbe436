import { encodeUtf7 } from "../../wire/imap/utf7.ts";
import { clientQuoted, parseListed } from "../../wire/imap/client/mod.ts";
import type { RetrievalDeps } from "../deps.ts";
import { FolderError, trouble } from "../errors.ts";
import { HandOver } from "../hand_over.ts";
import type { Marks } from "../marks.ts";
import { Round } from "../round.ts";
import type { SourceSpec } from "../source.ts";
import type { StumblingBlocks } from "../stumbling.ts";
import { type Sweep, Tally, type Visit } from "../visit.ts";
import type { ImapConnection } from "./connection.ts";
import { FolderMarks } from "./folder_state.ts";
import { FolderSweep, selectFolder } from "./folder_sweep.ts";

interface VisitOptions {
  readonly spec: SourceSpec;
  readonly marks: Marks;
  readonly deps: RetrievalDeps;
  readonly blocks: StumblingBlocks;
}

/** An account on an IMAP server: one folder, or several. */
export class ImapVisit implements Visit {
  readonly #connection: ImapConnection;
  readonly #options: VisitOptions;
  readonly #handOver: HandOver;
  /** The first folder that could be opened: where new mail is waited for. */
  #first: string | null = null;
  /** The UIDVALIDITY and UIDNEXT after which a sweep was made already. */
  #told = "";

  constructor(connection: ImapConnection, options: VisitOptions) {
    const { conn } = connection;
    this.#connection = connection;
    this.#options = options;
    this.#handOver = new HandOver({
      ...options,
      provider: {
        sessionId: conn.id,
        address: conn.remote.host,
        host: options.spec.host,
        protocol: "IMAP",
        tls: conn.tls,
      },
    });
  }

  get canIdle(): boolean {
    return this.#options.spec.idle && this.#first !== null && this.#connection.capabilities.has("IDLE");
  }

  async sweep(): Promise<Sweep> {
    const { deps } = this.#options;
    const tally = new Tally();
    const round = new Round(deps.settings.current);
    let isDone = true;
    let refused: FolderError | null = null;
    this.#first = null;
    for (const wireName of await this.#folders()) {
      if (round.isOver) {
        isDone = false;
        break;
      }
      const sweep = new FolderSweep(wireName, {
        ...this.#options,
        connection: this.#connection,
        handOver: this.#handOver,
        tally,
        round,
      });
      try {
        isDone = await sweep.run() && isDone;
        this.#first ??= wireName;
      } catch (error) {
        // The others are no worse for it.
        if (!(error instanceof FolderError)) throw error;
        refused ??= error;
        tally.note(error.message);
      }
    }
    if (refused !== null && this.#first === null) throw refused;
    return tally.sweep(!isDone);
  }

  /** In the first folder; the others are looked at when the time is up. */
  async idle(ms: number, signal: AbortSignal): Promise<void> {
    const { spec, marks } = this.#options;
    const first = this.#first;
    if (first === null) throw trouble("There is no folder to wait for mail in");
    const { uidNext, validity } = await selectFolder(this.#connection, spec, first);
    const known = await new FolderMarks(marks, first).load();
    // What came since the sweep would never be told.
    const isNews = known === null || known.validity !== validity || (uidNext ?? 0) > known.next;
    // The newest may be one that was deleted there before we came: it is no news twice.
    const told = `${validity} ${uidNext}`;
    if (isNews && told !== this.#told) {
      this.#told = told;
      return;
    }
    await this.#connection.idle(ms, signal);
  }

  abandon(): void {
    this.#connection.close();
  }

  async leave(): Promise<void> {
    await this.#connection.command("LOGOUT", {}).catch(() => {
      // It says goodbye before it answers, or is gone already.
    });
    this.#connection.close();
  }

  /** The names of the folders as the server writes them, each once. */
  async #folders(): Promise<readonly string[]> {
    const limit = this.#options.deps.settings.current.folders;
    const found = new Set<string>();
    for (const folder of this.#options.spec.folders) {
      const wireName = folder.toUpperCase() === "INBOX" ? "INBOX" : encodeUtf7(folder);
      if (!/[*%]/.test(folder)) {
        found.add(wireName);
        continue;
      }
      await this.#connection.ok(`LIST "" ${clientQuoted(wireName)}`, {
        onData: ({ name, values }) => {
          if (name !== "LIST") return;
          const listed = parseListed(values);
          const isInbox = listed.wireName.toUpperCase() === "INBOX";
          const isUsable = listed.selectable && !/[\r\n\0]/.test(listed.wireName);
          if (isUsable) found.add(isInbox ? "INBOX" : listed.wireName);
          if (found.size > limit) throw trouble(`It has more than ${limit} folders; see retrieval.folders`);
        },
      });
    }
    return [...found];
  }
}
