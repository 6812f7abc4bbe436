import { trouble } from "../errors.ts";
import { type HandedOver, HandOver } from "../hand_over.ts";
import type { Marks } from "../marks.ts";
import type { RetrievalDeps } from "../deps.ts";
import { Round } from "../round.ts";
import { sourceLabel, type SourceSpec } from "../source.ts";
import type { StumblingBlocks } from "../stumbling.ts";
import { type Sweep, Tally, type Visit } from "../visit.ts";
import type { Pop3Connection } from "./connection.ts";
import { type Listed, listMaildrop } from "./listing.ts";
import { MaildropMarks } from "./maildrop_marks.ts";

/** How many commands are on their way at once, where the server can (RFC 2449 section 6.6). */
const PIPELINE = 16;

interface VisitOptions {
  readonly spec: SourceSpec;
  readonly marks: Marks;
  readonly deps: RetrievalDeps;
  readonly blocks: StumblingBlocks;
}

/**
 * A POP3 maildrop. There is a mark for each message that was fetched (`maildrop_marks.ts`); deletions are asked for when the marks are
 * in the store, and take effect at QUIT (RFC 1939 section 6).
 */
export class Pop3Visit implements Visit {
  readonly canIdle = false;
  readonly #connection: Pop3Connection;
  readonly #options: VisitOptions;
  readonly #handOver: HandOver;
  readonly #marks: MaildropMarks;
  readonly #tally = new Tally();

  constructor(connection: Pop3Connection, options: VisitOptions) {
    const { conn } = connection;
    const { spec, marks, deps } = options;
    this.#connection = connection;
    this.#options = options;
    this.#marks = new MaildropMarks(marks, () => deps.clock.now());
    this.#handOver = new HandOver({
      ...options,
      provider: {
        sessionId: conn.id,
        address: conn.remote.host,
        host: spec.host,
        protocol: "POP3",
        tls: conn.tls,
      },
    });
  }

  async sweep(): Promise<Sweep> {
    const { spec: { host }, deps, blocks } = this.#options;
    const limit = deps.settings.current.messages;
    const listed = await listMaildrop(this.#connection, { host, limit });
    const uids = listed.map(({ uid }) => uid);
    await this.#marks.load(limit * 2);
    const isRecount = await this.#marks.isRecount(uids, this.#isDue);
    const fresh = blocks.order(listed.filter(({ uid }) => !this.#marks.has(uid)), ({ uid }) => uid);
    const more = await this.#fetchAll(fresh, isRecount);
    this.#tally.deleted = await this.#deleteDue(listed);
    await this.#quit();
    // Only now it is sure that they are gone.
    await this.#marks.settle(uids, this.#isDue);
    if (isRecount && !more) await this.#marks.endRecount();
    return this.#tally.sweep(more);
  }

  async idle(): Promise<void> {}

  abandon(): void {
    this.#connection.close();
  }

  async leave(): Promise<void> {
    this.#connection.close();
  }

  get #window(): number {
    return this.#connection.capabilities.pipelining ? PIPELINE : 1;
  }

  /**
   * One after the other, each asked for while those before it come; what has come and waits is in the network's buffers. Resolves
   * to whether there is more than this round may fetch.
   */
  async #fetchAll(fresh: readonly Listed[], isRecount: boolean): Promise<boolean> {
    const round = new Round(this.#options.deps.settings.current);
    const waiting = fresh.values();
    const asked: Listed[] = [];
    let next = waiting.next();
    for (;;) {
      while (asked.length < this.#window && !round.isOver && !next.done) {
        const mayCome = await this.#mayCome(next.value, asked.length);
        if (mayCome === "later") break;
        if (mayCome === "no") this.#tally.left++;
        else {
          await this.#connection.send("RETR", String(next.value.number));
          asked.push(next.value);
          round.take();
        }
        next = waiting.next();
      }
      const message = asked.shift();
      if (message === undefined) return !next.done;
      // Else a server whose ids change at every look would never show what is behind those that we have.
      if (await this.#fetch(message, isRecount) === "known") round.giveBack();
    }
  }

  /** Throws while there is room for nothing; but what is on its way shall find its place first. */
  async #mayCome(message: Listed, underway: number): Promise<"yes" | "no" | "later"> {
    if (this.#options.blocks.rests(message.uid)) return "no";
    try {
      return await this.#handOver.hasRoom(message) ? "yes" : "no";
    } catch (error) {
      if (underway === 0) throw error;
      return "later";
    }
  }

  /** Reads the answer to RETR. */
  async #fetch({ number, uid, size }: Listed, isRecount: boolean): Promise<HandedOver> {
    const { deps, spec, blocks } = this.#options;
    blocks.approach(uid);
    const answer = await this.#connection.status("The answer to RETR");
    if (answer.kind !== "ok") {
      // It may be better next time; those behind it must not wait for that.
      deps.log.warn("retrieval-not-given", { source: sourceLabel(spec), number, uid, said: answer.text });
      blocks.passed(uid);
      this.#tally.left++;
      return "refused";
    }
    const mark = this.#marks.fetched(uid, deps.clock.now());
    const refusedMark = this.#marks.refused(uid);
    const item = { uid, size, isRecount, marks: [mark], refusedMarks: [refusedMark] };
    // The dots and a last line end come on top of what LIST says.
    const limit = deps.messageSize.current + 64 * 1024;
    const result = await this.#handOver.take(item, this.#connection.body(limit));
    blocks.passed(uid);
    this.#tally.add(result);
    this.#marks.note(result === "refused" ? refusedMark : mark);
    return result;
  }

  async #deleteDue(listed: readonly Listed[]): Promise<number> {
    const due = listed.filter(({ uid }) => {
      const fetchedAt = this.#marks.fetchedAt(uid);
      return fetchedAt !== null && this.#isDue(fetchedAt);
    });
    const connection = this.#connection;
    let deleted = 0;
    for (let at = 0; at < due.length; at += this.#window) {
      const batch = due.slice(at, at + this.#window);
      for (const { number } of batch) await connection.send("DELE", String(number));
      for (const _ of batch) if ((await connection.status("The answer to DELE")).kind === "ok") deleted++;
    }
    return deleted;
  }

  #isDue = (fetchedAt: number): boolean => {
    const { spec: { keep }, deps } = this.#options;
    if (keep.kind === "leave") return false;
    return keep.kind === "delete" || deps.clock.now() >= fetchedAt + keep.ms;
  };

  async #quit(): Promise<void> {
    const answer = await this.#connection.command("QUIT");
    if (answer.kind !== "ok") throw trouble(`It could not delete what was fetched: ${answer.text}`);
  }
}
