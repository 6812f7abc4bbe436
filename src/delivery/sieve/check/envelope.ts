import { type AddressParts, partsOf, takeAddressPart } from "../address_part.ts";
import type { SieveEnvelope } from "../input.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import { isConstant } from "../text.ts";

const PARTS = ["from", "to", "auth"];

/** RFC 5228 section 5.4. */
export const envelope: TestRow = {
  name: "envelope",
  requires: "envelope",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const part = takeAddressPart(args);
    const names = args.expectStrings("the parts of the envelope");
    for (const { text, at } of names) {
      if (isConstant(text) && !PARTS.includes(text.toLowerCase())) {
        args.fail('The envelope has "from", "to" and "auth"', at);
      }
    }
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return (machine) => {
      const wanted = machine.texts(names).map((name) => name.toLowerCase());
      const values = wanted.flatMap((name) => {
        const addresses = valuesOf(machine.input.envelope, name);
        if (addresses !== null) return partsOf(addresses, { part, machine });
        // The null sender: no address to count (RFC 5231 section 4.2), and the empty text whatever the part.
        return matcher.counts ? [] : [""];
      });
      return matcher.test(machine, values, keys);
    };
  },
};

/** Null for the null sender. */
function valuesOf(envelope: SieveEnvelope, name: string): AddressParts[] | null {
  switch (name) {
    case "from":
      return envelope.from === null ? null : [envelope.from];
    case "to":
      return [envelope.to];
    case "auth":
      return envelope.auth === null ? [] : [splitAddress(envelope.auth)];
    default:
      return [];
  }
}

function splitAddress(text: string): AddressParts {
  const at = text.lastIndexOf("@");
  return at < 0 ? { local: text, domain: "" } : { local: text.slice(0, at), domain: text.slice(at + 1) };
}
