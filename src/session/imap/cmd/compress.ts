import { bad, decodeCompress, no, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { offersCompression, takeCompression } from "../compression.ts";

/** RFC 4978 section 3. After log-in only, so that no stranger makes us spend the memory, and STARTTLS cannot follow. */
export const compress: Command = command({
  states: AFTER_LOGIN,
  decode: decodeCompress,
  handle: (session, algorithm) => {
    // NO is for what another layer compresses already (section 3).
    if (session.compression !== null) return bad("Compression is on already", { code: "COMPRESSIONACTIVE" });
    if (algorithm !== "DEFLATE") return bad("The only compression here is DEFLATE");
    if (!offersCompression(session)) return no("Compression is switched off here", { code: "CANNOT" });
    // The client waits for the answer (section 3): what came before it can be taken as compressed or as plain.
    if (session.input.buffered > 0) return bad("Wait for the answer to COMPRESS before you go on");
    if (!takeCompression(session)) return no("Too many sessions are compressed", { code: "LIMIT" });
    return { ...ok("Compressed from here on"), next: "compress" };
  },
});
