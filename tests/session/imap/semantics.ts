/**
 * What a response means, so that two servers can be compared: texts for people, the order of fetch items and of flags, \Recent
 * and the case of letters are no matter. A response is written as in a dialogue, with `...` for anything.
 */

/** Said or not said, it makes no difference to a client. */
const OPTIONAL = /^\* (?:OK|FLAGS|RECENT|CAPABILITY|NO)\b/;
const SPECIAL_USE = /^\\(?:All|Archive|Drafts|Flagged|Junk|Sent|Trash)$/i;
/** Codes that a client goes by when all is well; those of failures are optional (RFC 5530 section 1). */
const CODES = /^(?:APPENDUID|COPYUID|READ-ONLY|READ-WRITE|MODIFIED|CLOSED|NOMODSEQ|UIDNEXT|UNSEEN)\b/;

export function isOptional(response: string): boolean {
  return OPTIONAL.test(canonical(response));
}

/** Whether the response is what the dialogue expects. */
export function means(actual: string, expected: string): boolean {
  const pattern = canonical(expected).split("...").map(escape).join("[^]*");
  return new RegExp(`^${pattern}$`, "i").test(canonical(actual));
}

export function canonical(response: string): string {
  if (response.startsWith("+")) return "+";
  const status = /^(\S+) (OK|NO|BAD|BYE|PREAUTH)(?: \[([^\]]*)\]?)?/i.exec(response);
  if (status !== null) {
    const [, tag, kind, code = ""] = status;
    // NO and BAD differ in whose fault it is, about which servers differ.
    const said = /NO|BAD/i.test(kind!) ? "NO" : kind!;
    return `${tag} ${said}${said === "OK" && CODES.test(code) ? ` [${code}]` : ""}`;
  }
  const numbered = /^\* (\d+|\.\.\.) ([A-Z]+)(?: \(([^]*)\))?$/i.exec(response);
  if (numbered !== null) return canonicalNumbered(numbered);
  const [, name = ""] = response.split(" ");
  const rest = response.slice(name.length + 3);
  switch (name.toUpperCase()) {
    case "FLAGS":
    case "CAPABILITY":
    case "ID":
      return `* ${name}`;
    case "SEARCH":
      return `* SEARCH ${rest.split(" ").sort().join(" ")}`.trimEnd();
    case "ESEARCH": {
      const [, head, values] = /^((?:\(TAG "[^"]*"\))?(?: UID)?) ?([^]*)$/.exec(rest)!;
      return `* ESEARCH ${head} ${pairs(values!)}`;
    }
    case "LIST":
    case "LSUB":
      return canonicalList(name, rest);
    case "STATUS":
      return `* STATUS ${unquoted(rest.replace(/ \(([^()]*)\)$/, ""))} ${
        pairs(/\(([^()]*)\)$/.exec(rest)?.[1] ?? "")
      }`;
    case "MYRIGHTS":
    case "ACL":
    case "LISTRIGHTS":
      return canonicalRights(name, rest);
    case "THREAD":
      // Nothing found: Dovecot has a space behind the word, which RFC 5256 section 5 has not.
      return response.trimEnd();
    case "METADATA":
      return `* METADATA ${topLevel(rest).map(annotations).join(" ")}`;
    default:
      return response;
  }
}

/** The letters of a set of rights, and the entries of an ACL, have no order (RFC 4314 section 2). */
function canonicalRights(name: string, rest: string): string {
  const [mailbox = "", ...words] = topLevel(rest).map(unquoted);
  const sorted = (rights: string) => [...rights].sort().join("");
  const given = name.toUpperCase();
  if (given === "MYRIGHTS") return `* MYRIGHTS ${mailbox} ${words.map(sorted).join(" ")}`;
  if (given === "LISTRIGHTS") {
    const [who = "", required = "", ...free] = words;
    return `* LISTRIGHTS ${mailbox} ${who} "${sorted(required)}" ${free.map(sorted).sort().join(" ")}`;
  }
  const entries: string[] = [];
  for (let i = 0; i + 1 < words.length; i += 2) entries.push(`${words[i]} ${sorted(words[i + 1]!)}`);
  return `* ACL ${mailbox} ${entries.sort().join(" ")}`;
}

/** Entries with their values, in any order; or the mailbox. */
function annotations(list: string): string {
  if (!list.startsWith("(")) return unquoted(list);
  const words = topLevel(list.slice(1, -1)).map(unquoted);
  const entries: string[] = [];
  for (let i = 0; i + 1 < words.length; i += 2) entries.push(`${words[i]} ${words[i + 1]}`);
  return entries.sort().join(" ");
}

function canonicalNumbered([, number, kind, items]: RegExpExecArray): string {
  const name = kind!.toUpperCase();
  if (name === "RECENT") return "* RECENT";
  if (name !== "FETCH" || items === undefined) return `* ${number} ${name}`;
  const tokens = topLevel(items);
  if (tokens.length % 2 === 1) return `* ${number} FETCH ${items}`;
  const found: string[] = [];
  for (let i = 0; i < tokens.length; i += 2) {
    // Names of header fields may come in quotes.
    const label = tokens[i]!.toUpperCase().replaceAll('"', "");
    found.push(`${label}=${value(tokens[i + 1]!)}`);
  }
  return `* ${number} FETCH ${found.sort().join(" ")}`;
}

/** A list of flags without order and \Recent; a string without how it was sent. */
function value(token: string): string {
  if (/^\(\\|^\([$A-Za-z]/.test(token) || token === "()") {
    const flags = token.slice(1, -1).split(" ").filter((flag) => !/^\\recent$|^$/i.test(flag));
    return `(${flags.sort().join(" ")})`;
  }
  // A day below ten begins with a space or with a zero (RFC 3501 section 9 `date-day-fixed`).
  return unquoted(token).replace(/^0(?=\d-[A-Z][a-z][a-z]-)/, " ");
}

function unquoted(token: string): string {
  const literal = /^~?\{\d+\}\r\n([^]*)$/.exec(token);
  if (literal !== null) return literal[1]!;
  return /^"[^]*"$/.test(token) ? token.slice(1, -1).replace(/\\(["\\])/g, "$1") : token;
}

function canonicalList(name: string, rest: string): string {
  // The word may stand in quotes or not (RFC 5258 section 6).
  const match = /^\(([^)]*)\) (?:"\/"|NIL) ([^]*)$/.exec(rest.replace('("CHILDINFO" ', "(CHILDINFO "));
  if (match === null) return `* ${name} ${rest}`;
  // Whether there are children is asked for by nobody here, and Dovecot tells it in LIST only sometimes; marks are hints (RFC 3501
  // section 7.2.2).
  const attributes = match[1]!.split(" ").filter((attribute) =>
    !/^\\(?:Has(?:No)?Children|(?:Un)?Marked)$|^$/i.test(attribute)
  )
    // LSUB may tell the special use, as LIST may (RFC 6154 section 2).
    .filter((attribute) => name.toUpperCase() !== "LSUB" || !SPECIAL_USE.test(attribute))
    // A name that is none is \NonExistent to new clients and \Noselect to old ones (RFC 5258 section 4).
    .map((attribute) => /^\\NonExistent$/i.test(attribute) ? "\\Noselect" : attribute);
  return `* ${name} (${[...new Set(attributes)].sort().join(" ")}) ${unquoted(match[2]!)}`;
}

function pairs(text: string): string {
  const words = text.split(" ");
  const found: string[] = [];
  for (let i = 0; i + 1 < words.length; i += 2) found.push(`${words[i]} ${words[i + 1]}`);
  return found.sort().join(" ");
}

/** The words of a list, those in parentheses, brackets, quotes and literals whole. */
function topLevel(text: string): string[] {
  const tokens: string[] = [];
  let token = "";
  let depth = 0;
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const literal = /^\{(\d+)\}\r\n/.exec(rest);
    const quotedString = /^"(?:[^"\\]|\\.)*"/.exec(rest)?.[0];
    const size = literal === null ? quotedString?.length ?? 1 : literal[0].length + Number(literal[1]);
    const piece = rest.slice(0, size);
    if (size === 1 && /[([]/.test(piece)) depth++;
    if (size === 1 && /[)\]]/.test(piece)) depth--;
    if (piece === " " && depth === 0) {
      tokens.push(token);
      token = "";
    } else token += piece;
    at += size;
  }
  return [...tokens, token];
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
