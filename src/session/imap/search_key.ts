import type { SearchKey } from "../../store/mod.ts";
import type { SearchTerm } from "../../wire/imap/mod.ts";
import type { ImapSession } from "./context.ts";

const UID_MAX = 0xffff_ffff;

/**
 * Puts UIDs in the place of sequence numbers and of \Recent, which only this session knows. It calls itself to the depth of
 * the term, which the decoder has bounded.
 */
export function toSearchKey(session: ImapSession, term: SearchTerm): SearchKey {
  switch (term.kind) {
    case "sequence":
    case "uid":
      return { kind: "uid", uids: session.resolve(term.set, term.kind).uids };
    case "recent":
      return { kind: "uid", uids: [[session.selected.view.mailbox.recentFrom, UID_MAX]] };
    case "and":
    case "or":
      return { kind: term.kind, keys: term.terms.map((inner) => toSearchKey(session, inner)) };
    case "not":
      return { kind: "not", key: toSearchKey(session, term.term) };
    default:
      return term as SearchKey;
  }
}
