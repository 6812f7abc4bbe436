import { type Address, formatAddress, type ReversePath } from "../../core/address.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import type { DsnRequest, RecipientDsn } from "../../core/envelope.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { ProtocolError } from "../../core/errors.ts";
import { parseAddressLiteral } from "./path.ts";
import { encodeUtf8Address, encodeXtext } from "./xtext.ts";

export interface MailParameters {
  /** SIZE= (RFC 1870); only for a server that offers it, as with the other two. */
  readonly size?: number | null;
  /** BODY=8BITMIME (RFC 6152). */
  readonly eightBit?: boolean;
  /** BODY=BINARYMIME (RFC 3030), which goes before the other. */
  readonly binary?: boolean;
  /** SMTPUTF8 (RFC 6531). */
  readonly smtputf8?: boolean;
  /** REQUIRETLS (RFC 8689). */
  readonly requireTls?: boolean;
  /** RET and ENVID (RFC 3461); only for a server that offers DSN. */
  readonly dsn?: Pick<DsnRequest, "returns" | "envelopeId"> | null;
}

export interface RcptParameters {
  /** The transaction was begun with SMTPUTF8. */
  readonly smtputf8?: boolean;
  /** NOTIFY and ORCPT (RFC 3461); only for a server that offers DSN. */
  readonly dsn?: RecipientDsn | null;
}

/**
 * One command as bytes. Throws `ProtocolError` when it holds a control character, so that no value, wherever it came from,
 * can ever add a command of its own.
 */
export function commandLine(verb: string, argument = ""): Uint8Array<ArrayBuffer> {
  const text = argument === "" ? verb : `${verb} ${argument}`;
  if (/[\x00-\x1f\x7f]/.test(text)) throw new ProtocolError("A command must not hold control characters");
  return encodeUtf8(`${text}\r\n`);
}

/** `MAIL FROM:<...>` with the parameters that are set. */
export function mailCommand(
  sender: ReversePath,
  parameters: MailParameters = {},
): Uint8Array<ArrayBuffer> {
  const { size = null, eightBit = false, binary = false, smtputf8 = false, requireTls = false, dsn = null } =
    parameters;
  let argument = `FROM:${writePath(sender, smtputf8)}`;
  if (size !== null) argument += ` SIZE=${size}`;
  if (binary) argument += " BODY=BINARYMIME";
  else if (eightBit) argument += " BODY=8BITMIME";
  if (smtputf8) argument += " SMTPUTF8";
  if (requireTls) argument += " REQUIRETLS";
  if (dsn !== null && dsn.returns !== null) argument += ` RET=${dsn.returns === "full" ? "FULL" : "HDRS"}`;
  if (dsn !== null && dsn.envelopeId !== null) argument += ` ENVID=${encodeXtext(dsn.envelopeId)}`;
  return commandLine("MAIL", argument);
}

/** `RCPT TO:<...>` with the parameters that are set. */
export function rcptCommand(
  recipient: Address,
  { smtputf8 = false, dsn = null }: RcptParameters = {},
): Uint8Array<ArrayBuffer> {
  let argument = `TO:${writePath(recipient, smtputf8)}`;
  if (dsn !== null && dsn.notify !== null) {
    argument += ` NOTIFY=${dsn.notify.length === 0 ? "NEVER" : dsn.notify.join(",").toUpperCase()}`;
  }
  if (dsn !== null && dsn.originalRecipient !== null) {
    argument += ` ORCPT=${writeOriginalRecipient(dsn.originalRecipient)}`;
  }
  return commandLine("RCPT", argument);
}

/** `type;address`, the address encoded again (RFC 3461 section 4.2; RFC 6533 section 3 for `utf-8`). */
function writeOriginalRecipient(text: string): string {
  const semicolon = text.indexOf(";");
  const type = text.slice(0, semicolon);
  const address = text.slice(semicolon + 1);
  return `${type};${type.toLowerCase() === "utf-8" ? encodeUtf8Address(address) : encodeXtext(address)}`;
}

function writePath(address: ReversePath, smtputf8: boolean): string {
  if (address === null) return "<>";
  const { local, domain } = address;
  // The domain is the one part that is written as it is.
  const written = domain.startsWith("[") ? parseAddressLiteral(domain) : normalizeDomain(domain);
  if (local === "" || written === null) throw new ProtocolError("The address cannot be written in a command");
  if (!smtputf8 && /[^\x00-\x7f]/.test(local)) {
    throw new ProtocolError("The address needs SMTPUTF8");
  }
  return `<${formatAddress({ local, domain: written })}>`;
}
