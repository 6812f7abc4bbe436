import type { Arguments } from "../arguments.ts";
import { takeCopy } from "../file_copy.ts";
import type { CommandRow } from "../rows.ts";
import { isConstant } from "../text.ts";
import { isAscii } from "../match/ascii_case.ts";
import { tryAddress } from "../script_address.ts";

const DAY = 24 * 60 * 60;
const DEFAULT_DAYS = 7;
/** RFC 5230 section 4.1 leaves the bounds to the server. */
const MAX_DAYS = 90;

/** RFC 5230, with `:seconds` of RFC 6131 and `:fcc` of RFC 8580. Whom it answers, and how often, is the deliverer's business. */
export const vacation: CommandRow = {
  name: "vacation",
  requires: "vacation",
  compile({ args }) {
    const period = takePeriod(args);
    const subject = args.tagString("subject");
    const from = args.tagString("from");
    if (from !== null && isConstant(from.text) && tryAddress(from.text) === null) {
      args.fail(":from needs a mail address", from.at);
    }
    const addresses = args.tagStrings("addresses") ?? [];
    const isMime = args.flag("mime");
    const handle = args.tagString("handle");
    const copy = takeCopy(args);
    const reason = args.expectString("a text to answer with");
    if (isMime && isConstant(reason.text) && !isAscii(headerOf(reason.text))) {
      args.fail("The header of a MIME text must be ASCII", reason.at);
    }
    // Section 4.2: without a handle, answers that differ in these are counted apart, as they stand in the script.
    const unnamed = JSON.stringify([subject?.text ?? null, from?.text ?? null, isMime, reason.text]);
    return (machine) => {
      if (machine.has("vacation")) machine.budget.fail("A script can answer with vacation only once");
      const text = machine.text(reason.text);
      const subjectText = subject === null ? null : machine.text(subject.text);
      const sender = from === null ? null : machine.text(from.text);
      machine.act({
        kind: "vacation",
        period,
        subject: subjectText,
        // Section 4.5: one that cannot be used counts as if it were not there.
        from: sender !== null && tryAddress(sender) !== null ? sender : null,
        addresses: machine.texts(addresses),
        isMime,
        reason: text,
        handle: handle === null ? unnamed : `handle:${machine.text(handle.text)}`,
        copy: copy(machine),
        header: machine.version().header,
      });
    };
  },
};

function takePeriod(args: Arguments): number {
  const days = args.tagNumber("days");
  const seconds = args.tagNumber("seconds", { requires: "vacation-seconds" });
  if (days !== null && seconds !== null) args.fail(":days and :seconds cannot stand together", seconds.at);
  if (seconds !== null && seconds.value >= 2 ** 31) {
    args.fail(":seconds must be less than 2147483648", seconds.at);
  }
  if (seconds !== null) return Math.min(seconds.value, MAX_DAYS * DAY);
  return Math.min(Math.max(days?.value ?? DEFAULT_DAYS, 1), MAX_DAYS) * DAY;
}

/** Of a MIME entity, what stands before the blank line (RFC 5230 section 5). */
function headerOf(entity: string): string {
  const end = entity.startsWith("\r\n") ? 0 : entity.indexOf("\r\n\r\n");
  return entity.slice(0, Math.max(0, end));
}
