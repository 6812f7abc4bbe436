import type { SpacedFact } from "../../store/mod.ts";
import type { Marks } from "../marks.ts";

/** How many messages may be left behind in one folder (too large, broken) before it is not gone further. */
export const MAX_OPEN = 1000;

/**
 * How far a folder was fetched. UIDs only grow (RFC 3501 section 2.3.1.1), so one number says it for all messages, but for those
 * few that were passed over.
 */
export interface FolderState {
  readonly validity: number;
  /** All below were fetched, but for `open`. */
  readonly next: number;
  readonly open: readonly number[];
  /** Messages below came with a new UIDVALIDITY: they may have been fetched under their old numbers. */
  readonly recountBelow: number;
}

/** What is remembered of one folder. */
export class FolderMarks {
  readonly #marks: Marks;
  readonly #key: string;
  readonly #duePrefix: string;

  /** `wireName` is the folder's name as the server writes it. */
  constructor(marks: Marks, wireName: string) {
    // In quotes, so that no folder's key is the beginning of another's.
    const quoted = JSON.stringify(wireName);
    this.#marks = marks;
    this.#key = `folder ${quoted}`;
    this.#duePrefix = `due ${quoted} `;
  }

  async load(): Promise<FolderState | null> {
    const value = await this.#marks.get(this.#key);
    return value === null ? null : JSON.parse(value) as FolderState;
  }

  state(state: FolderState): SpacedFact {
    return this.#marks.mark(this.#key, JSON.stringify(state));
  }

  /** That a message was fetched, and when: so long as it is to be deleted there. */
  due(uid: number, validity: number, fetchedAt: number): SpacedFact {
    return this.#marks.mark(`${this.#duePrefix}${uid}`, `${validity} ${fetchedAt}`);
  }

  /** The UIDs that were fetched before that time and not deleted yet. Marks of another UIDVALIDITY are forgotten. */
  async dueUids(validity: number, fetchedBefore: number, limit: number): Promise<number[]> {
    const uids: number[] = [];
    const stale: number[] = [];
    for (const [uid, value] of await this.#marks.withPrefix(this.#duePrefix, limit)) {
      const [itsValidity, fetchedAt] = value.split(" ").map(Number);
      if (itsValidity !== validity) stale.push(Number(uid));
      else if (fetchedAt! <= fetchedBefore) uids.push(Number(uid));
    }
    await this.forget(stale);
    return uids.sort((a, b) => a - b);
  }

  async forget(uids: readonly number[]): Promise<void> {
    await this.#marks.remove(uids.map((uid) => `${this.#duePrefix}${uid}`));
  }
}

/** The state when a message is done with. */
export function past(state: FolderState, uid: number): FolderState {
  return {
    ...state,
    next: Math.max(state.next, uid + 1),
    open: state.open.includes(uid) ? state.open.filter((other) => other !== uid) : state.open,
  };
}

/** The state when a message is passed over for now; null when too many were. */
export function passedOver(state: FolderState, uid: number): FolderState | null {
  if (state.open.includes(uid)) return state;
  if (state.open.length >= MAX_OPEN) return null;
  return { ...state, next: Math.max(state.next, uid + 1), open: [...state.open, uid] };
}
