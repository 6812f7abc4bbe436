import { isIP } from "node:net";
import { DnsError } from "../core/errors.ts";
import { makeId } from "../core/id.ts";
import type { DnsAnswer } from "../core/ports.ts";
import type { ClientConn } from "../net/connect.ts";
import { Networks } from "../net/networks.ts";
import { type ClientTrust, makeClientTrust } from "../net/tls/trust.ts";
import { isLoopback, isPublic } from "./address_guard.ts";
import type { DialDeps } from "./deps.ts";
import { trouble } from "./errors.ts";

export interface Destination {
  readonly host: string;
  readonly port: number;
  readonly allowNetworks: readonly string[];
  /** Only to this machine itself: for connections without TLS. */
  readonly loopbackOnly: boolean;
  readonly signal: AbortSignal;
}

/** How many addresses of a host are tried. */
const MAX_ADDRESSES = 6;

/**
 * Connects to a host of the public Internet. Each address is looked at after it was resolved, and it is that address which is
 * connected to, so a name that leads to our own network today leads nowhere (CWE-918). Throws `RetrievalError`.
 */
export async function dial(destination: Destination, deps: DialDeps): Promise<ClientConn> {
  const { host, port, signal } = destination;
  const addresses = permitted(await addressesOf(host, deps, signal), destination);
  let last: unknown = null;
  for (const address of addresses.slice(0, MAX_ADDRESSES)) {
    if (signal.aborted) break;
    try {
      return await deps.connect({
        host: address,
        port,
        timeoutMs: deps.settings.current.connectTimeoutMs,
        writeTimeoutMs: deps.settings.current.commandTimeoutMs,
        id: makeId(deps.clock, deps.random),
        signal,
      });
    } catch (error) {
      last = error;
    }
  }
  throw trouble(
    `${host} cannot be reached: ${last instanceof Error ? last.message : "it was given up"}`,
    last,
  );
}

function permitted(
  addresses: readonly string[],
  { host, allowNetworks, loopbackOnly }: Destination,
): readonly string[] {
  if (addresses.length === 0) throw trouble(`${host} has no address; check the host's name`);
  if (loopbackOnly) {
    const own = addresses.filter(isLoopback);
    if (own.length > 0) return own;
    throw trouble(`${host} is not this machine, and without TLS mail is fetched from this machine only`);
  }
  const allowed = new Networks(allowNetworks);
  const good = addresses.filter((address) => isPublic(address) || allowed.has(address));
  if (good.length > 0) return good;
  throw trouble(
    `${host} leads to ${addresses[0]}, which is not on the public Internet; ` +
      "name its network under allow_networks if this is meant",
  );
}

async function addressesOf(host: string, deps: DialDeps, signal: AbortSignal): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const answers = await Promise.all([
    ask(deps.resolver.a(host, signal)),
    ask(deps.resolver.aaaa(host, signal)),
  ]);
  const found = answers.flatMap((answer) => answer instanceof DnsError ? [] : answer.records);
  const failed = answers.find((answer) => answer instanceof DnsError);
  if (found.length === 0 && failed !== undefined) {
    throw trouble(`The address of ${host} cannot be found out: ${failed.message}`, failed);
  }
  return found;
}

async function ask(asked: Promise<DnsAnswer<string>>): Promise<DnsAnswer<string> | DnsError> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof DnsError) return error;
    throw error;
  }
}

/** Begins TLS; the certificate must be valid for the host. Throws `RetrievalError`. */
export async function encrypt(conn: ClientConn, host: string, deps: DialDeps): Promise<void> {
  try {
    await conn.startClientTls({
      servername: host,
      verify: true,
      timeoutMs: deps.settings.current.connectTimeoutMs,
      trust: trustOf(deps),
    });
  } catch (error) {
    throw trouble(`TLS with ${host} failed: ${error instanceof Error ? error.message : error}`, error);
  }
}

function trustOf({ authorities }: DialDeps): ClientTrust {
  return makeClientTrust(authorities.current);
}
