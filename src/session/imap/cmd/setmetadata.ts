import { Refusal } from "../../../core/errors.ts";
import { decodeSetMetadata, no, ok, type SetMetadataArguments } from "../../../wire/imap/mod.ts";
import { requireRights } from "../access.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";
import { type MetadataTarget, openMetadata, SPECIAL_USE_ENTRY } from "../metadata.ts";

/** RFC 5464 section 4.3. */
export const setmetadata: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSetMetadata,
  handle: async (session, args) => {
    const target = await openMetadata(session, args.mailbox);
    requireMayWrite(target, args);
    requireNoSpecialUse(target, args);
    requireShort(session, args);
    try {
      const { annotations: count, annotationBytesTotal: bytes } = session.limits;
      await session.store.annotations.set(target.scope, args.values, { count, bytes });
    } catch (error) {
      throw isTooMany(error) ? tooMany(session) : error;
    }
    session.notifier?.ownAnnotations(target.scope.mailboxId, args.values.map(({ entry }) => entry));
    return ok("The annotations are set");
  },
});

/**
 * What everybody sees needs the right to change what everybody sees, which is stricter than RFC 5464 section 3.3: there a reader
 * of a mailbox could write on its door. What all accounts see of the server is the administrator's.
 */
function requireMayWrite({ access }: MetadataTarget, { values }: SetMetadataArguments): void {
  if (!values.some(({ entry }) => entry.startsWith("/shared/"))) return;
  if (access === null) {
    throw new Rejection(no("Shared annotations of the server cannot be set here", { code: "NOPERM" }));
  }
  requireRights(access, ["w"]);
}

/** RFC 6154 section 4: a use is given when a mailbox is made, where it is checked. */
function requireNoSpecialUse({ access }: MetadataTarget, { values }: SetMetadataArguments): void {
  if (access === null || !values.some(({ entry }) => entry === SPECIAL_USE_ENTRY)) return;
  throw new Rejection(no("Give a special use with CREATE", { code: "USEATTR" }));
}

function requireShort({ limits }: ImapSession, { values }: SetMetadataArguments): void {
  const most = limits.annotationBytes;
  if (values.every(({ value }) => value === null || value.length <= most)) return;
  throw new Rejection(
    no(`An annotation can have at most ${most} bytes`, { code: "METADATA", data: `MAXSIZE ${most}` }),
  );
}

function isTooMany(error: unknown): boolean {
  return error instanceof Refusal && error.reply.enhanced === "5.2.0";
}

function tooMany({ limits }: ImapSession): Rejection {
  const text = `There can be at most ${limits.annotations} annotations`;
  return new Rejection(no(text, { code: "METADATA", data: "TOOMANY" }));
}
