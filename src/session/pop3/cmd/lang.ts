import { ProtocolError } from "../../../core/errors.ts";
import { err, ok } from "../../../wire/pop3/mod.ts";
import type { Answer, Pop3Session } from "../context.ts";

/** The one language of our texts. */
const LANGUAGE = "en";

/** RFC 6856 section 3: lists the languages, or chooses one; `*` is the server's own. */
export function lang(_session: Pop3Session, rest: string): Answer {
  if (rest === "") return { reply: ok("Languages follow"), lines: [`${LANGUAGE} English`] };
  if (!/^(\*|[A-Za-z0-9-]{1,35})$/.test(rest)) {
    throw new ProtocolError("LANG needs a language, such as en, or *");
  }
  if (rest === "*" || rest.toLowerCase() === LANGUAGE) return { reply: ok(`${LANGUAGE} English it is`) };
  return { reply: err("There are no texts in that language; LANG lists what there is") };
}
