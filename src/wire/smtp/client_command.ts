import { type Address, formatAddress, type ReversePath } from "../../core/address.ts";
import { encodeUtf8 } from "../../core/bytes.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { ProtocolError } from "../../core/errors.ts";
import { parseAddressLiteral } from "./path.ts";

export interface MailParameters {
  /** SIZE= (RFC 1870); only for a server that offers it, as with the other two. */
  readonly size?: number | null;
  /** BODY=8BITMIME (RFC 6152). */
  readonly eightBit?: boolean;
  /** SMTPUTF8 (RFC 6531). */
  readonly smtputf8?: boolean;
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
  const { size = null, eightBit = false, smtputf8 = false } = parameters;
  let argument = `FROM:${writePath(sender, smtputf8)}`;
  if (size !== null) argument += ` SIZE=${size}`;
  if (eightBit) argument += " BODY=8BITMIME";
  if (smtputf8) argument += " SMTPUTF8";
  return commandLine("MAIL", argument);
}

/** `RCPT TO:<...>`; `smtputf8` says that the transaction was begun with SMTPUTF8. */
export function rcptCommand(
  recipient: Address,
  options: { readonly smtputf8?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  return commandLine("RCPT", `TO:${writePath(recipient, options.smtputf8 ?? false)}`);
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
