/**
 * The remote courier: SMTP to the hosts that DNS names for a domain, or to a smarthost.
 *
 * - `deliver.ts` chooses the way (`routes.ts`, `fallback.ts`); `mx.ts` finds the hosts, `targets.ts` their addresses; `policy/` says
 *   how good their TLS must be; `host.ts` gets a connection that is good enough (`dial.ts`, `open_peer.ts`), `transaction.ts` sends one
 *   message on it, `pool.ts` keeps it for the next one; `attempt.ts` puts these together.
 * - Every reply is kept as the other server gave it. What we found ourselves has `host` null; with 4.4.x it means that no host of the
 *   destination could be talked to, and the queue leaves the whole destination alone for a while.
 * - Unless a policy asks for more, TLS is used wherever it is offered, without a check of the certificate; where the handshake fails
 *   the message goes in clear on a new connection, and the log says so. To a relay with a password the certificate must be good, always.
 * - A kept connection is held against the policy of each message that would take it.
 * - Once the final dot is out and no reply came, no other host is asked: late is better than twice.
 *
 * @module
 */
import type { Courier } from "../../queue/courier.ts";
import { deliverRemotely } from "./deliver.ts";
import type { RemoteCourierDeps } from "./deps.ts";
import { destinationOf } from "./destination.ts";
import { makeParts } from "./parts.ts";

export type { RemoteCourierDeps } from "./deps.ts";
export {
  defaultRemoteSettings,
  type RelaySettings,
  type RemoteSettings,
  type RouteRule,
} from "./settings.ts";

export interface RemoteCourier extends Courier {
  /** Says goodbye on all idle connections. */
  close(): void;
}

export function makeRemoteCourier(deps: RemoteCourierDeps): RemoteCourier {
  const parts = makeParts(deps);
  return {
    deliver: (attempt, signal) => deliverRemotely(attempt, parts, signal),
    destinationOf: (domain) => destinationOf(domain, deps),
    close: () => parts.close(),
  };
}
