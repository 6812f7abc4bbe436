/** The other side cannot be fetched from now; `message` says why in plain words, and may be shown to the account's owner. */
export class RetrievalError extends Error {
  override readonly name = "RetrievalError";
  /** `refused`: the password or token; `secret`: there is none; `trouble`: anything that may be better next time. */
  readonly kind: "refused" | "secret" | "trouble";

  constructor(kind: RetrievalError["kind"], message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}

/** One folder cannot be opened; the connection goes on. */
export class FolderError extends RetrievalError {}

/** One message could not be fetched; the connection is of no further use, but the next message may be better. */
export class MessageError extends Error {
  override readonly name = "MessageError";
}

/** One message cannot be had, or is gone; the connection goes on. */
export class MessageGoneError extends Error {
  override readonly name = "MessageGoneError";
}

export function trouble(message: string, cause?: unknown): RetrievalError {
  return new RetrievalError("trouble", message, { cause });
}
