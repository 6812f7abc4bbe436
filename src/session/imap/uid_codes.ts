import type { Appended, UidCopy } from "../../store/mod.ts";
import { formatNumbers, ok, type StatusResponse } from "../../wire/imap/mod.ts";
import type { Target } from "./access.ts";

/** RFC 4315 section 3, RFC 3502 section 6.3.11: OK, with the UIDs that new messages have got. */
export function appendedReply(text: string, target: Target, appended: readonly Appended[]): StatusResponse {
  if (!maySelect(target)) return ok(text);
  const uids = formatNumbers(appended.map(({ uid }) => uid));
  return ok(text, { code: "APPENDUID", data: `${appended[0]!.uidValidity} ${uids}` });
}

/** RFC 4315 section 3: OK, with the UIDs that the messages had and have. */
export function copiedReply(
  text: string,
  target: Target,
  { uidValidity, from, to }: UidCopy,
): StatusResponse {
  if (!maySelect(target)) return ok(text);
  return ok(text, { code: "COPYUID", data: `${uidValidity} ${formatNumbers(from)} ${formatNumbers(to)}` });
}

/** RFC 4315 section 5: who cannot select a mailbox is told nothing of what is in it. */
function maySelect({ rights }: Target): boolean {
  return rights.includes("r");
}
