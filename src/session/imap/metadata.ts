/** Annotations as commands see them (RFC 5464). */
import type { AnnotationScope } from "../../store/annotations.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import type { MetadataDepth, MetadataValue, Right } from "../../wire/imap/mod.ts";
import { type Access, openAccess } from "./access.ts";
import type { ImapSession } from "./context.ts";
import { specialUseOf } from "./special_use.ts";

/** RFC 5464 section 3.3: besides "l" one of these. */
export const METADATA_RIGHTS: readonly Right[] = ["r", "s", "w", "i", "p"];

/** Whose annotations a command means: of a mailbox, or, with an empty name, of the server. */
export interface MetadataTarget {
  readonly name: string;
  readonly scope: AnnotationScope;
  /** Null for the server. */
  readonly access: Access | null;
}

export async function openMetadata(session: ImapSession, given: string): Promise<MetadataTarget> {
  const { account } = session;
  if (given === "") return { name: "", scope: { account, mailboxId: null }, access: null };
  const access = await openAccess(session, given, { needs: ["l"], any: METADATA_RIGHTS });
  return targetOf(session, access);
}

export function targetOf({ account }: ImapSession, access: Access): MetadataTarget {
  return { name: access.name, scope: { account, mailboxId: access.mailbox.id }, access };
}

/** What a mailbox is for, as an annotation (RFC 6154 section 4). It is known from LIST, and cannot be set. */
export const SPECIAL_USE_ENTRY = "/private/specialuse";

/** All annotations of the target, those that the server itself has among them. */
export async function annotationsOf(
  session: ImapSession,
  { scope, access }: MetadataTarget,
): Promise<MetadataValue[]> {
  const kept = await session.store.annotations.list(scope);
  if (access === null) return [...kept, serverContact(session)];
  const use = specialUseOf(access);
  const others = kept.filter(({ entry }) => entry !== SPECIAL_USE_ENTRY);
  return use === null ? others : [...others, { entry: SPECIAL_USE_ENTRY, value: encodeUtf8(use) }];
}

/** RFC 5464 section 6.2.1.2: how to reach the administrator; every domain of ours takes mail for postmaster. */
function serverContact({ account }: ImapSession): MetadataValue {
  const domain = account.slice(account.lastIndexOf("@") + 1);
  return { entry: "/shared/admin", value: encodeUtf8(`mailto:postmaster@${domain}`) };
}

/**
 * What was asked for: the entries themselves, and as much below them as `depth` says. An entry that is not there is NIL, unless there is
 * something below it (RFC 5464 section 4.2.2).
 */
export function chosenValues(
  all: readonly MetadataValue[],
  { entries, depth }: { readonly entries: readonly string[]; readonly depth: MetadataDepth },
): MetadataValue[] {
  const chosen = new Map<string, MetadataValue>();
  const byName = new Map(all.map((value) => [value.entry, value]));
  for (const entry of entries) {
    const itself = byName.get(entry);
    const below = depth === "0" ? [] : all.filter((value) => isBelow(value.entry, { top: entry, depth }));
    if (itself !== undefined || below.length === 0) chosen.set(entry, itself ?? { entry, value: null });
    for (const value of below) chosen.set(value.entry, value);
  }
  return [...chosen.values()];
}

function isBelow(
  entry: string,
  { top, depth }: { readonly top: string; readonly depth: MetadataDepth },
): boolean {
  if (!entry.startsWith(`${top}/`)) return false;
  return depth === "infinity" || !entry.includes("/", top.length + 1);
}
