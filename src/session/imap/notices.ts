/** The responses of NOTIFY that are not about messages (RFC 5465 sections 5.4 to 5.7). */
import { encodeListEntry, encodeMailbox } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";

/** `* LIST (attributes) "/" name`, with the name that it had before (RFC 9051 section 6.3.9.7). */
export function tellListed(
  { out: { encoder } }: Pick<ImapSession, "out">,
  { oldName = null, ...entry }: {
    readonly name: string;
    readonly attributes: readonly string[];
    readonly oldName?: string | null;
  },
): void {
  encodeListEntry(encoder, "LIST", { ...entry, ...(oldName === null ? {} : { oldName }) });
}

/** `* METADATA name entry entry`: what changed, not to what (RFC 5464 section 4.4.2). */
export function tellMetadata(
  { out: { encoder } }: Pick<ImapSession, "out">,
  change: { readonly name: string; readonly entries: readonly string[] },
): void {
  encoder.text("* METADATA ");
  if (change.name === "") encoder.text('""');
  else encodeMailbox(encoder, change.name);
  for (const entry of change.entries) encoder.text(" ").astring(entry);
  encoder.line("");
}
