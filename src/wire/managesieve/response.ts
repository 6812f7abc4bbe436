/** Responses as values (RFC 5804 section 1.2): there is no BAD, so a mistake of the client's is a NO as well. */
import { encodeUtf8 } from "../../core/bytes.ts";
import { encodeLine, encodeString } from "./encoder.ts";

export type ResponseKind = "OK" | "NO" | "BYE";

/** RFC 5804 section 1.3; the rest of its codes have no use here (REFERRAL, and TRANSITION-NEEDED, which would tell who exists). */
export type CodeName =
  | "ACTIVE"
  | "ALREADYEXISTS"
  | "AUTH-TOO-WEAK"
  | "ENCRYPT-NEEDED"
  | "NONEXISTENT"
  | "QUOTA"
  | "QUOTA/MAXSCRIPTS"
  | "QUOTA/MAXSIZE"
  | "SASL"
  | "TAG"
  | "TRYLATER"
  | "WARNINGS";

export interface Response {
  readonly kind: ResponseKind;
  readonly code: { readonly name: CodeName; readonly data: string | null } | null;
  /** For people; it may have several lines. */
  readonly text: string;
}

export interface CodeOptions {
  readonly code?: CodeName;
  readonly data?: string;
}

export function ok(text: string, options: CodeOptions = {}): Response {
  return response("OK", text, options);
}

export function no(text: string, options: CodeOptions = {}): Response {
  return response("NO", text, options);
}

export function bye(text: string, options: CodeOptions = {}): Response {
  return response("BYE", text, options);
}

function response(kind: ResponseKind, text: string, { code, data = "" }: CodeOptions): Response {
  if (code === undefined) return { kind, code: null, text };
  return { kind, code: { name: code, data: TAKES_DATA.has(code) ? data : null }, text };
}

const TAKES_DATA: ReadonlySet<CodeName> = new Set(["SASL", "TAG"]);

export function encodeResponse({ kind, code, text }: Response): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [encodeUtf8(kind)];
  if (code !== null && code.data === null) parts.push(encodeUtf8(`(${code.name})`));
  if (code !== null && code.data !== null) {
    const open = encodeUtf8(`(${code.name}`);
    parts.push(open, closed(encodeString(code.data)));
  }
  return encodeLine(...parts, encodeString(text));
}

function closed(part: Uint8Array): Uint8Array {
  const whole = new Uint8Array(part.length + 1);
  whole.set(part);
  whole[part.length] = 41; // )
  return whole;
}
