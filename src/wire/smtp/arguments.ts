import type { Address, ReversePath } from "../../core/address.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { ProtocolError, Refusal } from "../../core/errors.ts";
import type { EnhancedCode } from "../../core/reply.ts";
import { parseAddressLiteral, type ScannedPath, scanPath } from "./path.ts";

export interface MailArguments {
  readonly sender: ReversePath;
  /** The declared size in octets (RFC 1870); null when not given. */
  readonly size: number | null;
  readonly eightBit: boolean;
  readonly smtputf8: boolean;
}

export interface RcptArguments {
  readonly recipient: Address;
  /** The address can only be carried under SMTPUTF8. */
  readonly utf8: boolean;
}

/**
 * The argument of MAIL: `FROM:<path>` and parameters (RFC 5321 section 4.1.1.2). Throws `ProtocolError`, or a `Refusal`
 * where the RFCs name a reply. `auth` says that AUTH was announced, so that AUTH= must be understood.
 */
export function parseMailArguments(argument: string, options: { readonly auth: boolean }): MailArguments {
  const path = scanCommandPath(argument, { keyword: "FROM:", enhanced: "5.1.7" });
  const parameters = parseParameters(argument.slice(path.end));
  let size: number | null = null;
  let eightBit = false;
  let smtputf8 = false;
  for (const [keyword, value] of parameters) {
    if (keyword === "SIZE") size = parseSize(value);
    else if (keyword === "BODY") eightBit = parseBody(value);
    else if (keyword === "SMTPUTF8") smtputf8 = parseFlag(keyword, value);
    else if (keyword === "AUTH" && options.auth) checkXtext(value);
    else throw unknownParameter(keyword);
  }
  if (path.utf8 && !smtputf8) throw needsSmtpUtf8();
  return { sender: path.address, size, eightBit, smtputf8 };
}

/** The argument of RCPT: `TO:<path>`; no parameter is known yet. `<Postmaster>` is the postmaster of `postmasterDomain`. */
export function parseRcptArguments(
  argument: string,
  options: { readonly postmasterDomain: string },
): RcptArguments {
  const { postmasterDomain } = options;
  const path = scanCommandPath(argument, { keyword: "TO:", enhanced: "5.1.3", postmasterDomain });
  if (path.address === null) throw Refusal.of(501, "5.1.3", "The recipient must not be empty");
  for (const [keyword] of parseParameters(argument.slice(path.end))) throw unknownParameter(keyword);
  return { recipient: path.address, utf8: path.utf8 };
}

/** RFC 6531 section 3.5: the address needs SMTPUTF8, which the client did not ask for. */
export function needsSmtpUtf8(): Refusal {
  return Refusal.of(553, "5.6.7", "An address beyond ASCII needs the SMTPUTF8 parameter of MAIL");
}

/**
 * The argument of HELO and EHLO: a domain or an address literal (RFC 5321 section 4.1.1.1). With `lenient` any printable
 * word passes that is safe in a Received field: user agents send the name of the computer, whatever it is.
 */
export function parseHello(argument: string, options: { readonly lenient: boolean }): string {
  if (argument.startsWith("[")) {
    try {
      return parseAddressLiteral(argument);
    } catch (error) {
      if (!options.lenient) throw error;
    }
  }
  const domain = normalizeDomain(argument);
  if (domain !== null) return domain;
  if (options.lenient && /^[A-Za-z0-9._:[\]~+=#%&/-]{1,255}$/.test(argument)) return argument;
  throw new ProtocolError("Give your host name or an address literal");
}

interface PathRule {
  readonly keyword: string;
  /** What a wrong address is called: 5.1.7 for the sender, 5.1.3 for a recipient (RFC 3463 section 3.2). */
  readonly enhanced: EnhancedCode;
  readonly postmasterDomain?: string;
}

function scanCommandPath(argument: string, rule: PathRule): ScannedPath {
  const { keyword, postmasterDomain } = rule;
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) {
    throw new ProtocolError(`Expected ${keyword}<address>`);
  }
  let start = keyword.length;
  // The grammar has no space here, but many clients write one.
  while (argument[start] === " ") start++;
  try {
    return scanPath(argument, start, postmasterDomain);
  } catch (error) {
    if (error instanceof ProtocolError) throw Refusal.of(501, rule.enhanced, error.message);
    throw error;
  }
}

type Parameter = readonly [keyword: string, value: string | null];

/** ` KEYWORD[=value] ...` (RFC 5321 section 4.1.2, esmtp-param); each at most once. */
function parseParameters(text: string): Parameter[] {
  if (text === "") return [];
  if (text[0] !== " ") throw new ProtocolError("Expected a space after the address");
  const parameters = new Map<string, string | null>();
  for (const word of text.split(" ")) {
    if (word === "") continue;
    const equals = word.indexOf("=");
    const keyword = (equals < 0 ? word : word.slice(0, equals)).toUpperCase();
    const value = equals < 0 ? null : word.slice(equals + 1);
    if (!/^[A-Z0-9][A-Z0-9-]*$/.test(keyword)) throw new ProtocolError("Invalid parameter name");
    if (value !== null && (value === "" || value.includes("="))) {
      throw new ProtocolError(`Invalid value of parameter ${keyword}`);
    }
    if (parameters.has(keyword)) throw new ProtocolError(`Parameter ${keyword} is given twice`);
    parameters.set(keyword, value);
  }
  return [...parameters];
}

/** RFC 1870 section 3: up to 20 digits. */
function parseSize(value: string | null): number {
  if (value === null || !/^[0-9]{1,20}$/.test(value)) throw new ProtocolError("SIZE needs a number");
  return Number(value);
}

/** RFC 6152 section 2. BINARYMIME (RFC 3030) exists, but is not announced. */
function parseBody(value: string | null): boolean {
  switch (value?.toUpperCase()) {
    case "7BIT":
      return false;
    case "8BITMIME":
      return true;
    case "BINARYMIME":
      throw Refusal.of(555, "5.5.4", "BODY=BINARYMIME is not supported");
    default:
      throw new ProtocolError("BODY must be 7BIT or 8BITMIME");
  }
}

function parseFlag(keyword: string, value: string | null): true {
  if (value !== null) throw new ProtocolError(`${keyword} takes no value`);
  return true;
}

/**
 * RFC 4954 section 5. What it says is then ignored, as the section allows: we do not believe a client about others. The
 * xtext itself is RFC 3461 section 4.
 */
function checkXtext(value: string | null): void {
  if (value === null || !/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/.test(value)) {
    throw new ProtocolError("AUTH must be an address as xtext, or <>");
  }
}

function unknownParameter(keyword: string): Refusal {
  return Refusal.of(555, "5.5.4", `Parameter ${keyword.slice(0, 40)} is not known`);
}
