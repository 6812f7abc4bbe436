import { parseAddressList } from "../../../wire/mime/mod.ts";
import { type AddressParts, partsOf, takeAddressPart } from "../address_part.ts";
import { takeFieldIndex } from "../field_index.ts";
import { takeNames } from "../field_names.ts";
import { takeMimeOptions } from "../mime_options.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";

/** More addresses of one message are not looked at. */
const MAX_ADDRESSES = 2000;

/** RFC 5228 section 5.1: without display names, comments and groups. */
export const address: TestRow = {
  name: "address",
  requires: null,
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const part = takeAddressPart(args);
    const pick = takeFieldIndex(args);
    const mime = takeMimeOptions(args, { picks: false });
    const names = takeNames(args, "the names of header fields");
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const wanted = names(machine);
      const addresses: AddressParts[] = [];
      for (const header of await mime.headers(machine)) {
        const fields = header.filter(({ name }) => wanted.has(name));
        for (const field of pick(fields)) addresses.push(...addressesIn(field.raw));
      }
      machine.budget.look(addresses.length * 40);
      return await matcher.test(machine, partsOf(addresses, part), keys);
    };
  },
};

export function addressesIn(value: string): AddressParts[] {
  return parseAddressList(value, MAX_ADDRESSES)
    .filter(({ host, mailbox }) => host !== null && mailbox !== null)
    .map(({ mailbox, host }) => ({ local: mailbox!, domain: host! }));
}
