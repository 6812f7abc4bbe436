import type { Address, ReversePath } from "../../core/address.ts";
import { normalizeDomain } from "../../core/domain.ts";
import { type DsnRequest, NO_DSN, type RecipientDsn } from "../../core/envelope.ts";
import { ProtocolError, Refusal } from "../../core/errors.ts";
import type { EnhancedCode } from "../../core/reply.ts";
import { parseEnvelopeId, parseNotify, parseOriginalRecipient, parseReturns } from "./dsn_parameters.ts";
import { type Hold, parseHoldFor, parseHoldUntil } from "./hold.ts";
import { parseAddressLiteral, type ScannedPath, scanPath } from "./path.ts";
import { isXtext } from "./xtext.ts";

export interface MailArguments {
  readonly sender: ReversePath;
  /** The declared size in octets (RFC 1870); null when not given. */
  readonly size: number | null;
  readonly eightBit: boolean;
  /** BODY=BINARYMIME (RFC 3030), which is eight bits as well. */
  readonly binary: boolean;
  readonly smtputf8: boolean;
  /** RET and ENVID (RFC 3461). */
  readonly returns: DsnRequest["returns"];
  readonly envelopeId: string | null;
  /** REQUIRETLS (RFC 8689). Whether it may be said on this connection is for the caller to judge. */
  readonly requireTls: boolean;
  /** HOLDFOR or HOLDUNTIL (RFC 4865). */
  readonly hold: Hold | null;
}

/** What was announced, so that its parameters must be understood. */
export interface MailOffer {
  readonly auth: boolean;
  /** FUTURERELEASE. */
  readonly hold?: boolean;
  /** DSN; true when missing. */
  readonly dsn?: boolean;
}

export interface RcptArguments {
  readonly recipient: Address;
  /** The address can only be carried under SMTPUTF8. */
  readonly utf8: boolean;
  /** A source route stood before the address. */
  readonly routed: boolean;
  /** NOTIFY and ORCPT (RFC 3461). */
  readonly dsn: RecipientDsn;
}

/**
 * The argument of MAIL: `FROM:<path>` and parameters (RFC 5321 section 4.1.1.2). Throws `ProtocolError`, or a `Refusal`
 * where the RFCs name a reply.
 */
export function parseMailArguments(argument: string, offer: MailOffer): MailArguments {
  const path = scanCommandPath(argument, { keyword: "FROM:", enhanced: "5.1.7" });
  const said: { -readonly [K in keyof MailArguments]: MailArguments[K] } = {
    sender: path.address,
    size: null,
    eightBit: false,
    binary: false,
    smtputf8: false,
    returns: null,
    envelopeId: null,
    requireTls: false,
    hold: null,
  };
  for (const [keyword, value] of parseParameters(argument.slice(path.end))) {
    const setter = MAIL_PARAMETERS.get(keyword);
    if (setter === undefined || (setter.isOffered?.(offer) ?? true) === false) {
      throw unknownParameter(keyword);
    }
    setter.set(said, value);
  }
  if (path.utf8 && !said.smtputf8) throw needsSmtpUtf8();
  return said;
}

interface MailParameter {
  readonly isOffered?: (offer: MailOffer) => boolean;
  readonly set: (
    said: { -readonly [K in keyof MailArguments]: MailArguments[K] },
    value: string | null,
  ) => void;
}

const holdsMail = (offer: MailOffer) => offer.hold ?? false;
const offersDsn = (offer: MailOffer) => offer.dsn ?? true;

const MAIL_PARAMETERS: ReadonlyMap<string, MailParameter> = new Map<string, MailParameter>([
  ["SIZE", { set: (said, value) => said.size = parseSize(value) }],
  ["BODY", { set: (said, value) => Object.assign(said, parseBody(value)) }],
  ["SMTPUTF8", { set: (said, value) => said.smtputf8 = parseFlag("SMTPUTF8", value) }],
  ["AUTH", { isOffered: ({ auth }) => auth, set: (_, value) => checkXtext(value) }],
  ["RET", { isOffered: offersDsn, set: (said, value) => said.returns = parseReturns(value) }],
  ["ENVID", { isOffered: offersDsn, set: (said, value) => said.envelopeId = parseEnvelopeId(value) }],
  ["REQUIRETLS", { set: (said, value) => said.requireTls = parseFlag("REQUIRETLS", value) }],
  ["HOLDFOR", { isOffered: holdsMail, set: (said, value) => setHold(said, parseHoldFor(value)) }],
  ["HOLDUNTIL", { isOffered: holdsMail, set: (said, value) => setHold(said, parseHoldUntil(value)) }],
]);

function setHold(said: { hold: Hold | null }, hold: Hold): void {
  // RFC 4865 section 4: one of the two.
  if (said.hold !== null) throw new ProtocolError("Give HOLDFOR or HOLDUNTIL, not both");
  said.hold = hold;
}

/** The argument of RCPT: `TO:<path>` and parameters. `<Postmaster>` is the postmaster of `postmasterDomain`. */
export function parseRcptArguments(
  argument: string,
  options: { readonly postmasterDomain: string; readonly dsn?: boolean },
): RcptArguments {
  const { postmasterDomain, dsn = true } = options;
  const path = scanCommandPath(argument, { keyword: "TO:", enhanced: "5.1.3", postmasterDomain });
  if (path.address === null) throw Refusal.of(501, "5.1.3", "The recipient must not be empty");
  let { notify, originalRecipient } = NO_DSN;
  for (const [keyword, value] of parseParameters(argument.slice(path.end))) {
    if (!dsn) throw unknownParameter(keyword);
    if (keyword === "NOTIFY") notify = parseNotify(value);
    else if (keyword === "ORCPT") originalRecipient = parseOriginalRecipient(value);
    else throw unknownParameter(keyword);
  }
  return {
    recipient: path.address,
    utf8: path.utf8,
    routed: path.routed,
    dsn: { notify, originalRecipient },
  };
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

/** RFC 6152 section 2, and RFC 3030 section 3 for BINARYMIME. */
function parseBody(value: string | null): Pick<MailArguments, "eightBit" | "binary"> {
  switch (value?.toUpperCase()) {
    case "7BIT":
      return { eightBit: false, binary: false };
    case "8BITMIME":
      return { eightBit: true, binary: false };
    case "BINARYMIME":
      return { eightBit: true, binary: true };
    default:
      throw new ProtocolError("BODY must be 7BIT, 8BITMIME or BINARYMIME");
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
  if (value === null || !isXtext(value)) {
    throw new ProtocolError("AUTH must be an address as xtext, or <>");
  }
}

function unknownParameter(keyword: string): Refusal {
  return Refusal.of(555, "5.5.4", `Parameter ${keyword.slice(0, 40)} is not known`);
}
