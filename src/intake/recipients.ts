import { type Address, addressKey } from "../core/address.ts";
import { type Reply, reply } from "../core/reply.ts";
import type { Directory } from "./directory.ts";

/** What is done for one recipient of the envelope. */
export type Route =
  | { readonly kind: "deliver"; readonly accounts: readonly string[]; readonly remote: readonly Address[] }
  | { readonly kind: "refuse"; readonly reply: Reply };

/** The routes of all recipients, and their ends with every account and every outside address once. */
export interface Plan {
  readonly routes: readonly { readonly recipient: Address; readonly route: Route }[];
  readonly accounts: readonly string[];
  readonly remote: readonly Address[];
  /** For each of `remote` its recipient in the envelope, as an index: what the sender wishes hangs on that one. */
  readonly remoteFrom: readonly number[];
}

export interface Routing {
  readonly directory: Directory;
  /** The name of this server: its postmaster is ours too, whether or not the name is a domain with accounts. */
  readonly hostname: string;
  /** True for our users and for what we made ourselves. */
  readonly mayRelay: boolean;
  /** The address came with a source route. */
  readonly routed?: boolean;
}

const NO_ROUTES = "Relaying denied: this server follows no routes in addresses; write to user@domain";

/** Where mail for an address goes. */
export function routeRecipient(recipient: Address, routing: Routing): Route {
  const { directory, hostname, mayRelay, routed = false } = routing;
  // RFC 5321 section 3.6.1: the route to a mailbox here is of no account, and nobody is sent on along one.
  const isOurs = directory.ownsDomain(recipient.domain);
  if (routed && mayRelay && !isOurs) return { kind: "refuse", reply: reply(550, "5.7.1", NO_ROUTES) };
  // `user%elsewhere@here` and `elsewhere!user@here` once meant: send it on. Here they are names like any other, which an
  // account or alias must bear; no catch-all takes them.
  if (isOurs && /[%!]/.test(recipient.local) && !directory.hasName(recipient)) {
    return { kind: "refuse", reply: reply(550, "5.7.1", NO_ROUTES) };
  }
  const known = directory.ownsDomain(recipient.domain) || !isOurPostmaster(recipient, hostname);
  const found = directory.resolve(known ? recipient : { ...recipient, domain: "" });
  switch (found.kind) {
    case "found":
      return { kind: "deliver", accounts: found.accounts, remote: found.remote };
    case "unknown-user":
      return { kind: "refuse", reply: reply(550, "5.1.1", "No such user here") };
    case "not-ours":
      if (mayRelay) return { kind: "deliver", accounts: [], remote: [recipient] };
      // RFC 5321 section 7.9
      return {
        kind: "refuse",
        reply: reply(550, "5.7.1", "Relaying denied: this server takes mail for its own domains only"),
      };
  }
}

export function planRecipients(recipients: readonly Address[], routing: Routing): Plan {
  const accounts = new Set<string>();
  const remote = new Map<string, { readonly address: Address; readonly from: number }>();
  const routes = recipients.map((recipient, from) => {
    const route = routeRecipient(recipient, routing);
    if (route.kind === "deliver") {
      for (const account of route.accounts) accounts.add(account);
      for (const address of route.remote) {
        const known = remote.get(remoteKey(address));
        // Named by the sender, rather than reached by an alias: then it is that recipient's wish that counts.
        if (known === undefined || isSame(address, recipient)) {
          remote.set(remoteKey(address), { address, from });
        }
      }
    }
    return { recipient, route };
  });
  const ends = [...remote.values()];
  return {
    routes,
    accounts: [...accounts],
    remote: ends.map(({ address }) => address),
    remoteFrom: ends.map(({ from }) => from),
  };
}

function isSame(a: Address, b: Address): boolean {
  return remoteKey(a) === remoteKey(b);
}

/** The case of an outside local part is not ours to judge (RFC 5321 section 2.4), but that of its domain is known. */
export function remoteKey(address: Address): string {
  return `${address.local}@${addressKey({ local: "", domain: address.domain })}`;
}

/** RFC 5321 section 4.5.1; a session completes `<Postmaster>` with the name of the server. */
function isOurPostmaster({ local, domain }: Address, hostname: string): boolean {
  return local.toLowerCase() === "postmaster" && domain === hostname.toLowerCase();
}
