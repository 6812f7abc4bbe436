import { type Address, addressKey, type ReversePath } from "../core/address.ts";
import { type Reply, reply } from "../core/reply.ts";
import type { Directory, Target } from "./directory.ts";
import { followForwards } from "./follow_forwards.ts";
import type { Srs } from "./srs.ts";

/** What is done for one recipient of the envelope. */
export type Route =
  | DeliverRoute
  | { readonly kind: "refuse"; readonly reply: Reply };

export interface DeliverRoute {
  readonly kind: "deliver";
  readonly accounts: readonly string[];
  readonly remote: readonly Address[];
  /** For each of `remote` who of ours forwards to it, an account or an alias; null when the sender named it. */
  readonly remoteBy: readonly (string | null)[];
  /** By account, the detail under which it is reached (RFC 5233); missing for none. */
  readonly details: ReadonlyMap<string, string>;
}

/** The routes of all recipients, and their ends with every account and every outside address once. */
export interface Plan {
  readonly routes: readonly { readonly recipient: Address; readonly route: Route }[];
  readonly accounts: readonly string[];
  readonly remote: readonly Address[];
  /** For each of `remote` its recipient in the envelope, as an index: what the sender wishes hangs on that one. */
  readonly remoteFrom: readonly number[];
  /** For each of `remote`, as in its route. */
  readonly remoteBy: readonly (string | null)[];
  readonly details: ReadonlyMap<string, string>;
}

export interface Routing {
  readonly directory: Directory;
  /** The name of this server: its postmaster is ours too, whether or not the name is a domain with accounts. */
  readonly hostname: string;
  /** The envelope's; null for a report. */
  readonly sender: ReversePath;
  /** True for our users and for what we made ourselves. */
  readonly mayRelay: boolean;
  /** The address came with a source route. */
  readonly routed?: boolean;
  /** Without it no bounces come back to forwarded mail. */
  readonly srs?: { readonly scheme: Srs; readonly days: number };
  /** Accounts and aliases that have forwarded this message before, in lower case (Delivered-To). */
  readonly visited?: ReadonlySet<string>;
  /** Spam is never sent on. */
  readonly spam?: boolean;
}

const NO_ROUTES = "Relaying denied: this server follows no routes in addresses; write to user@domain";

/** Where mail for an address goes. */
export function routeRecipient(recipient: Address, routing: Routing): Route {
  const { directory, hostname, mayRelay, routed = false } = routing;
  // RFC 5321 section 3.6.1: the route to a mailbox here is of no account, and nobody is sent on along one.
  const isOurs = directory.ownsDomain(recipient.domain);
  if (routed && mayRelay && !isOurs) return { kind: "refuse", reply: reply(550, "5.7.1", NO_ROUTES) };
  const returned = isOurs || recipient.domain === hostname.toLowerCase()
    ? routeReturn(recipient, routing)
    : null;
  if (returned !== null) return returned;
  // `user%elsewhere@here` and `elsewhere!user@here` once meant: send it on. Here they are names like any other, which an
  // account or alias must bear; no catch-all takes them.
  if (isOurs && /[%!]/.test(recipient.local) && !directory.hasName(recipient)) {
    return { kind: "refuse", reply: reply(550, "5.7.1", NO_ROUTES) };
  }
  const known = directory.ownsDomain(recipient.domain) || !isOurPostmaster(recipient, hostname);
  const found = directory.resolve(known ? recipient : { ...recipient, domain: "" });
  switch (found.kind) {
    case "found":
      return routeTarget(recipient, found, routing);
    case "unknown-user":
      return { kind: "refuse", reply: reply(550, "5.1.1", "No such user here") };
    case "not-ours":
      if (mayRelay) return direct(recipient);
      // RFC 5321 section 7.9
      return {
        kind: "refuse",
        reply: reply(550, "5.7.1", "Relaying denied: this server takes mail for its own domains only"),
      };
  }
}

/** A name of ours: the forwards of its accounts are followed, unless the message has been there before. */
function routeTarget(recipient: Address, target: Target, routing: Routing): Route {
  const { directory, visited, spam = false } = routing;
  const alias = addressKey(recipient);
  const stays = (name: string) => spam || (visited?.has(name) ?? false);
  const ends = followForwards(target, { directory, stays });
  const remote = ends.remote.filter(({ by }) => by !== null || !stays(alias));
  if (ends.accounts.length > 0 || remote.length > 0) {
    return {
      kind: "deliver",
      accounts: ends.accounts,
      remote: remote.map(({ address }) => address),
      remoteBy: remote.map(({ by }) => by ?? alias),
      details: ends.details,
    };
  }
  if (spam) return { kind: "refuse", reply: reply(550, "5.7.1", "Messages of this kind are not forwarded") };
  // RFC 5321 section 6.3
  const text = "Mail loop: this message has been forwarded from here before";
  return { kind: "refuse", reply: reply(554, "5.4.6", text) };
}

/**
 * A bounce of what we forwarded goes back to its sender; null for other addresses, and names of ours that look like one. Whoever
 * reads a message that we forwarded knows such an address, of a sender that may be made up: so it takes nothing but reports
 * (RFC 5321 section 4.5.5), or anybody could send anything through us to whom they like.
 */
function routeReturn(recipient: Address, routing: Routing): Route | null {
  const { directory, srs, sender } = routing;
  const found = srs === undefined || directory.hasName(recipient)
    ? null
    : srs.scheme.reverse(recipient, srs.days);
  if (found === null) return null;
  if (found.kind !== "valid") return { kind: "refuse", reply: reply(550, "5.1.1", NO_RETURN[found.kind]) };
  if (sender !== null) {
    const text =
      "This return address takes reports only, from the null sender: write to the author's own address";
    return { kind: "refuse", reply: reply(550, "5.7.1", text) };
  }
  // It may be one of ours, if its domain has become ours since. Each turn is shorter than the one before.
  return routeRecipient(found.address, { ...routing, mayRelay: true, routed: false });
}

const NO_RETURN = {
  expired: "This return address has expired",
  forged: "No such user here: this is not a return address that we gave out",
};

function direct(address: Address): Route {
  return { kind: "deliver", accounts: [], remote: [address], remoteBy: [null], details: new Map() };
}

export function planRecipients(recipients: readonly Address[], routing: Routing): Plan {
  const accounts = new Set<string>();
  const details = new Map<string, string>();
  const remote = new Map<
    string,
    { readonly address: Address; readonly from: number; readonly by: string | null }
  >();
  const routes = recipients.map((recipient, from) => {
    const route = routeRecipient(recipient, routing);
    if (route.kind === "deliver") {
      for (const account of route.accounts) {
        const detail = route.details.get(account);
        if (!accounts.has(account) && detail !== undefined) details.set(account, detail);
        accounts.add(account);
      }
      for (const [place, address] of route.remote.entries()) {
        const by = route.remoteBy[place]!;
        const known = remote.get(remoteKey(address));
        // Named by the sender, rather than reached by an alias: then it is that recipient's wish that counts.
        if (known === undefined || isSame(address, recipient)) {
          remote.set(remoteKey(address), { address, from, by });
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
    remoteBy: ends.map(({ by }) => by),
    details,
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
