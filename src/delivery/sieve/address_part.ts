import type { Arguments } from "./arguments.ts";

/** An address in two parts; both may be empty. */
export interface AddressParts {
  readonly local: string;
  readonly domain: string;
}

/** The part of an address that a test looks at; null when this address has no such part, so that nothing matches. */
export type AddressPart = (address: AddressParts) => string | null;

/** What stands between user and detail (RFC 5233). */
const SEPARATOR = "+";

const PARTS: ReadonlyMap<string, AddressPart> = new Map<string, AddressPart>([
  ["localpart", ({ local }) => local],
  ["domain", ({ domain }) => domain],
  ["all", ({ local, domain }) => domain === "" ? local : `${local}@${domain}`],
]);

/** RFC 5233 section 4. */
const SUBADDRESS_PARTS: ReadonlyMap<string, AddressPart> = new Map<string, AddressPart>([
  ["user", ({ local }) => local.includes(SEPARATOR) ? local.slice(0, local.indexOf(SEPARATOR)) : local],
  ["detail", ({ local }) => local.includes(SEPARATOR) ? local.slice(local.indexOf(SEPARATOR) + 1) : null],
]);

/** Takes the part (RFC 5228 section 2.7.4); the whole address when none is named. */
export function takeAddressPart(args: Arguments): AddressPart {
  const found: AddressPart[] = [];
  for (const [tag, part] of PARTS) if (args.flag(tag)) found.push(part);
  for (const [tag, part] of SUBADDRESS_PARTS) {
    if (args.flag(tag, { requires: "subaddress" })) found.push(part);
  }
  if (found.length > 1) args.fail(`${args.name} has more than one part of an address`);
  return found[0] ?? PARTS.get("all")!;
}

export function partsOf(
  addresses: readonly AddressParts[],
  part: AddressPart,
): string[] {
  return addresses.map(part).filter((text) => text !== null);
}
