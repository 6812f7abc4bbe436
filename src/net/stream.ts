import { ConnectionLostError } from "../core/errors.ts";

/**
 * The bare byte stream under a connection: no time limits, no states. One read and one write at a time. Errors of the
 * network are thrown as `ConnectionLostError`.
 */
export interface ByteStream {
  /** The next bytes, which then belong to the caller; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the kernel has taken the bytes. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that we will write no more; the other side may go on. Never rejects. */
  end(): Promise<void>;
  /** Lets go of everything at once; a pending read or write fails. Safe to call twice. */
  destroy(): void;
}

/** Brings what the runtime throws into the form the rooms above know. */
export function asConnectionLost(error: unknown): ConnectionLostError {
  if (error instanceof ConnectionLostError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ConnectionLostError(`The connection broke: ${text}`, { cause: error });
}
