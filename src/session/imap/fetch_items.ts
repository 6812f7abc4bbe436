import { formatEmailId } from "../../store/email_id.ts";
import { formatThreadId, threadOf } from "../../store/thread_id.ts";
import {
  encodeEnvelope,
  type Encoder,
  encodeStructure,
  type FetchItem,
  formatDateTime,
} from "../../wire/imap/mod.ts";
import type { MessageDigest } from "../../wire/mime/digest.ts";
import type { FetchRow } from "./fetch_rows.ts";
import type { SelectedMailbox } from "./selected.ts";

/** What is answered without a look at the message's body. */
export type PlainItem = Exclude<FetchItem, { kind: "section" | "binary" | "binarysize" }>;

export function isPlainItem(item: FetchItem): item is PlainItem {
  return item.kind !== "section" && item.kind !== "binary" && item.kind !== "binarysize";
}

/** Writes the item's name and value (RFC 3501 section 7.4.2). */
export function encodeItem(
  encoder: Encoder,
  row: FetchRow,
  { item, selected }: { readonly item: PlainItem; readonly selected: SelectedMailbox },
): void {
  switch (item.kind) {
    case "flags":
      return selected.encodeFlags(encoder, row);
    case "modseq":
      return selected.encodeModseq(encoder, row);
    case "uid":
      return void encoder.text("UID ").number(row.uid);
    case "internaldate":
      return void encoder.text(`INTERNALDATE "${formatDateTime(row.internalDate)}"`);
    case "savedate":
      // RFC 8514 section 4.2: NIL for what came before anybody noted that.
      return void encoder.text(
        row.savedAt === null ? "SAVEDATE NIL" : `SAVEDATE "${formatDateTime(row.savedAt)}"`,
      );
    case "size":
      return void encoder.text("RFC822.SIZE ").number(row.size);
    case "emailid":
      // RFC 8474 section 5.1: the same bytes have the same id, in every mailbox, and it is never used again.
      return void encoder.text(`EMAILID (${formatEmailId(row.bodyId)})`);
    case "threadid":
      return void encoder.text(`THREADID (${formatThreadId(threadOf(digestOf(row), row.bodyId))})`);
    case "preview":
      return void encoder.text("PREVIEW ").string(digestOf(row).preview);
    case "envelope":
      encoder.text("ENVELOPE ");
      if ("envelope" in row) return void encoder.bytes(row.envelope);
      return encodeEnvelope(encoder, digestOf(row).envelope);
    case "structure":
      encoder.text(item.extended ? "BODYSTRUCTURE " : "BODY ");
      if (item.extended && "structure" in row) return void encoder.bytes(row.structure);
      return encodeStructure(encoder, digestOf(row).structure, item.extended);
  }
}

function digestOf(row: FetchRow): MessageDigest {
  if (!("digest" in row)) throw new Error("The rows of this FETCH were read without their structure");
  return row.digest;
}
