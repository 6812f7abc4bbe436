import { headerFields } from "../../wire/mime/mod.ts";
import { clientQuoted, fetchItems, numberOf } from "../../wire/imap/client/mod.ts";
import { decodeUtf7 } from "../../wire/imap/utf7.ts";
import type { RetrievalDeps } from "../deps.ts";
import { FolderError, MessageGoneError, trouble } from "../errors.ts";
import { fingerprint } from "../fetched_message.ts";
import type { HandOver } from "../hand_over.ts";
import type { SpacedFact } from "../../store/mod.ts";
import type { Marks } from "../marks.ts";
import type { Round } from "../round.ts";
import type { SourceSpec } from "../source.ts";
import type { StumblingBlocks } from "../stumbling.ts";
import type { Tally } from "../visit.ts";
import type { ImapConnection } from "./connection.ts";
import { FolderMarks, type FolderState, MAX_OPEN, passedOver, past } from "./folder_state.ts";

/** UIDs in one command: the line stays short. */
const UIDS_PER_COMMAND = 100;
const LARGEST_UID = 2 ** 32 - 1;
/** What `fingerprint` looks at; no more than may come in a literal, however long somebody has made his subject. */
const NAMING_FIELDS = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE FROM SUBJECT)]<0.8192>";

export interface FolderOptions {
  readonly connection: ImapConnection;
  readonly spec: SourceSpec;
  readonly deps: RetrievalDeps;
  readonly marks: Marks;
  readonly blocks: StumblingBlocks;
  readonly handOver: HandOver;
  readonly tally: Tally;
  readonly round: Round;
}

interface Listed {
  readonly uid: number;
  readonly size: number;
}

export interface OpenFolder {
  readonly validity: number;
  readonly exists: number;
  readonly uidNext: number | null;
}

/**
 * Selects a folder: read only, where nothing is to be deleted, so that its state there does not change. Throws `FolderError` when
 * it cannot be had.
 */
export async function selectFolder(
  connection: ImapConnection,
  spec: SourceSpec,
  wireName: string,
): Promise<OpenFolder> {
  let [validity, exists, uidNext]: [number, number, number | null] = [0, 0, null];
  const verb = spec.keep.kind === "leave" ? "EXAMINE" : "SELECT";
  const answer = await connection.command(`${verb} ${clientQuoted(wireName)}`, {
    onData: ({ name, number }) => {
      if (name === "EXISTS") exists = number ?? 0;
    },
    onStatus: ({ code, codeArguments }) => {
      const number = /^[0-9]{1,10}$/.test(codeArguments) ? Number(codeArguments) : 0;
      if (code === "UIDVALIDITY") validity = number;
      if (code === "UIDNEXT" && number > 0) uidNext = number;
    },
  });
  const name = decodeUtf7(wireName) ?? wireName;
  if (answer.status !== "OK") {
    throw new FolderError("trouble", `The folder ${name} cannot be opened: ${answer.text}`);
  }
  if (validity === 0) {
    throw new FolderError(
      "trouble",
      `The folder ${name} has no UIDVALIDITY, without which nothing is fetched from it`,
    );
  }
  return { validity, exists, uidNext };
}

/** One pass over one folder: what is new is fetched, then what is due is deleted. */
export class FolderSweep {
  readonly #options: FolderOptions;
  readonly #wireName: string;
  readonly #folderMarks: FolderMarks;
  #state: FolderState = { validity: 0, next: 1, open: [], recountBelow: 0 };

  constructor(wireName: string, options: FolderOptions) {
    this.#options = options;
    this.#wireName = wireName;
    this.#folderMarks = new FolderMarks(options.marks, wireName);
  }

  /** False when there is more than this round may fetch. */
  async run(): Promise<boolean> {
    const { connection, spec } = this.#options;
    const folder = await selectFolder(connection, spec, this.#wireName);
    await this.#recall(folder);
    let isDone = true;
    if (folder.exists > 0) {
      isDone = await this.#fetchNew() && await this.#fetchOpen();
      await this.#deleteDue();
    }
    return isDone;
  }

  async #recall({ validity, uidNext }: OpenFolder): Promise<void> {
    const known = await this.#folderMarks.load();
    if (known?.validity === validity) {
      this.#state = known;
      return;
    }
    const recountBelow = known === null ? 0 : uidNext ?? LARGEST_UID;
    this.#state = { validity, next: 1, open: [], recountBelow };
    await this.#options.marks.put(this.#folderMarks.state(this.#state));
  }

  async #fetchNew(): Promise<boolean> {
    const { blocks, round } = this.#options;
    const { next } = this.#state;
    if (next > LARGEST_UID) return true;
    // `*` is the last message even where it lies below the first number (RFC 3501 section 6.4.8).
    const fresh = (await this.#sizes(`${next}:*`)).filter(({ uid }) => uid >= next);
    for (let at = 0; at < fresh.length; at += UIDS_PER_COMMAND) {
      const batch = fresh.slice(at, at + UIDS_PER_COMMAND);
      const known = await this.#known(batch);
      for (const message of batch) {
        if (round.isOver) return false;
        if (known.has(message.uid)) await this.#skip(message);
        else if (blocks.rests(this.#blockOf(message)) || !await this.#take(message)) {
          const state = passedOver(this.#state, message.uid);
          if (state === null) return this.#giveUp();
          this.#state = state;
          await this.#options.marks.put(this.#folderMarks.state(state));
        }
      }
    }
    return true;
  }

  /** What is passed over is remembered one by one, and that has an end. */
  #giveUp(): boolean {
    this.#options.tally.note(
      `${MAX_OPEN} messages in ${this.#wireName} are left there (too large or broken); what came after them is not fetched`,
    );
    return true;
  }

  /** Those that were passed over may be better by now: there is more room, or the limit was raised. */
  async #fetchOpen(): Promise<boolean> {
    const { blocks, round, tally } = this.#options;
    const open = this.#state.open;
    const there = new Set<number>();
    for (let at = 0; at < open.length; at += UIDS_PER_COMMAND) {
      for (const message of await this.#sizes(open.slice(at, at + UIDS_PER_COMMAND).join(","))) {
        there.add(message.uid);
        if (round.isOver) return false;
        if (blocks.rests(this.#blockOf(message)) || !await this.#take(message)) tally.left++;
      }
    }
    const gone = open.filter((uid) => !there.has(uid));
    if (gone.length > 0) {
      this.#state = { ...this.#state, open: this.#state.open.filter((uid) => there.has(uid)) };
      await this.#options.marks.put(this.#folderMarks.state(this.#state));
    }
    return true;
  }

  /** The sizes of messages, in ascending order. */
  async #sizes(set: string): Promise<Listed[]> {
    const { connection, deps } = this.#options;
    const { messages, listTimeoutMs } = deps.settings.current;
    const found = new Map<number, number>();
    await connection.ok(`UID FETCH ${set} (UID RFC822.SIZE)`, {
      timeoutMs: listTimeoutMs,
      responses: messages + 10_000,
      onData: ({ name, values }) => {
        if (name !== "FETCH") return;
        const items = fetchItems(values);
        const [uid, size] = [numberOf(items.get("UID")), numberOf(items.get("RFC822.SIZE"))];
        // What it tells of its own accord has no size.
        if (uid === null || size === null || uid < 1 || uid > LARGEST_UID) return;
        found.set(uid, size);
        // To leave some out would be to lose them: they need not come in order.
        if (found.size > messages) {
          throw trouble(`It lists more than ${messages} messages; see retrieval.messages`);
        }
      },
    });
    return [...found].map(([uid, size]) => ({ uid, size })).sort((a, b) => a.uid - b.uid);
  }

  /** Those of a batch that were fetched under other numbers. */
  async #known(batch: readonly Listed[]): Promise<ReadonlySet<number>> {
    const { connection, marks } = this.#options;
    const asked = new Map(
      batch.filter(({ uid }) => uid < this.#state.recountBelow).map(({ uid, size }) => [uid, size]),
    );
    const prints: Promise<readonly [number, string]>[] = [];
    if (asked.size === 0) return new Set();
    await connection.ok(`UID FETCH ${[...asked.keys()].join(",")} (UID ${NAMING_FIELDS})`, {
      onData: ({ name, values }) => {
        if (name !== "FETCH") return;
        const items = fetchItems(values);
        const uid = numberOf(items.get("UID"));
        const size = uid === null ? undefined : asked.get(uid);
        const header = [...items].find(([item]) => item.startsWith("BODY[HEADER.FIELDS"))?.[1];
        if (size === undefined || header?.kind !== "string" || prints.length >= UIDS_PER_COMMAND) return;
        prints.push(fingerprint(headerFields(header.bytes), size).then((print) => [uid!, print] as const));
      },
    });
    const known = new Set<number>();
    for (const [uid, print] of await Promise.all(prints)) if (await marks.wasSeen(print)) known.add(uid);
    return known;
  }

  /** It is here already, under another number. */
  async #skip({ uid }: Listed): Promise<void> {
    const state = past(this.#state, uid);
    await this.#options.marks.put(...this.#marksOf(uid, state));
    this.#state = state;
    this.#options.tally.add("known");
  }

  /** False when it must wait. */
  async #take(message: Listed): Promise<boolean> {
    const { handOver, blocks, round, connection, deps, tally } = this.#options;
    const { uid, size } = message;
    if (!await handOver.hasRoom(message)) return false;
    const state = past(this.#state, uid);
    const item = {
      uid: String(uid),
      size,
      isRecount: false,
      marks: this.#marksOf(uid, state),
      refusedMarks: [this.#folderMarks.state(state)],
    };
    const block = this.#blockOf(message);
    round.take();
    blocks.approach(block);
    try {
      tally.add(await handOver.take(item, connection.message(uid, deps.messageSize.current)));
    } catch (error) {
      if (!(error instanceof MessageGoneError)) throw error;
      await this.#options.marks.put(this.#folderMarks.state(state));
    }
    blocks.passed(block);
    this.#state = state;
    return true;
  }

  #marksOf(uid: number, state: FolderState): SpacedFact[] {
    const { spec, deps } = this.#options;
    const reached = this.#folderMarks.state(state);
    if (spec.keep.kind === "leave") return [reached];
    return [reached, this.#folderMarks.due(uid, state.validity, deps.clock.now())];
  }

  async #deleteDue(): Promise<void> {
    const { connection, spec: { keep }, deps, tally } = this.#options;
    if (keep.kind === "leave") return;
    const before = deps.clock.now() - (keep.kind === "delete" ? 0 : keep.ms);
    const limit = deps.settings.current.messages;
    const uids = await this.#folderMarks.dueUids(this.#state.validity, before, limit);
    for (let at = 0; at < uids.length; at += UIDS_PER_COMMAND) {
      const batch = uids.slice(at, at + UIDS_PER_COMMAND);
      await connection.ok(`UID STORE ${batch.join(",")} +FLAGS.SILENT (\\Deleted)`);
      // Without UIDPLUS (RFC 4315) only all marked messages could be expunged, also those that somebody else has marked.
      if (connection.capabilities.has("UIDPLUS")) await connection.ok(`UID EXPUNGE ${batch.join(",")}`);
      await this.#folderMarks.forget(batch);
      tally.deleted += batch.length;
    }
  }

  #blockOf({ uid }: Listed): string {
    return `${this.#wireName} ${this.#state.validity} ${uid}`;
  }
}
