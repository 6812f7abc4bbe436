/**
 * The messages of SCRAM (RFC 5802 section 7), read and written. No secret is here and no hash is computed; what the
 * grammar does not allow is a `ProtocolError` that does not repeat what the client sent.
 */
import { encodeUtf8, tryDecodeUtf8 } from "../../core/bytes.ts";
import { ProtocolError } from "../../core/errors.ts";
import { decodeBase64, encodeBase64 } from "./base64.ts";
import { saslPrep } from "./saslprep.ts";

/** What the client says about channel binding: `n` cannot, `y` could but believes that we cannot, `p` does. */
export type BindingFlag =
  | { readonly kind: "none" }
  | { readonly kind: "unoffered" }
  | { readonly kind: "used"; readonly type: string };

export interface ClientFirst {
  readonly binding: BindingFlag;
  /** Empty when the client acts for itself. */
  readonly authzid: string;
  readonly user: string;
  readonly nonce: string;
  /** The GS2 header as it came, which the client repeats at the end. */
  readonly gs2Header: string;
  /** The message without that header: the first part of what is signed. */
  readonly bare: string;
}

export interface ClientFinal {
  /** `c=`: the GS2 header and the channel binding's data. */
  readonly binding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
  /** The message up to the proof: the last part of what is signed. */
  readonly withoutProof: string;
}

/** RFC 5802 section 7: printable ASCII without the comma. */
const NONCE = /^[!-+\--~]{1,1000}$/;
/** Section 7, cb-name. */
const BINDING_TYPE = /^[A-Za-z0-9.-]{1,100}$/;
/** SHA-256 gives so many bytes. */
const PROOF_BYTES = 32;

/** `client-first-message`. */
export function parseClientFirst(message: Uint8Array): ClientFirst {
  const text = textOf(message);
  const [flag = "", authzid = "", ...rest] = text.split(",");
  const [name = "", nonce = ""] = rest;
  // Section 5.1: `m=` is for extensions that must be understood, and we know of none.
  if (name.startsWith("m=")) throw new ProtocolError("SCRAM: an extension that is not known is demanded");
  if (!name.startsWith("n=") || !nonce.startsWith("r=") || !NONCE.test(nonce.slice(2))) {
    throw new ProtocolError("SCRAM: the first message must have a user name and a nonce");
  }
  return {
    binding: parseBindingFlag(flag),
    authzid: parseAuthzid(authzid),
    user: parseName(name.slice(2)),
    nonce: nonce.slice(2),
    gs2Header: `${flag},${authzid},`,
    bare: rest.join(","),
  };
}

/** `client-final-message`; extensions between nonce and proof are passed over, as section 5.1 asks. */
export function parseClientFinal(message: Uint8Array): ClientFinal {
  const text = textOf(message);
  const proofAt = text.lastIndexOf(",p=");
  const withoutProof = text.slice(0, Math.max(0, proofAt));
  const [binding = "", nonce = ""] = withoutProof.split(",", 2);
  if (proofAt < 0 || !binding.startsWith("c=") || !nonce.startsWith("r=")) {
    throw new ProtocolError("SCRAM: the final message must have channel binding, nonce and proof");
  }
  const proof = decodeBase64(text.slice(proofAt + 3));
  if (proof.length !== PROOF_BYTES) throw new ProtocolError("SCRAM: the proof has the wrong length");
  return { binding: decodeBase64(binding.slice(2)), nonce: nonce.slice(2), proof, withoutProof };
}

export function formatServerFirst(
  { nonce, salt, iterations }: {
    readonly nonce: string;
    readonly salt: Uint8Array;
    readonly iterations: number;
  },
): string {
  return `r=${nonce},s=${encodeBase64(salt)},i=${iterations}`;
}

export function formatServerFinal(signature: Uint8Array): string {
  return `v=${encodeBase64(signature)}`;
}

/** What the client must repeat in `c=` (section 6). */
export function expectedBinding(gs2Header: string, data: Uint8Array | null): Uint8Array {
  const header = encodeUtf8(gs2Header);
  const whole = new Uint8Array(header.length + (data?.length ?? 0));
  whole.set(header);
  if (data !== null) whole.set(data, header.length);
  return whole;
}

function textOf(message: Uint8Array): string {
  const text = tryDecodeUtf8(message);
  if (text === null || text.includes("\0")) throw new ProtocolError("SCRAM: the message is not UTF-8 text");
  return text;
}

function parseBindingFlag(flag: string): BindingFlag {
  if (flag === "n") return { kind: "none" };
  if (flag === "y") return { kind: "unoffered" };
  if (flag.startsWith("p=") && BINDING_TYPE.test(flag.slice(2))) return { kind: "used", type: flag.slice(2) };
  throw new ProtocolError("SCRAM: the channel binding flag must be n, y or p=");
}

function parseAuthzid(text: string): string {
  if (text === "") return "";
  if (!text.startsWith("a=")) throw new ProtocolError("SCRAM: the authorization identity must begin with a=");
  return parseName(text.slice(2));
}

/** Section 5.1: `=2C` is a comma and `=3D` an equals sign, which stands nowhere else; then SASLprep. */
export function parseName(text: string, mechanism = "SCRAM"): string {
  if (/=(?!2C|3D)/.test(text)) throw new ProtocolError(`${mechanism}: an = in a name must be written =3D`);
  const name = saslPrep(text.replaceAll("=2C", ",").replaceAll("=3D", "="));
  if (name === null) throw new ProtocolError(`${mechanism}: the name is not allowed (RFC 4013)`);
  return name;
}
