import { formatAddress } from "../../core/address.ts";
import type { Arguments } from "./arguments.ts";
import type { Machine } from "./machine.ts";

/** An address in two parts. */
export interface AddressParts {
  readonly local: string;
  readonly domain: string;
  /** It is no address: then only all of it may match, and no part (RFC 5228 section 2.7.4). */
  readonly isWrong?: boolean;
}

/** The part of an address that a test looks at; null when this address has no such part, so that nothing matches. */
export type AddressPart = (address: AddressParts, machine: Machine) => string | null;

const PARTS: ReadonlyMap<string, AddressPart> = new Map<string, AddressPart>([
  ["localpart", ({ local }) => local],
  ["domain", ({ domain }) => domain],
  ["all", (address) => {
    const hasParts = address.domain !== "" && address.isWrong !== true;
    return hasParts ? formatAddress(address) : address.local;
  }],
]);

/** RFC 5233 section 4. */
const SUBADDRESS_PARTS: ReadonlyMap<string, AddressPart> = new Map<string, AddressPart>([
  ["user", (address, machine) => address.local.slice(0, separatorAt(address, machine) ?? undefined)],
  ["detail", (address, machine) => {
    const at = separatorAt(address, machine);
    return at === null ? null : address.local.slice(at + 1);
  }],
]);

/** A separator at the very start divides nothing, as in the rest of the server. */
function separatorAt({ local, domain }: AddressParts, { input }: Machine): number | null {
  const separator = input.separatorOf(domain);
  const at = separator === null ? -1 : local.indexOf(separator, 1);
  return at < 0 ? null : at;
}

/** Takes the part (RFC 5228 section 2.7.4); the whole address when none is named. */
export function takeAddressPart(args: Arguments): AddressPart {
  const found: AddressPart[] = [];
  for (const [tag, part] of PARTS) if (args.flag(tag)) found.push(part);
  for (const [tag, part] of SUBADDRESS_PARTS) {
    if (args.flag(tag, { requires: "subaddress" })) found.push(part);
  }
  if (found.length > 1) args.fail(`${args.name} has more than one part of an address`);
  const [part = PARTS.get("all")!] = found;
  if (part === PARTS.get("all")) return part;
  return (address, machine) => address.isWrong === true ? null : part(address, machine);
}

export function partsOf(
  addresses: readonly AddressParts[],
  { part, machine }: { readonly part: AddressPart; readonly machine: Machine },
): string[] {
  return addresses.map((address) => part(address, machine)).filter((text) => text !== null);
}
