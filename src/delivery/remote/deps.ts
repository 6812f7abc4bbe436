import type { Clock, Live, Log, Metrics, Random, Resolver } from "../../core/ports.ts";
import type { connect } from "../../net/connect.ts";
import type { FetchText } from "../../net/fetch_text.ts";
import type { FactStore } from "../../store/mod.ts";
import type { RemoteSettings } from "./settings.ts";

export interface RemoteCourierDeps {
  readonly resolver: Resolver;
  readonly connect: typeof connect;
  /** For MTA-STS policies. */
  readonly fetchText: FetchText;
  /** What is to be remembered of domains: their policies, the TLS they had, that they refuse us. */
  readonly facts: FactStore;
  /** The name we give in EHLO. */
  readonly hostname: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly settings: Live<RemoteSettings>;
  /** Whether an address and port is one of our own SMTP listeners: mail sent there would come straight back. */
  readonly isOwnListener: (host: string, port: number) => boolean;
}
