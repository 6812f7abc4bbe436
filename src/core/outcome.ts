import type { Address } from "./address.ts";
import type { Reply } from "./reply.ts";

/**
 * What became of one recipient.
 * - `stored`: it is in a local mailbox; `queued`: it is durably in our queue; `relayed`: another host took it;
 * - `deferred`: not now (4xx), try again; `failed`: never (5xx).
 */
export interface Outcome {
  readonly recipient: Address;
  readonly kind: "stored" | "queued" | "relayed" | "deferred" | "failed";
  /** What we, or the remote host, said; for `stored` and `queued` what the client is told. */
  readonly reply: Reply;
  /** The host that said it, as `name [address]`; null when it was us. */
  readonly host: string | null;
  /** For `relayed`: the host offers DSN and was told what the sender asked for, so that reporting is its business now. */
  readonly dsnPassedOn?: boolean;
}
