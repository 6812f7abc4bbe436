/** What an ACL gives an account (RFC 4314 section 2). */
import type { AclEntry } from "../../store/acl.ts";
import { orderedRights } from "../../wire/imap/mod.ts";

/** Every account of this server; there are no anonymous log-ins. */
export const ANYONE = "anyone";
const NEGATIVE = "-";

/** The identifiers of the entries that concern an account. */
export function identifiersOf(account: string): string[] {
  const names = [account, ANYONE];
  return [...names, ...names.map((name) => NEGATIVE + name)];
}

/** Whom an identifier names, and whether its rights are taken away. */
export function parseIdentifier(identifier: string): { readonly who: string; readonly isNegative: boolean } {
  const isNegative = identifier.startsWith(NEGATIVE);
  return { who: isNegative ? identifier.slice(NEGATIVE.length) : identifier, isNegative };
}

/** All that is granted, to the account or to anyone, without what is taken away from either. */
export function rightsFrom(entries: readonly AclEntry[], account: string): string {
  const granted = new Set<string>();
  const denied = new Set<string>();
  for (const { identifier, rights } of entries) {
    const { who, isNegative } = parseIdentifier(identifier);
    if (who !== account && who !== ANYONE) continue;
    for (const right of rights) (isNegative ? denied : granted).add(right);
  }
  return orderedRights([...granted].filter((right) => !denied.has(right)));
}
