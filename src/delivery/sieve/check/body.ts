import { type Part } from "../../../wire/mime/mod.ts";
import { decodedPart, leafParts, rawBody, textOfMessage } from "../body_text.ts";
import type { Machine } from "../machine.ts";
import { takeMatcher } from "../match/matcher.ts";
import type { TestRow } from "../rows.ts";
import type { PlacedText } from "../arguments.ts";

/** RFC 5173. What lies beyond the limit of bytes is not looked at. */
export const body: TestRow = {
  name: "body",
  requires: "body",
  compile({ args, scope }) {
    const matcher = takeMatcher(args, scope);
    const raw = args.flag("raw");
    const text = args.flag("text");
    const content = args.tagStrings("content");
    if (Number(raw) + Number(text) + Number(content !== null) > 1) {
      args.fail("body has more than one of :raw, :content and :text");
    }
    const keys = args.expectStrings("the texts to look for");
    matcher.checkKeys(keys);
    return async (machine) => {
      const values = raw
        ? [await rawBody(machine)]
        : content !== null
        ? await contents(machine, content)
        : [await textOfMessage(machine)];
      // Section 5: a body of which it is only known that it is there is no place for wildcards' findings.
      const before = machine.variables.matches;
      const found = await matcher.test(machine, values, keys);
      machine.variables.matches = before;
      return found;
    };
  },
};

/** Section 5.2: the parts of these types, decoded; a multipart is the text around its parts, a message its header. */
async function contents(machine: Machine, types: readonly PlacedText[]): Promise<string[]> {
  const wanted = machine.texts(types).map((type) => type.toLowerCase());
  const parts = leafParts(machine.message.message.digest.structure).filter((part) => isOneOf(part, wanted));
  const found: string[] = [];
  for (const part of parts) found.push(await decodedPart(machine, part));
  return found;
}

/** Section 5.2: "" is every type, "text" and "text/plain" are what they say; anything else matches nothing. */
function isOneOf(part: Part, types: readonly string[]): boolean {
  return types.some((type) => type === "" || type === part.type || type === `${part.type}/${part.subtype}`);
}
