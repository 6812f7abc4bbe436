/**
 * The table `shown`, one row for each body that has a head, made with it and gone with it: where the message's own body begins, and
 * its ENVELOPE and BODYSTRUCTURE as a client without UTF-8 is sent them, one behind the other. `depends_on_utf8` is 1 where others
 * are sent something else, which is then made from the digest.
 */
import { concatBytes } from "../../core/bytes.ts";
import type { MessageDigest } from "../../wire/mime/digest.ts";
import { showTexts } from "../shown_texts.ts";
import type { Database } from "./database.ts";

export function insertShown(db: Database, bodyId: number, digest: MessageDigest): void {
  const { headerSize, envelope, structure, dependsOnUtf8 } = showTexts(digest, { utf8: false });
  db.run(
    "INSERT INTO shown (body_id, header_size, envelope_size, depends_on_utf8, texts) VALUES (?, ?, ?, ?, ?)",
    bodyId,
    headerSize,
    envelope.length,
    dependsOnUtf8 ? 1 : 0,
    concatBytes([envelope, structure]),
  );
}
