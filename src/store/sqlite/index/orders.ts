/** What the main thread and the indexer say to each other. */
import type { PackedError } from "../protocol.ts";

export interface IndexerSettings {
  /** The index's file. */
  readonly indexPath: string;
  /** By which readers know that the file was checked in this run. */
  readonly token: string;
  /** Characters of one message that go in. */
  readonly maxText: number;
  /** Whether the whole file is read first. */
  readonly check: boolean;
}

export type IndexOrder =
  /** Takes so many bodies in, at most. */
  | { readonly order: number; readonly kind: "batch"; readonly most: number }
  /** Throws the index away and begins anew. */
  | { readonly order: number; readonly kind: "rebuild" }
  /** Reads the whole file. */
  | { readonly order: number; readonly kind: "check" };

export interface IndexProgress {
  readonly mark: number;
  readonly indexed: number;
  /** Ids behind the mark. */
  readonly behind: number;
  readonly bytes: number;
  /** There is more to do at once. */
  readonly hasMore: boolean;
  /** Why the index was begun anew, when it was. */
  readonly rebuilt: string | null;
}

export type IndexReply =
  | { readonly order: number; readonly ok: true; readonly progress: IndexProgress }
  | { readonly order: number; readonly ok: false; readonly error: PackedError };
