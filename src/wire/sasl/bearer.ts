import { encodeUtf8, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { parseName } from "./scram_messages.ts";

export type BearerMechanism = "OAUTHBEARER" | "XOAUTH2";

export const BEARER_MECHANISMS: readonly BearerMechanism[] = ["OAUTHBEARER", "XOAUTH2"];

/** What the client shows: a bearer token (RFC 6750), and for whom; empty when the token alone says that. */
export interface BearerClaim {
  readonly user: string;
  readonly token: string;
}

export type BearerStep =
  | { readonly kind: "challenge"; readonly challenge: Uint8Array }
  /** Is the token good? It is over when it is; else go on with `refuse`. */
  | { readonly kind: "token"; readonly claim: BearerClaim }
  /** The client has taken note that its token was refused. */
  | { readonly kind: "refused" };

/** Separates the fields (RFC 7628 section 3.1). */
const SEPARATOR = "\x01";
/** RFC 6750 section 2.1, `b64token`; real ones have some thousand characters. */
const TOKEN = /^[A-Za-z0-9._~+/-]{1,8192}={0,4}$/;
const MAX_FIELDS = 20;

/**
 * The server's side of OAUTHBEARER (RFC 7628) and of its elder brother XOAUTH2, as a machine: it reads the one message and, when
 * the token is refused, says so in the way that the mechanism has and waits for the client's empty answer.
 */
export class BearerExchange {
  readonly mechanism: BearerMechanism;
  #state: "first" | "judging" | "refusing" | "over" = "first";

  constructor(mechanism: BearerMechanism) {
    this.mechanism = mechanism;
  }

  /** The client speaks first. */
  start(initialResponse: Uint8Array | null): BearerStep {
    return initialResponse === null
      ? { kind: "challenge", challenge: new Uint8Array(0) }
      : this.next(initialResponse);
  }

  /** Throws `ProtocolError` for what the mechanism does not allow; then the exchange is over. */
  next(response: Uint8Array): BearerStep {
    const state = this.#state;
    this.#state = "over";
    if (state === "refusing") return this.#readFarewell(response);
    if (state !== "first") throw new ProtocolError(`${this.mechanism}: nothing is expected any more`);
    const claim = this.mechanism === "OAUTHBEARER" ? parseOAuthBearer(response) : parseXOAuth2(response);
    this.#state = "judging";
    // Without a token the client asks which ones would do (RFC 7628 section 4.3).
    return claim.token === "" ? this.refuse() : { kind: "token", claim };
  }

  /** The answer to `token` when it is not good (RFC 7628 section 3.2.2). */
  refuse(): BearerStep {
    if (this.#state !== "judging") throw new Error("Refuse the token when it is there");
    this.#state = "refusing";
    const words = this.mechanism === "OAUTHBEARER"
      ? { status: "invalid_token" }
      : { status: "401", schemes: "bearer" };
    return { kind: "challenge", challenge: encodeUtf8(JSON.stringify(words)) };
  }

  /** RFC 7628 section 3.2.3: one separator; XOAUTH2 sends nothing. */
  #readFarewell(response: Uint8Array): BearerStep {
    const isEmpty = response.length === 0 || (response.length === 1 && response[0] === 1);
    if (!isEmpty) throw new ProtocolError(`${this.mechanism}: the last response must be empty`);
    return { kind: "refused" };
  }
}

/** RFC 7628 section 3.1: a GS2 header, then `key=value` fields. */
function parseOAuthBearer(message: Uint8Array): BearerClaim {
  const [header = "", ...fields] = fieldsOf(message, "OAUTHBEARER");
  const [flag, authzid = "", rest] = header.split(",", 3);
  if (flag !== "n" && flag !== "y") throw new ProtocolError("OAUTHBEARER: there is no channel binding");
  if (rest !== "" || (authzid !== "" && !authzid.startsWith("a="))) {
    throw new ProtocolError("OAUTHBEARER: the message must begin with a GS2 header");
  }
  const user = authzid === "" ? "" : parseName(authzid.slice(2), "OAUTHBEARER");
  return { user, token: fields.includes("auth=") ? "" : tokenOf(fields, "OAUTHBEARER") };
}

function parseXOAuth2(message: Uint8Array): BearerClaim {
  const fields = fieldsOf(message, "XOAUTH2");
  const user = fields.find((field) => field.startsWith("user="))?.slice(5) ?? "";
  if (user === "") throw new ProtocolError("XOAUTH2: the message must name the user");
  return { user, token: tokenOf(fields, "XOAUTH2") };
}

/** The fields without the two separators that end the message. */
function fieldsOf(message: Uint8Array, mechanism: BearerMechanism): string[] {
  const text = tryDecodeUtf8(message);
  if (text === null || text.includes("\0")) {
    throw new ProtocolError(`${mechanism}: the message is not UTF-8 text`);
  }
  const fields = text.split(SEPARATOR, MAX_FIELDS);
  if (!text.endsWith(SEPARATOR + SEPARATOR) || fields.length === MAX_FIELDS) {
    throw new ProtocolError(`${mechanism}: the message must end with two separators`);
  }
  return fields.slice(0, -2);
}

function tokenOf(fields: readonly string[], mechanism: BearerMechanism): string {
  const value = fields.find((field) => field.startsWith("auth="))?.slice(5) ?? "";
  const [scheme = "", token = ""] = value.split(" ", 2);
  if (scheme.toLowerCase() !== "bearer" || !TOKEN.test(token)) {
    throw new ProtocolError(`${mechanism}: the message must hold "auth=Bearer" and a token`);
  }
  return token;
}
