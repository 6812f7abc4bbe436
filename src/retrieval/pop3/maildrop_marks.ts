import type { Marks } from "../marks.ts";
import type { SpacedFact } from "../../store/mod.ts";

const PREFIX = "uid ";
const REFUSED = "refused";
/** There as long as messages with new ids may be old acquaintances. */
const RECOUNT = "recount";
/** So long the id of a message that has gone is kept: a list may be empty, or half, only because the server is in trouble. */
const KEPT_MS = 30 * 86_400_000;

interface Mark {
  /** When it was fetched; null for what the door has refused. */
  readonly fetchedAt: number | null;
  /** Since when it is not in the list any more; null while it is. */
  readonly goneAt: number | null;
}

/** What is remembered of a maildrop: a mark for each message that was fetched, under its unique id. */
export class MaildropMarks {
  readonly #marks: Marks;
  readonly #now: () => number;
  #known = new Map<string, Mark>();

  constructor(marks: Marks, now: () => number) {
    this.#marks = marks;
    this.#now = now;
  }

  async load(limit: number): Promise<void> {
    const values = await this.#marks.withPrefix(PREFIX, limit);
    this.#known = new Map([...values].map(([uid, value]) => [uid, parseMark(value)]));
  }

  has(uid: string): boolean {
    return this.#known.has(uid);
  }

  /** When it was fetched; null for what was not, or is not to be deleted there. */
  fetchedAt(uid: string): number | null {
    return this.#known.get(uid)?.fetchedAt ?? null;
  }

  /** The fact that goes into the commit of a message. */
  fetched(uid: string, at: number): SpacedFact {
    return this.#fact(uid, { fetchedAt: at, goneAt: null });
  }

  refused(uid: string): SpacedFact {
    return this.#fact(uid, { fetchedAt: null, goneAt: null });
  }

  /** That fact is in the store now. */
  note({ key, value }: SpacedFact): void {
    this.#known.set(key.slice(PREFIX.length), parseMark(value));
  }

  /**
   * Whether the server has given all its messages new ids: none is known, though some of those that are were to stay there
   * (`isDue` tells those that we have deleted).
   */
  async isRecount(uids: readonly string[], isDue: (fetchedAt: number) => boolean): Promise<boolean> {
    if (await this.#marks.get(RECOUNT) !== null) return true;
    const stay = [...this.#known.values()].some(({ fetchedAt, goneAt }) =>
      goneAt === null && !(fetchedAt !== null && isDue(fetchedAt))
    );
    if (!stay || uids.length === 0 || uids.some((uid) => this.#known.has(uid))) return false;
    await this.#marks.put(this.#marks.mark(RECOUNT, ""));
    return true;
  }

  async endRecount(): Promise<void> {
    await this.#marks.remove([RECOUNT]);
  }

  /** Forgets what we have deleted there and what has gone for long; notes what has gone, and what has come back. */
  async settle(uids: readonly string[], isDue: (fetchedAt: number) => boolean): Promise<void> {
    const there = new Set(uids);
    const forgotten: string[] = [];
    const changed: SpacedFact[] = [];
    for (const [uid, { fetchedAt, goneAt }] of this.#known) {
      if (there.has(uid)) {
        if (goneAt !== null) changed.push(this.#fact(uid, { fetchedAt, goneAt: null }));
      } else if (goneAt === null && !(fetchedAt !== null && isDue(fetchedAt))) {
        changed.push(this.#fact(uid, { fetchedAt, goneAt: this.#now() }));
      } else if (goneAt === null || this.#now() >= goneAt + KEPT_MS) {
        forgotten.push(PREFIX + uid);
      }
    }
    await this.#marks.put(...changed);
    await this.#marks.remove(forgotten);
  }

  #fact(uid: string, { fetchedAt, goneAt }: Mark): SpacedFact {
    const value = fetchedAt === null ? REFUSED : String(fetchedAt);
    return this.#marks.mark(PREFIX + uid, goneAt === null ? value : `${value} ${goneAt}`);
  }
}

function parseMark(text: string): Mark {
  const [fetched, gone] = text.split(" ");
  return {
    fetchedAt: fetched === REFUSED ? null : Number(fetched),
    goneAt: gone === undefined ? null : Number(gone),
  };
}
