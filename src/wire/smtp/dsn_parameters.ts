import type { NotifyOn } from "../../core/envelope.ts";
import { ProtocolError } from "../../core/errors.ts";
import { decodeUtf8Address, decodeXtext } from "./xtext.ts";

/** RFC 3461 section 4.4: as it stands in the command. */
const MAX_ENVELOPE_ID = 100;
/** RFC 3461 section 4.2 gives an ORCPT parameter 500 characters. */
const MAX_ORIGINAL_RECIPIENT = 500;

/** RET (RFC 3461 section 4.3). */
export function parseReturns(value: string | null): "full" | "headers" {
  switch (value?.toUpperCase()) {
    case "FULL":
      return "full";
    case "HDRS":
      return "headers";
    default:
      throw new ProtocolError("RET must be FULL or HDRS");
  }
}

/** ENVID (RFC 3461 section 4.4): xtext that decodes to printable ASCII and spaces. */
export function parseEnvelopeId(value: string | null): string {
  if (value === null || value.length > MAX_ENVELOPE_ID) {
    throw new ProtocolError(`ENVID must be xtext of at most ${MAX_ENVELOPE_ID} characters`);
  }
  const id = decodeXtext(value);
  if (!/^[\x20-\x7e]+$/.test(id)) throw new ProtocolError("ENVID must hold printable ASCII only");
  return id;
}

const EVENTS: ReadonlyMap<string, NotifyOn> = new Map([
  ["SUCCESS", "success"],
  ["FAILURE", "failure"],
  ["DELAY", "delay"],
]);

/** NOTIFY (RFC 3461 section 4.1): NEVER alone, or a list; NEVER is the empty list. */
export function parseNotify(value: string | null): readonly NotifyOn[] {
  const words = (value ?? "").toUpperCase().split(",", EVENTS.size + 1);
  if (words.length === 1 && words[0] === "NEVER") return [];
  const events = words.map((word) => EVENTS.get(word));
  if (events.includes(undefined) || new Set(events).size < events.length) {
    throw new ProtocolError("NOTIFY must be NEVER, or a list of SUCCESS, FAILURE and DELAY");
  }
  return events as NotifyOn[];
}

/** ORCPT (RFC 3461 section 4.2, RFC 6533 section 3): `type;address`; the address comes back decoded. */
export function parseOriginalRecipient(value: string | null): string {
  const semicolon = value?.indexOf(";") ?? -1;
  if (value === null || semicolon < 1 || value.length > MAX_ORIGINAL_RECIPIENT) {
    throw new ProtocolError(
      `ORCPT must be a type, a semicolon and an address, ${MAX_ORIGINAL_RECIPIENT} characters at most`,
    );
  }
  const type = value.slice(0, semicolon);
  if (!/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(type)) throw new ProtocolError("ORCPT has no valid address type");
  const text = value.slice(semicolon + 1);
  const address = type.toLowerCase() === "utf-8" ? decodeUtf8Address(text) : decodeXtext(text);
  if (address === "" || /[\x00-\x1f\x7f-\x9f\u2028\u2029]/.test(address)) {
    throw new ProtocolError("The address of ORCPT must not be empty, and must be printable");
  }
  return `${type};${address}`;
}
