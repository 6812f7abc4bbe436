import { isLoopback } from "../core/loopback.ts";
import type { Listener } from "../net/listen.ts";

/** Where this server itself takes mail: an exchanger that is one of these would send a letter round in a circle. */
export class OwnListeners {
  readonly #ports = new Set<number>();
  readonly #endpoints = new Set<string>();

  add(listeners: readonly { readonly name: string; readonly listener: Listener }[]): void {
    for (const { name, listener: { endpoint } } of listeners) {
      if (name !== "smtp") continue;
      if (isAnyHost(endpoint.host)) this.#ports.add(endpoint.port);
      else this.#endpoints.add(key(endpoint.host, endpoint.port));
    }
  }

  /** `host` is an address. A listener on every address of the machine is met on those we can know: its own interfaces. */
  has(host: string, port: number): boolean {
    if (this.#endpoints.has(key(host, port))) return true;
    return this.#ports.has(port) && (isLoopback(host) || interfaceAddresses().has(host));
  }
}

function key(host: string, port: number): string {
  return `${host.toLowerCase()} ${port}`;
}

function isAnyHost(host: string): boolean {
  return host === "" || host === "::" || host === "0.0.0.0";
}

/** Read each time, since an address may come and go; it is asked once per host of an attempt. */
function interfaceAddresses(): Set<string> {
  return new Set(Deno.networkInterfaces().map(({ address }) => address));
}
