/**
 * Free ports for programs that a test starts. They are taken from below the kernel's ephemeral range, so that no
 * outgoing connection can grab one between the moment it is found free and the moment the program binds it.
 */

const LOWEST = 10000;
const HIGHEST = 32000;

/** A port that nobody listens on at any of the addresses, just now. */
export function freePort(...hosts: readonly string[]): number {
  const addresses = hosts.length === 0 ? ["127.0.0.1"] : hosts;
  for (let attempt = 0; attempt < 1000; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (addresses.every((hostname) => isFree(hostname, port))) return port;
  }
  throw new Error(`No free port between ${LOWEST} and ${HIGHEST} on ${addresses.join(", ")}`);
}

/** Different free ports of one address. */
export function freePorts(count: number, host = "127.0.0.1"): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(freePort(host));
  return [...ports];
}

/**
 * A loopback address that other tests most likely do not use: 127.0.0.0/8 is all loopback on Linux. Several servers
 * can then listen on the same port, as mail exchangers must.
 */
export function loopbackAddress(): string {
  const part = () => 1 + Math.floor(Math.random() * 253);
  return `127.${part()}.${part()}.${part()}`;
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
