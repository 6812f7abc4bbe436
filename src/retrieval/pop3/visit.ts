import { trouble } from "../errors.ts";
import { HandOver } from "../hand_over.ts";
import type { Marks } from "../marks.ts";
import type { RetrievalDeps } from "../deps.ts";
import type { SourceSpec } from "../source.ts";
import type { StumblingBlocks } from "../stumbling.ts";
import { type Sweep, Tally, type Visit } from "../visit.ts";
import { parseSizeLine, parseUidLine } from "../../wire/pop3/client.ts";
import type { Pop3Connection } from "./connection.ts";

/** How many commands are on their way at once, where the server can (RFC 2449 section 6.6). */
const PIPELINE = 16;
const FETCHED = "uid ";
const REFUSED = "refused";
/** There as long as messages with new ids may be old acquaintances. */
const RECOUNT = "recount";

interface Listed {
  readonly number: number;
  readonly uid: string;
  readonly size: number;
}

interface VisitOptions {
  readonly spec: SourceSpec;
  readonly marks: Marks;
  readonly deps: RetrievalDeps;
  readonly blocks: StumblingBlocks;
}

/**
 * A POP3 maildrop. A mark for each message that was fetched, under its unique id, as long as the message is there; deletions
 * are asked for when the marks are in the store, and take effect at QUIT (RFC 1939 section 6).
 */
export class Pop3Visit implements Visit {
  readonly canIdle = false;
  readonly #connection: Pop3Connection;
  readonly #options: VisitOptions;
  readonly #handOver: HandOver;

  constructor(connection: Pop3Connection, options: VisitOptions) {
    const { conn } = connection;
    const { spec } = options;
    this.#connection = connection;
    this.#options = options;
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
    const { marks, deps, blocks } = this.#options;
    const { messages, messagesPerRound } = deps.settings.current;
    const listed = await this.#list(messages);
    const marked = await marks.withPrefix(FETCHED, messages * 2);
    const isRecount = await this.#isRecount(listed, marked);
    const fresh = blocks.order(listed.filter(({ uid }) => !marked.has(uid)), ({ uid }) => uid);
    const tally = new Tally();
    let tries = 0;
    for (const message of fresh) {
      if (tries >= messagesPerRound) break;
      if (blocks.rests(message.uid) || !await this.#handOver.hasRoom(message)) tally.left++;
      else {
        tries++;
        const value = await this.#fetch(message, { tally, isRecount });
        marked.set(message.uid, value);
      }
    }
    tally.deleted = await this.#deleteDue(listed, marked);
    await this.#quit();
    // Only now it is sure that they are gone.
    const there = new Set(listed.map(({ uid }) => uid));
    await marks.remove([...marked.keys()].filter((uid) => !there.has(uid)).map((uid) => FETCHED + uid));
    const more = tries >= messagesPerRound;
    if (isRecount && !more) await marks.remove([RECOUNT]);
    return tally.sweep(more);
  }

  /** None of the ids is one that we know: the server has changed them all. */
  async #isRecount(listed: readonly Listed[], marked: ReadonlyMap<string, string>): Promise<boolean> {
    const { marks } = this.#options;
    if (await marks.get(RECOUNT) !== null) return true;
    if (marked.size === 0 || listed.length === 0 || listed.some(({ uid }) => marked.has(uid))) return false;
    await marks.put(marks.mark(RECOUNT, ""));
    return true;
  }

  async idle(): Promise<void> {}

  abandon(): void {
    this.#connection.close();
  }

  async leave(): Promise<void> {
    this.#connection.close();
  }

  async #list(limit: number): Promise<Listed[]> {
    const connection = this.#connection;
    const uids = new Map<number, string>();
    const answer = await connection.command("UIDL");
    if (answer.kind !== "ok") {
      throw trouble(
        `${this.#options.spec.host} gives its messages no ids (UIDL), without which none is fetched`,
      );
    }
    await connection.lines(limit, (line) => {
      const { number, uid } = parseUidLine(line);
      uids.set(number, uid);
    });
    if (uids.size === 0) return [];
    const sizes = await connection.command("LIST");
    if (sizes.kind !== "ok") throw trouble(`It refuses LIST: ${sizes.text}`);
    const listed: Listed[] = [];
    await connection.lines(limit, (line) => {
      const { number, size } = parseSizeLine(line);
      const uid = uids.get(number);
      if (uid !== undefined) listed.push({ number, uid, size });
    });
    return listed;
  }

  /** What its mark says. */
  async #fetch(
    { number, uid, size }: Listed,
    { tally, isRecount }: { readonly tally: Tally; readonly isRecount: boolean },
  ): Promise<string> {
    const { marks, deps, blocks } = this.#options;
    const answer = await this.#connection.command("RETR", String(number));
    if (answer.kind !== "ok") throw trouble(`It refuses to give message ${number}: ${answer.text}`);
    const value = String(deps.clock.now());
    const item = {
      uid,
      size,
      isRecount,
      marks: [marks.mark(FETCHED + uid, value)],
      refusedMarks: [marks.mark(FETCHED + uid, REFUSED)],
    };
    // The dots and a last line end come on top of what LIST says.
    const limit = deps.messageSize.current + 64 * 1024;
    blocks.approach(uid);
    const result = await this.#handOver.take(item, this.#connection.body(limit));
    blocks.passed(uid);
    tally.add(result);
    return result === "refused" ? REFUSED : value;
  }

  async #deleteDue(listed: readonly Listed[], marked: ReadonlyMap<string, string>): Promise<number> {
    const due = listed.filter(({ uid }) => this.#isDue(marked.get(uid)));
    const connection = this.#connection;
    const window = connection.capabilities.pipelining ? PIPELINE : 1;
    let deleted = 0;
    for (let at = 0; at < due.length; at += window) {
      const batch = due.slice(at, at + window);
      for (const { number } of batch) await connection.send("DELE", String(number));
      for (const _ of batch) if ((await connection.status("The answer to DELE")).kind === "ok") deleted++;
    }
    return deleted;
  }

  /** Never what was refused, and never what is not marked. */
  #isDue(mark: string | undefined): boolean {
    const { spec: { keep }, deps } = this.#options;
    if (keep.kind === "leave" || mark === undefined || mark === REFUSED) return false;
    const fetchedAt = Number(mark);
    return keep.kind === "delete" || deps.clock.now() >= fetchedAt + keep.ms;
  }

  async #quit(): Promise<void> {
    const answer = await this.#connection.command("QUIT");
    if (answer.kind !== "ok") throw trouble(`It could not delete what was fetched: ${answer.text}`);
  }
}
