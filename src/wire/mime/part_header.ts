/** What a part's header says about its body (RFC 2045, 2183, 2557, 3282). */
import type { Parameters, Part } from "./digest.ts";
import type { HeaderReader } from "./header.ts";
import { parseParameterized } from "./params.ts";

export type PartHeader = Pick<
  Part,
  | "type"
  | "subtype"
  | "params"
  | "id"
  | "description"
  | "encoding"
  | "md5"
  | "disposition"
  | "language"
  | "location"
>;

interface ContentType {
  readonly type: string;
  readonly subtype: string;
  readonly params: Parameters;
}

/** RFC 2045 section 5.2. */
const DEFAULT_TYPE: ContentType = { type: "text", subtype: "plain", params: [["charset", "us-ascii"]] };
/** RFC 2046 section 5.1.5: in a multipart/digest. */
const DIGEST_TYPE: ContentType = { type: "message", subtype: "rfc822", params: [] };

/** Of a field that is there twice the first counts. */
export function readPartHeader(
  header: HeaderReader,
  options: { readonly inDigest: boolean; readonly parameters: number },
): PartHeader {
  const fields = new Map<string, string>();
  for (const span of header.spans) {
    if (span.name.startsWith("content-") && !fields.has(span.name)) fields.set(span.name, header.value(span));
  }
  const disposition = fields.get("content-disposition");
  return {
    ...contentType(fields.get("content-type"), options),
    id: fields.get("content-id") || null,
    description: fields.get("content-description") || null,
    encoding: encodingOf(fields.get("content-transfer-encoding")),
    md5: fields.get("content-md5") || null,
    disposition: disposition === undefined ? null : dispositionOf(disposition, options.parameters),
    language: languages(fields.get("content-language")),
    location: fields.get("content-location")?.replace(/[ \t]/g, "") || null,
  };
}

/** A part without a header. */
export function emptyPartHeader(): PartHeader {
  return {
    ...DEFAULT_TYPE,
    id: null,
    description: null,
    encoding: "7bit",
    md5: null,
    disposition: null,
    language: [],
    location: null,
  };
}

/** RFC 2045 section 5.1: token characters. */
const TOKEN = /^[^\x00-\x20\x7f-\uffff()<>@,;:\\"/[\]?=]{1,127}$/;

/** What cannot be read is text/plain (RFC 2045 section 5.2); of a type without subtype the usual one is meant. */
function contentType(
  text: string | undefined,
  options: { readonly inDigest: boolean; readonly parameters: number },
): ContentType {
  if (text === undefined || text === "") return options.inDigest ? DIGEST_TYPE : DEFAULT_TYPE;
  const { value, params } = parseParameterized(text, options.parameters);
  const slash = value.indexOf("/");
  const type = slash < 0 ? value : value.slice(0, slash);
  if (!TOKEN.test(type)) return DEFAULT_TYPE;
  if (slash >= 0) {
    const subtype = value.slice(slash + 1);
    return TOKEN.test(subtype) ? { type, subtype, params } : DEFAULT_TYPE;
  }
  if (type === "text") return { type, subtype: "plain", params };
  if (type === "multipart") return { type, subtype: "mixed", params };
  return { type: "application", subtype: "octet-stream", params };
}

function encodingOf(text: string | undefined): string {
  const { value } = parseParameterized(text ?? "", 0);
  return TOKEN.test(value) ? value : "7bit";
}

/** RFC 2183 section 2.8: an unknown disposition is treated as an attachment, so an unreadable one is too. */
function dispositionOf(text: string, parameters: number): Part["disposition"] {
  const { value, params } = parseParameterized(text, parameters);
  return { type: TOKEN.test(value) ? value : "attachment", params };
}

const MOST_LANGUAGES = 20;

function languages(text: string | undefined): string[] {
  if (text === undefined) return [];
  return text.split(",", MOST_LANGUAGES).map((tag) => parseParameterized(tag, 0).value)
    .filter((tag) => TOKEN.test(tag));
}

/** The value of a parameter; null when it is not there. */
export function parameter(params: Parameters, name: string): string | null {
  for (const [key, value] of params) if (key === name) return value;
  return null;
}
