import { formatAddress } from "../core/address.ts";
import type { Live, Log } from "../core/ports.ts";
import { formatDate } from "../wire/mime/mod.ts";
import type { Directory } from "./directory.ts";
import { type OwnLetter, type OwnLetterDeps, sendOwnLetter } from "./own_letter.ts";
import type { CapHit } from "./sending_caps.ts";

export interface CapsNoticeDeps extends OwnLetterDeps {
  readonly directory: Live<Directory>;
  readonly log: Log;
}

/** Tells the account and the postmaster that the account has reached its limit. Never throws. */
export async function sendCapsNotice(deps: CapsNoticeDeps, hit: CapHit): Promise<void> {
  const postmaster = { local: "postmaster", domain: deps.hostname.toLowerCase() };
  const account = deps.directory.current.account(hit.account)?.address;
  if (account !== undefined) await send(deps, { to: account, text: accountText(hit) });
  await send(deps, { to: postmaster, text: postmasterText(hit) });
}

async function send(deps: CapsNoticeDeps, { to, text }: Pick<OwnLetter, "to" | "text">): Promise<void> {
  try {
    await sendOwnLetter({ to, subject: "Sending limit reached", text }, deps);
  } catch (error) {
    deps.log.warn("caps-notice-failed", { to: formatAddress(to), error: String(error) });
  }
}

function accountText({ kind, limit, until }: CapHit): string {
  return `Your account has sent to ${limit} ${kind} within 24 hours, which is its limit.

More are refused until ${formatDate(until)}.
${kind === "new recipients" ? "You can still write to people to whom you have written before.\n" : ""}
If this was you, nothing is wrong: send the rest later, or ask your postmaster
for a higher limit. If it was not you, somebody else has your password: change
it now, and tell your postmaster.
`;
}

function postmasterText({ account, kind, limit, until }: CapHit): string {
  return `The account ${account} has sent to ${limit} ${kind} within 24 hours, which is its
limit. More are refused until ${formatDate(until)}.

If nobody planned a mailing, its password is probably stolen: set another with
"mailden account password ${account}" and look at what waits with
"mailden queue list --from ${account}". If it is all right, raise
recipients_per_day or new_recipients_per_day of the account, or of all accounts
under "submission", and reload.
`;
}
