import type { HeaderAddress } from "../../../wire/mime/mod.ts";
import { type AddressParts, partsOf, takeAddressPart } from "../address_part.ts";
import { takeFieldIndex } from "../field_index.ts";
import { isFieldName, takeNames } from "../field_names.ts";
import { takeMimeOptions } from "../mime_options.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import { isConstant } from "../text.ts";

/** RFC 5228 section 5.1: fields that hold addresses, standard and usual ones; the test is for no others. */
const ADDRESS_FIELDS: ReadonlySet<string> = new Set([
  ...["from", "sender", "reply-to", "to", "cc", "bcc"],
  ...["resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc", "resent-bcc"],
  ...["return-path", "errors-to", "disposition-notification-to", "return-receipt-to", "original-from"],
  ...["delivered-to", "envelope-to", "apparently-to", "mail-followup-to", "mail-reply-to"],
  ...["x-original-to", "x-envelope-to", "x-envelope-from", "x-delivered-to", "x-forwarded-to", "x-beenthere"],
  ...["x-sender", "x-original-sender", "x-complaints-to", "x-abuse-reports-to", "abuse-reports-to"],
]);

/** RFC 5228 section 5.1: without display names, comments and groups. */
export const address: TestRow = {
  name: "address",
  requires: null,
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const part = takeAddressPart(args);
    const pick = takeFieldIndex(args);
    const mime = takeMimeOptions(args, { picks: false });
    const { names, texts } = takeNames(args, "the names of header fields");
    // Fields of parts, such as Content-From (RFC 5703 section 4.2), are nobody's standard.
    const holdsAddresses = (name: string) => mime.isOn || ADDRESS_FIELDS.has(name.toLowerCase());
    for (const { text, at } of texts) {
      if (!isConstant(text) || !isFieldName(text) || holdsAddresses(text)) continue;
      args.fail(`The field ${text} holds no addresses: test it with header`, at);
    }
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const wanted = names(machine).filter(holdsAddresses);
      const addresses: AddressParts[] = [];
      for (const header of await mime.headers(machine)) {
        machine.budget.lookUp(header.length + wanted.length);
        for (const field of pick(header, wanted)) {
          addresses.push(...partsIn(machine.message.addressesOf(field)));
        }
      }
      return await matcher.test(machine, partsOf(addresses, { part, machine }), keys);
    };
  },
};

/** Without a domain it is the start or end of a group (null), or no address. */
function partsIn(addresses: readonly HeaderAddress[]): AddressParts[] {
  return addresses
    .filter(({ host, mailbox }) => host !== null && mailbox !== null && mailbox + host !== "")
    .map(({ mailbox, host }) => ({ local: mailbox!, domain: host!, isWrong: mailbox === "" || host === "" }));
}
