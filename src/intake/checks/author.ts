import { normalizeDomain } from "../../core/domain.ts";
import { type Reply, reply } from "../../core/reply.ts";
import { parseAddressList } from "../../wire/mime/mod.ts";
import type { Directory } from "../directory.ts";
import type { AuthorField } from "../submission_header.ts";
import { ACCEPT, type MessageCheck, type MessageView, type Verdict } from "./check.ts";

/** More authors than this, all of them the same person, are no letter. */
const MOST_AUTHORS = 50;

/**
 * The author whom the reader will see is the account that sends (RFC 6409 sections 6.1 and 6.3): every address in From,
 * and the one in Sender if it is there. A message without From gets the envelope's sender there (section 8; see stamp.ts);
 * one with two From fields, or none that can be read, is refused, since programs differ in which of them they show.
 */
export const authorCheck: MessageCheck = {
  name: "author",
  judge(view) {
    if (view.authors === undefined || view.checkAuthors !== true) return ACCEPT;
    const verdict = judgeForm(view, view.authors);
    if (verdict.kind === "refuse" || view.context.account === null) return verdict;
    return judgeAddresses(view.directory, view.context.account, view.authors);
  },
};

/** RFC 5322 section 3.6: exactly one From, at most one Sender. */
function judgeForm({ envelope }: MessageView, authors: readonly AuthorField[]): Verdict {
  const count = (name: string) => authors.filter((field) => field.name === name).length;
  if (count("from") > 1) return malformed("The message has more than one From field");
  if (count("sender") > 1) return malformed("The message has more than one Sender field");
  if (count("from") === 0 && envelope.sender === null) return malformed("The message has no From field");
  if (authors.some(({ value }) => value === null)) return malformed("The From or Sender field is too long");
  return ACCEPT;
}

function judgeAddresses(directory: Directory, account: string, authors: readonly AuthorField[]): Verdict {
  for (const { name, value } of authors) {
    const field = name === "from" ? "From" : "Sender";
    const addresses = parseAddressList(value ?? "", MOST_AUTHORS + 1)
      // The start and the end of a group are no addresses.
      .filter((address) => address.host !== null);
    if (addresses.length === 0) return malformed(`The ${field} field has no address`);
    if (addresses.length > MOST_AUTHORS) return malformed(`The ${field} field has too many addresses`);
    const foreign = addresses.find(({ mailbox, host }) =>
      !directory.maySendAs(account, { local: mailbox ?? "", domain: normalizeDomain(host!) ?? host! })
    );
    if (foreign === undefined) continue;
    return {
      kind: "refuse",
      reply: notYours(field),
      reason: `${account} may not write as ${foreign.mailbox}@${foreign.host} (${field})`,
    };
  }
  return ACCEPT;
}

function notYours(field: string): Reply {
  const text = `The address in the ${field} field is not yours: use your own address or one of its aliases`;
  return reply(550, "5.7.1", text);
}

/** RFC 6409 section 6.3: 554 for what is wrong with the data itself. */
function malformed(text: string): Verdict {
  return { kind: "refuse", reply: reply(554, "5.6.0", text) };
}
