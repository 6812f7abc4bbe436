import type { AclEntry } from "../../../store/acl.ts";
import { type AclChange, decodeSetAcl, no, ok, orderedRights } from "../../../wire/imap/mod.ts";
import { openAccess } from "../access.ts";
import { knownIdentifier, requireNotOwner } from "../acl_identifier.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import type { ImapSession } from "../context.ts";
import { Rejection } from "../errors.ts";

/** RFC 4314 section 3.1. */
export const setacl: Command = command({
  states: AFTER_LOGIN,
  decode: decodeSetAcl,
  handle: async (session, args) => {
    const { mailbox } = await openAccess(session, args.mailbox, { needs: ["a"] });
    const identifier = knownIdentifier(session, args.identifier);
    requireNotOwner(mailbox.account, identifier);
    const entries = await session.store.acl.get(mailbox.id);
    const old = entries.find((entry) => entry.identifier === identifier);
    if (old === undefined) requireRoom(session, entries);
    const rights = changed(old?.rights ?? "", args.change);
    await session.store.acl.set(mailbox.id, { identifier, rights });
    return ok("The rights are set");
  },
});

function changed(rights: string, change: AclChange): string {
  switch (change.kind) {
    case "set":
      return change.rights;
    case "add":
      return orderedRights(rights + change.rights);
    case "remove":
      return orderedRights([...rights].filter((right) => !change.rights.includes(right)));
  }
}

function requireRoom({ limits }: ImapSession, entries: readonly AclEntry[]): void {
  if (entries.length < limits.aclEntries) return;
  throw new Rejection(no(`An ACL can have at most ${limits.aclEntries} entries`, { code: "LIMIT" }));
}
