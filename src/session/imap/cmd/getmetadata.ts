import { decodeGetMetadata, encodeMetadata, type GetMetadataArguments, ok } from "../../../wire/imap/mod.ts";
import { AFTER_LOGIN, type Command, command } from "../command.ts";
import { annotationsOf, chosenValues, openMetadata } from "../metadata.ts";

/** RFC 5464 section 4.2. */
export const getmetadata: Command = command({
  states: AFTER_LOGIN,
  decode: decodeGetMetadata,
  handle: async (session, args) => {
    const target = await openMetadata(session, args.mailbox);
    const values = chosenValues(await annotationsOf(session, target), args);
    const short = values.filter(({ value }) => !isTooLong(value, args));
    if (short.length > 0) encodeMetadata(session.out.encoder, target.name, short);
    if (short.length === values.length) return ok("These are the annotations");
    // Section 4.2.1: the size of the largest, so that the client knows what to ask for.
    const longest = Math.max(...values.map(({ value }) => value?.length ?? 0));
    return ok("Some annotations are longer than that", { code: "METADATA", data: `LONGENTRIES ${longest}` });
  },
});

function isTooLong(value: Uint8Array | null, { maxSize }: GetMetadataArguments): boolean {
  return value !== null && maxSize !== null && value.length > maxSize;
}
