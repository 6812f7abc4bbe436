import type { Address } from "../core/address.ts";
import type { Clock, Live, Log, Metrics, Random, Resolver, Submit, TlsInfo } from "../core/ports.ts";
import type { connect } from "../net/connect.ts";
import type { FactStore } from "../store/mod.ts";
import type { RetrievalSettings } from "./settings.ts";
import type { SourceSpec } from "./source.ts";

/** Asks whether a message of this size has room, before it is fetched. Throws `Refusal`, temporary while the mailbox is full. */
export type Admit = (
  recipient: Address,
  sender: null,
  visitor: {
    readonly sessionId: string;
    readonly address: string;
    readonly helo: string;
    readonly account: null;
    readonly tls: boolean;
    readonly declaredSize: number;
  },
) => Promise<void>;

export interface RetrievalDeps {
  readonly sources: Live<readonly SourceSpec[]>;
  readonly settings: Live<RetrievalSettings>;
  /** The largest message that is taken. */
  readonly messageSize: Live<number>;
  /** Authorities (PEM) to believe besides the well-known ones. */
  readonly authorities: Live<string | null>;
  readonly submit: Submit;
  readonly admit: Admit;
  readonly facts: FactStore;
  readonly resolver: Resolver;
  readonly connect: typeof connect;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What it takes to connect and to log in. */
export type DialDeps = Pick<
  RetrievalDeps,
  "settings" | "authorities" | "resolver" | "connect" | "clock" | "random"
>;

/** Who brings a message: the other side of an open connection. */
export interface Provider {
  readonly sessionId: string;
  readonly address: string;
  readonly host: string;
  readonly protocol: string;
  readonly tls: TlsInfo | null;
}
