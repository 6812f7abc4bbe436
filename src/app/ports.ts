import { dirname } from "node:path";
import type { Endpoint } from "../core/ports.ts";

export type PortState = "free" | "taken" | "denied" | "no-such-address" | "no-such-folder";

/** Whether we could listen there, found out by doing it for a moment. */
export function probePort({ host, port, path }: Endpoint): PortState {
  // A socket that is left over there is taken away at the start (net/listen_unix.ts).
  if (path !== undefined) return isFolder(dirname(path)) ? "free" : "no-such-folder";
  if (host !== "") return probe(host, port);
  const both = probe("::", port);
  return both === "no-such-address" ? probe("0.0.0.0", port) : both;
}

function probe(hostname: string, port: number): PortState {
  try {
    Deno.listen({ hostname, port }).close();
    return "free";
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return "taken";
    if (error instanceof Deno.errors.PermissionDenied) return "denied";
    return "no-such-address";
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** The first free port after this one on the same address, leaving out those already spoken for; null when none is near. */
export function nextFreePort({ host, port }: Endpoint, reserved: ReadonlySet<number>): number | null {
  for (let next = port + 1; next <= Math.min(port + 1000, 65535); next++) {
    if (!reserved.has(next) && probePort({ host, port: next }) === "free") return next;
  }
  return null;
}
