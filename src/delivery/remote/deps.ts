import type { Clock, Live, Log, Metrics, Random, Resolver } from "../../core/ports.ts";
import type { connect } from "../../net/connect.ts";
import type { RemoteSettings } from "./settings.ts";

export interface RemoteCourierDeps {
  readonly resolver: Resolver;
  readonly connect: typeof connect;
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
