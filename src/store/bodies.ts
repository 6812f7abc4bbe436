/** Collects the bytes of one message. Small ones wait in memory, large ones go to the store as they come. */
export interface BodyStage {
  readonly size: number;
  /** Takes over the bytes. Await it: it is how a fast sender is slowed down to the disk. */
  write(chunk: Uint8Array): Promise<void>;
  /** What was written so far, or a part of it, for those who must look before they decide; not after `seal`. */
  read(range: ByteRange): Promise<Uint8Array>;
  /** Ends the collection. `prefix` is put before everything (Return-Path, Received, later DKIM-Signature). */
  seal(prefix?: Uint8Array): StagedBody;
  /** Gives the bytes up. Safe at any time, also after `seal`; without effect once the body was accepted or appended. */
  discard(): void;
}

/** A complete body that no mailbox and no queue entry holds yet; good for one `accept` or `append`. */
export interface StagedBody {
  readonly size: number;
}

export interface ByteRange {
  readonly start: number;
  /** One past the last byte. */
  readonly end: number;
}

export interface BodyStore {
  stage(): BodyStage;
  /** The bytes of a body, or of a part of it, in pieces of at most 64 KiB. Throws when there is no such body. */
  read(bodyId: number, range?: ByteRange): AsyncIterable<Uint8Array>;
  /**
   * Many small parts of bodies at once, each of at most 64 KiB, in this order; null for one that could not be read: `read` says
   * why. With `pick` the parts are headers, each of at most 256 KiB, and of each only the fields are wanted.
   */
  readMany(reads: readonly BodyPart[], pick?: HeaderPick | null): Promise<readonly (Uint8Array | null)[]>;
}

export interface BodyPart {
  readonly bodyId: number;
  readonly range: ByteRange;
}

/** Fields of a header (RFC 3501 section 6.4.5), or all but these. */
export interface HeaderPick {
  readonly fields: readonly string[];
  readonly mode: "only" | "not";
}
